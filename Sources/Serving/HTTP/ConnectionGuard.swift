import Foundation
import HTTPTypes
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTPTypes
import Support

/// Whether the client of a connection is still there.
final class ClientPresence: Sendable {
  private struct State {
    var hasLeft = false
    var actions: [Int: @Sendable () -> Void] = [:]
    var next = 0
  }

  private let state = NIOLockedValueBox(State())

  /// Has `action` called once when the client leaves, at once if it has left already.
  ///
  /// - Returns: The number that ``forget(_:)`` takes.
  func onLeaving(_ action: @escaping @Sendable () -> Void) -> Int {
    let (number, hasLeft) = state.withLockedValue { state in
      state.next += 1
      if !state.hasLeft { state.actions[state.next] = action }
      return (state.next, state.hasLeft)
    }
    if hasLeft { action() }
    return number
  }

  /// Takes an action back.
  func forget(_ number: Int) { _ = state.withLockedValue { $0.actions.removeValue(forKey: number) } }

  /// Records that the client has left.
  func leave() {
    let actions = state.withLockedValue { state in
      defer { state.actions = [:] }
      state.hasLeft = true
      return Array(state.actions.values)
    }
    for action in actions { action() }
  }
}

/// Watches one connection: says when the client leaves, and closes the connection of a client that asks for nothing, sends a
/// body without an end, sends one too slowly, or does not take its answer.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  struct Limits: Sendable {
    /// The longest time until the head of the first request has arrived.
    var headTime: TimeAmount
    /// The most bytes of a body, those that no route reads included.
    var bodyBytes: Int
    /// The longest time from a request's head to its end.
    var bodyTime: TimeAmount
    /// The longest time from an answer's head until its end is sent.
    var answerTime: TimeAmount
  }

  let presence = ClientPresence()
  private let limits: Limits
  private var bodyBytes = 0
  private var headDeadline: Scheduled<Void>?
  private var bodyDeadline: Scheduled<Void>?
  private var answerDeadline: Scheduled<Void>?
  /// Whether an answer to the request that is being read has begun.
  private var hasAnswered = false

  init(limits: Limits) {
    self.limits = limits
  }

  func handlerAdded(context: ChannelHandlerContext) {
    headDeadline = closing(context.channel, after: limits.headTime)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      headDeadline?.cancel()
      bodyBytes = 0
      bodyDeadline?.cancel()
      hasAnswered = false
      let bound = NIOLoopBound((guard: self, context: context), eventLoop: context.eventLoop)
      bodyDeadline = context.eventLoop.scheduleTask(in: limits.bodyTime) {
        bound.value.guard.refuseSlowBody(bound.value.context)
      }
    case .body(let bytes):
      bodyBytes += bytes.readableBytes
      if bodyBytes > limits.bodyBytes { return context.close(promise: nil) }
    case .end: bodyDeadline?.cancel()
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head:
      hasAnswered = true
      answerDeadline?.cancel()
      answerDeadline = closing(context.channel, after: limits.answerTime)
    case .body: break
    case .end:
      let promise = promise ?? context.eventLoop.makePromise()
      let deadline = answerDeadline
      promise.futureResult.whenComplete { _ in deadline?.cancel() }
      return context.write(data, promise: promise)
    }
    context.write(data, promise: promise)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed { presence.leave() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { leave() }

  private func leave() {
    headDeadline?.cancel()
    bodyDeadline?.cancel()
    answerDeadline?.cancel()
    presence.leave()
  }

  /// Answers in place of the route, which still reads, and closes the connection.
  private func refuseSlowBody(_ context: ChannelHandlerContext) {
    guard !hasAnswered else { return context.close(promise: nil) }
    let error = APIError(.bodyTimeout, "the body took too long: send it faster")
    let body = (try? ServiceJSON.data(error.body)) ?? Data()
    let head = HTTPResponse(
      status: error.status,
      headerFields: [.contentType: "application/json", .contentLength: "\(body.count)", .connection: "close"])
    let channel = context.channel
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
  }

  private func closing(_ channel: any Channel, after time: TimeAmount) -> Scheduled<Void> {
    channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
  }
}

extension ServingContext {
  /// Whether the client is still there; nil for a connection that is not watched.
  func presence() async -> ClientPresence? {
    try? await channel.eventLoop.submit { [channel] in
      try channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).presence
    }.get()
  }

  /// Does `body`, which is cancelled when the client leaves or `limit` is over.
  ///
  /// - Throws: ``APIError`` with `client_left` or `time_limit`; what `body` throws.
  func whileClientWaits<Value: Sendable>(
    limit: Duration, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let hasLeft = NIOLockedValueBox(false)
    let isLate = NIOLockedValueBox(false)
    let work = Task { try await body() }
    let timer = Task {
      try await Task.sleep(for: limit)
      isLate.withLockedValue { $0 = true }
      work.cancel()
    }
    let presence = await presence()
    let number = presence?.onLeaving {
      hasLeft.withLockedValue { $0 = true }
      work.cancel()
    }
    defer {
      timer.cancel()
      if let number { presence?.forget(number) }
    }
    do {
      return try await withTaskCancellationHandler {
        try await work.value
      } onCancel: {
        work.cancel()
      }
    } catch is CancellationError {
      if hasLeft.withLockedValue({ $0 }) { throw APIError(.clientLeft, "the client left: nothing is drawn for it") }
      if isLate.withLockedValue({ $0 }) {
        throw APIError(
          .timeLimit, "the request took longer than \(Int(limit.seconds)) s: ask for less, or make it a job",
          retryAfter: 10)
      }
      throw APIError(.shuttingDown, "the service is being stopped: try again", retryAfter: 10)
    }
  }
}
