import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Support

/// Around every answer: errors become JSON, safe headers are set, requests are counted and logged.
struct AnswerMiddleware: RouterMiddleware {
  let service: DrawingService
  let paths: PathTable
  let isTLS: Bool

  func handle(
    _ request: Request, context: ServingContext, next: (Request, ServingContext) async throws -> Response
  ) async throws -> Response {
    let clock = ContinuousClock()
    let start = clock.now
    var response: Response
    var code: APIError.Code?
    do {
      if let answer = preflight(request) { response = answer } else { response = try await next(request, context) }
    } catch {
      let answer = self.answer(to: error, request)
      code = answer.code
      response = try answer.response(from: request, context: context)
      if [.bodyTooLarge, .clientLeft, .invalidBody].contains(answer.code) {
        response.headers[.connection] = "close"
        closeSoon(context)
      }
    }
    setHeaders(&response)
    if let origin = listedOrigin(request) { allow(origin, in: &response) }
    let time = clock.now - start
    let route = code == .notFound && context.endpointPath == "NotFound" ? "none" : context.endpointPath ?? "none"
    service.metrics.answered(
      method: Self.known(request.method), route: route, status: response.status.code, time: time)
    // Neither the query nor any header: both may hold what is private.
    service.logger.debug(
      "\(request.method.rawValue.onOneLine(limit: 12)) \(route) \(response.status.code)\(code.map { " \($0.rawValue)" } ?? "") in \(Int(time.milliseconds)) ms"
    )
    return response
  }

  /// The origin of a page that the settings let use the service.
  private func listedOrigin(_ request: Request) -> String? {
    request.headers[.origin].flatMap { service.settings.origins.contains($0) ? $0 : nil }
  }

  /// The answer to what a browser asks before it sends a request of such a page (Fetch standard, 4.8); nil for others.
  private func preflight(_ request: Request) -> Response? {
    guard request.method == .options, request.headers[.requestMethod] != nil, listedOrigin(request) != nil,
      let methods = paths.methods(of: request.uri.path)
    else { return nil }
    var response = Response(status: .noContent)
    response.headers[.allowMethods] = methods
    response.headers[.allowHeaders] = "Authorization, Content-Type"
    response.headers[.maxAge] = "600"
    return response
  }

  /// Lets a page of another origin read an answer.
  private func allow(_ origin: String, in response: inout Response) {
    response.headers[.allowOrigin] = origin
    response.headers[.vary] = "Origin"
    response.headers[.exposeHeaders] = "Location, Retry-After, Server-Timing, Thorax-Note, Thorax-Seed, Thorax-SHA256"
    response.headers[.resourcePolicy] = "cross-origin"
  }

  private static func known(_ method: HTTPRequest.Method) -> String {
    [.get, .post, .delete, .head, .put, .patch, .options].contains(method) ? method.rawValue : "other"
  }

  private func answer(to error: any Error, _ request: Request) -> APIError {
    switch error {
    case let error as APIError: return error
    case let error as HTTPError where error.status == .notFound:
      if let allowed = paths.methods(of: request.uri.path) {
        return APIError(
          .methodNotAllowed,
          "\(request.method.rawValue.onOneLine(limit: 20)) is no method of this path: use \(allowed)", allowed: allowed)
      }
      return APIError(.notFound, "there is no such path: see /openapi.json")
    case let error as any HTTPResponseError where error.status == .contentTooLarge:
      return APIError(.bodyTooLarge, "the body has more than \(service.limits.bodyBytes) bytes: send less")
    case is HTTPParserError:
      return APIError(.invalidBody, "the body breaks off, or is not in the form of HTTP: send it whole")
    case is CancellationError: return APIError(.clientLeft, "the client left")
    case is ChannelError, is IOError: return APIError(.clientLeft, "the client left")
    default:
      service.logger.error("a request failed: \(error)")
      return .unexpected
    }
  }

  /// A client that goes on sending what is not read gets time to read the answer, and no more.
  private func closeSoon(_ context: ServingContext) {
    let channel = context.channel
    channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
  }

  private func setHeaders(_ response: inout Response) {
    func setDefault(_ name: HTTPField.Name, _ value: String) {
      if response.headers[name] == nil { response.headers[name] = value }
    }
    setDefault(.contentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
    setDefault(.cacheControl, "no-store")
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.referrerPolicy] = "no-referrer"
    response.headers[.frameOptions] = "DENY"
    response.headers[.resourcePolicy] = "same-origin"
    response.headers[.openerPolicy] = "same-origin"
    if isTLS { response.headers[.strictTransportSecurity] = "max-age=31536000" }
  }
}
