import Hummingbird
import NIOCore

/// What is known of a request beside itself.
public struct ServingContext: RequestContext {
  public var coreContext: CoreRequestContextStorage
  /// The connection that the request came by.
  let channel: any Channel
  /// Who sent the request; set before a route answers.
  var caller = Caller.nobody

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }

  /// Whether the request came through the service's socket in the file system.
  var isFromSocket: Bool { channel.localAddress?.protocol == .unix }

  /// The address at the other end of the connection; nil for the socket in the file system.
  var peer: String? { channel.remoteAddress?.ipAddress }
}
