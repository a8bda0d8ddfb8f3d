import Support

/// What one request, one account and the whole service may ask for.
public struct ServiceLimits: Equatable, Sendable {
  /// The most bytes of a request's body.
  public var bodyBytes = 1 << 20
  /// The longest time from a connection's beginning until the head of its first request has arrived.
  public var headTime = Duration.seconds(10)
  /// The longest time that a body may take to arrive.
  public var bodyTime = Duration.seconds(30)
  /// The most bytes of a prompt, and of a negative prompt.
  public var promptBytes = 8_192
  /// The most images of a request that is answered at once.
  public var images = 16
  /// The most images of a job.
  public var jobImages = 1_000
  /// The most denoising steps.
  public var steps = 250
  /// The longest time that a request waits for its images.
  public var time = Duration.seconds(300)
  /// The most requests that wait or are being drawn.
  public var queue = 128
  /// How many of them may be one account's: half, so that no account keeps all others out.
  var queueOfAccount: Int { max(1, queue / 2) }
  /// What an account may have waiting and being drawn at a time, and one request may cost; an image of the first model
  /// with its own settings costs 1.
  public var cost = 1_000.0
  /// The most requests of an account in a minute.
  public var requestsPerMinute = 600
  /// The most open connections.
  public var connections = 1_024

  public init() {}
}

/// How long finished jobs are kept.
public struct Retention: Equatable, Sendable {
  public var time = Duration.seconds(24 * 3600)
  /// The most bytes of all images; the oldest finished jobs go first.
  public var bytes = 1_000_000_000

  public init() {}
}
