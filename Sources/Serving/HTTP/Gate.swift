import Foundation
import HTTPTypes
import Hummingbird
import Support

/// Who a request is from and whether it may go on: the checks before every route.
struct Gate: Sendable {
  let service: DrawingService

  /// Checks a request and names its caller.
  ///
  /// - Throws: ``APIError`` for a request that may not go on.
  func admit(_ request: Request, _ context: ServingContext, to route: Route) async throws -> Caller {
    let address = clientAddress(request, context)
    guard case .role(let needed) = route.access else {
      return Caller(account: "", role: .draw, address: address)
    }
    try checkOrigin(request, context)
    try checkTransport(context)
    let caller = try await caller(request, context, address: address)
    // A page that was led here under a foreign name has no token, whatever it writes into the header.
    if !caller.hasToken { try checkHost(request, context) }
    if let wait = service.rates.take(caller.account) {
      throw APIError(
        .rateLimited,
        "the account has sent more than \(service.limits.requestsPerMinute) requests in a minute: wait \(wait) s",
        retryAfter: wait)
    }
    guard caller.role >= needed else {
      throw APIError(.forbidden, "the account's role is \(caller.role.rawValue): this takes \(needed.rawValue)")
    }
    return caller
  }

  /// The caller by its token, or by its address where no token was ever made.
  private func caller(
    _ request: Request, _ context: ServingContext, address: String
  ) async throws -> Caller {
    // Its file's owner alone may open the socket.
    if context.isFromSocket { return Caller(account: "socket", role: .admin, address: "socket") }
    switch try await answer(Self.secret(request)) {
    case .notRequired:
      let isDirect = request.headers[.forwardedFor] == nil && LoopbackName.isLoopback(address)
      return Caller(account: address, role: isDirect ? .admin : .draw, address: address)
    case .accepted(let name, let role, _):
      return Caller(account: name, role: role, address: address, hasToken: true)
    case .refused:
      if let wait = service.rates.take("refused " + address) {
        throw APIError(.rateLimited, "too many requests without a valid token: wait \(wait) s", retryAfter: wait)
      }
      throw APIError(.unauthorized, "a valid token is needed: send it as 'Authorization: Bearer TOKEN'")
    }
  }

  private func answer(_ secret: String?) async throws -> AccountStore.Answer {
    do {
      return try await service.accounts.check(secret: secret)
    } catch {
      service.logger.error("accounts cannot be read: \(StateFolder.reason(error))")
      throw APIError(storage: error)
    }
  }

  /// Refuses drawing to an account that has not accepted the terms of use.
  ///
  /// - Throws: ``APIError`` with `terms_not_accepted`.
  func checkTerms(_ request: Request, _ caller: Caller) async throws {
    guard let terms = service.settings.terms, caller.hasToken else { return }
    if case .accepted(_, _, let accepted) = try await answer(Self.secret(request)),
      accepted == ContentHash.of(terms.utf8)
    {
      return
    }
    throw APIError(
      .termsNotAccepted, "the terms of use are not accepted: read GET /api/terms, then send POST /api/terms")
  }

  /// The token of `Authorization: Bearer`, or the password of `Authorization: Basic`, which clients of AUTOMATIC1111 send.
  static func secret(_ request: Request) -> String? {
    guard let header = request.headers[.authorization] else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    switch parts[0].lowercased() {
    case "bearer": return parts[1].trimmingCharacters(in: .whitespaces)
    case "basic":
      let text = Data(base64Encoded: String(parts[1])).flatMap { String(validating: $0, as: UTF8.self) }
      return text?.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).last.map(String.init)
    default: return nil
    }
  }

  /// The client's address: the connection's, or the last that a trusted proxy vouches for.
  private func clientAddress(_ request: Request, _ context: ServingContext) -> String {
    guard let peer = context.peer else { return "unknown" }
    let trusted = Set(service.settings.trustedProxies)
    guard trusted.contains(peer), let header = request.headers[.forwardedFor] else { return peer }
    let chain = header.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    let client = chain.last { !trusted.contains($0) } ?? peer
    return String(client.prefix(64)).onOneLine()
  }

  // MARK: Browsers

  private func isProxied(_ context: ServingContext) -> Bool {
    context.peer.map { service.settings.trustedProxies.contains($0) } ?? false
  }

  /// The `Host` that the client asked for.
  private func host(_ request: Request, _ context: ServingContext) -> String {
    (isProxied(context) ? request.headers[.forwardedHost] : nil) ?? request.head.authority ?? request.headers[.host]
      ?? ""
  }

  /// Refuses clients of other machines who come past the proxy that adds TLS: their tokens have travelled in the clear.
  private func checkTransport(_ context: ServingContext) throws(APIError) {
    let settings = service.settings
    guard !context.isFromSocket, settings.certificate == nil, !settings.isLoopback, !isProxied(context) else { return }
    if let peer = context.peer, LoopbackName.isLoopback(peer) { return }
    throw APIError(
      .forbidden, "the service is reached through its proxy alone, which adds TLS: use the proxy's address")
  }

  /// Refuses a name that is none of the service's own, by which a request without a token calls it: a foreign name may have
  /// been made to lead here.
  private func checkHost(_ request: Request, _ context: ServingContext) throws(APIError) {
    if context.isFromSocket { return }
    let name = Self.name(of: host(request, context))
    let settings = service.settings
    let isOwn =
      LoopbackName.isLoopback(name) || name == settings.host.lowercased()
      || settings.names.contains { $0.lowercased() == name }
    if !isOwn, !settings.names.isEmpty || settings.isLoopback {
      throw APIError(
        .hostRefused,
        "the service is not called '\(name.onOneLine(limit: 80))': use its own name, or add this one to names in its "
          + "configuration")
    }
  }

  /// Refuses what a page of another site has a browser send: a browser names the page's origin in every request that could
  /// change something.
  private func checkOrigin(_ request: Request, _ context: ServingContext) throws(APIError) {
    if context.isFromSocket { return }
    let host = host(request, context)
    guard let origin = request.headers[.origin] else {
      if request.headers[.fetchSite] == "cross-site", request.method != .get, request.method != .head {
        throw APIError(.originRefused, "a page of another site may not use the service")
      }
      return
    }
    if service.settings.origins.contains(origin) { return }
    guard origin == "http://\(host)" || origin == "https://\(host)" else {
      throw APIError(
        .originRefused,
        "a page of '\(origin.onOneLine(limit: 80))' may not use the service: add it to origins in its configuration")
    }
  }

  /// The name in a `Host` header, without the port, in small letters.
  static func name(of host: String) -> String {
    let host = host.lowercased()
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return String(host[...end]) }
    return String(host.prefix { $0 != ":" })
  }
}
