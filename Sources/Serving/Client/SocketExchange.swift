import NIOCore
import NIOHTTP1
import NIOPosix

/// One request by HTTP/1.1 over a socket of the file system, and the whole answer.
///
/// A client with a pool of connections, redirections and TLS takes longer to begin than all the rest of
/// `thorax generate --via` beyond drawing, and nothing of it is needed here.
enum SocketExchange {
  /// Sends JSON.
  ///
  /// - Parameters:
  ///   - path: The socket.
  ///   - limit: The most bytes of an answer.
  /// - Throws: `IOError` if nothing listens at the socket; `NIOHTTPObjectAggregatorError.frameTooLong` for a longer answer;
  ///   `HTTPParserError` and `ChannelError` if no whole answer comes; `CancellationError`, with the connection closed.
  static func post(json body: ByteBuffer, to uri: String, socket path: String, limit: Int) async throws
    -> NIOHTTPClientResponseFull
  {
    let headers: HTTPHeaders = [
      "Host": "localhost", "Content-Type": "application/json", "Content-Length": "\(body.readableBytes)",
      "Connection": "close",
    ]
    let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: uri, headers: headers)
    let (channel, answer) = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(unixDomainSocketPath: path) { channel in
        channel.eventLoop.makeCompletedFuture {
          let exchange = ExchangeHandler(head: head, body: body, eventLoop: channel.eventLoop)
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          try channel.pipeline.syncOperations.addHandler(NIOHTTPClientResponseAggregator(maxContentLength: limit))
          try channel.pipeline.syncOperations.addHandler(exchange)
          return (channel, exchange.answer)
        }
      }
    return try await withTaskCancellationHandler {
      do {
        return try await answer.get()
      } catch {
        try Task.checkCancellation()
        // A connection that breaks is another thing than one that is refused.
        throw error is IOError ? ChannelError.eof : error
      }
    } onCancel: {
      channel.close(promise: nil)
    }
  }
}

/// Sends a request once there is a connection, and closes it after the answer.
private final class ExchangeHandler: ChannelInboundHandler {
  typealias InboundIn = NIOHTTPClientResponseFull
  typealias OutboundOut = HTTPClientRequestPart

  private let head: HTTPRequestHead
  private let body: ByteBuffer
  private let promise: EventLoopPromise<NIOHTTPClientResponseFull>

  /// Also fails where a connection never was.
  var answer: EventLoopFuture<NIOHTTPClientResponseFull> { promise.futureResult }

  init(head: HTTPRequestHead, body: ByteBuffer, eventLoop: any EventLoop) {
    self.head = head
    self.body = body
    promise = eventLoop.makePromise()
  }

  func channelActive(context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    promise.succeed(unwrapInboundIn(data))
    context.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    promise.fail(error)
    context.close(promise: nil)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    // Has no effect once there is an answer.
    promise.fail(ChannelError.eof)
  }
}
