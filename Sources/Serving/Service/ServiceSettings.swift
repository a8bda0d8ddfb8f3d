import Foundation
import Generation
import ImageOutput
import Models
import NIOCore
import Support
import SystemPackage

/// How a service is set up.
public struct ServiceSettings: Sendable {
  public var host = "127.0.0.1"
  /// 0 takes a free one.
  public var port = 8080
  /// A socket in the file system, beside the port.
  public var socket: String?
  /// Names or folders; the first is drawn with if a request names none.
  public var models = [ModelCatalog.defaultName]
  /// The folder of the models' text encoder; nil looks it up by the name that each model gives.
  public var textEncoder: URL?
  /// The number of images that are drawn at a time, each by a copy of the model.
  public var workers = 1
  /// Processor threads of one drawing; nil leaves the choice to LibTorch.
  public var threads: Int?
  public var device = DeviceChoice.automatic
  public var precision = PrecisionChoice.automatic
  /// The folder of jobs, accounts and the audit log.
  public var state = ServiceSettings.standardState()
  /// Names by which browsers and clients call the service, beside the loopback's.
  public var names: [String] = []
  /// Origins of other pages that may use the service, such as `https://teaching.example.org`.
  public var origins: [String] = []
  /// Addresses of proxies whose `X-Forwarded-For` is believed.
  public var trustedProxies: [String] = []
  public var certificate: String?
  public var key: String?
  /// The longest time that images which are being drawn get after the service is told to stop.
  public var grace = Duration.seconds(30)
  /// Terms of use that every account accepts once; nil for none.
  public var terms: String?
  /// A folder of the host's own images for the quiz; nil for none.
  public var quiz: String?
  /// A CSV file of cases with questions; nil for none.
  public var cases: String?
  /// A file of `thorax evaluate gate --save-gate`, which ``judge`` was read from; nil for none.
  public var gate: String?
  /// Says how near each image is to the training images; nil for no such figure.
  public var judge: (any TrainingNearnessJudge)?
  /// Signs every file; nil for none.
  public var signingKey: SigningKey?
  public var limits = ServiceLimits()
  public var retention = Retention()

  public init() {}

  /// Where a user's service keeps its state: `serve` in the user's folder of state.
  public static func standardState(environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
    UserFolders.state(environment: environment).appending("serve").string
  }

  /// Whether the port is reached from this machine alone.
  var isLoopback: Bool { LoopbackName.isLoopback(host) }

  /// Checks numbers and what belongs together, before anything is opened.
  ///
  /// - Parameter hasAccounts: Whether a token was ever made.
  /// - Throws: ``ServingError``.
  func check(hasAccounts: Bool) throws(ServingError) {
    func require(_ condition: Bool, _ what: String, _ value: String, _ allowed: String) throws(ServingError) {
      if !condition { throw .setting(what: what, value: value, allowed: allowed) }
    }
    try require((0...65_535).contains(port), "port", "\(port)", "0 to 65535")
    try require((1...64).contains(workers), "workers", "\(workers)", "1 to 64")
    try require(!models.isEmpty, "models", "empty", "at least one model")
    try require(
      grace >= .zero && grace <= .seconds(3600), "grace", "\(grace.seconds)", "seconds from 0 to 3600")
    if let threads { try require((1...1024).contains(threads), "threads", "\(threads)", "1 to 1024") }
    let limits = limits
    try require((1_024...(1 << 30)).contains(limits.bodyBytes), "limits.body", "\(limits.bodyBytes)", "1KiB to 1GiB")
    try require((1...(1 << 20)).contains(limits.promptBytes), "limits.prompt", "\(limits.promptBytes)", "1 to 1048576")
    try require((1...1_000).contains(limits.images), "limits.images", "\(limits.images)", "1 to 1000")
    try require((1...100_000).contains(limits.jobImages), "limits.job-images", "\(limits.jobImages)", "1 to 100000")
    try require((1...10_000).contains(limits.steps), "limits.steps", "\(limits.steps)", "1 to 10000")
    try require((1...100_000).contains(limits.queue), "limits.queue", "\(limits.queue)", "1 to 100000")
    try require(limits.cost > 0 && limits.cost <= 1e9, "limits.cost", "\(limits.cost)", "above 0 to 1000000000")
    try require(
      (1...1_000_000).contains(limits.requestsPerMinute), "limits.requests-per-minute", "\(limits.requestsPerMinute)",
      "1 to 1000000")
    try require(
      (1...100_000).contains(limits.connections), "limits.connections", "\(limits.connections)", "1 to 100000")
    try require(
      limits.time >= .seconds(1) && limits.time <= .seconds(86_400), "limits.time", "\(limits.time.seconds)",
      "seconds from 1 to 86400")
    try require(
      retention.time >= .zero && retention.time <= .seconds(3_660 * 86_400), "retention.hours",
      "\(retention.time.seconds / 3600)", "hours from 0 to 87840")
    for proxy in trustedProxies {
      try require(
        (try? SocketAddress(ipAddress: proxy, port: 0)) != nil, "trusted-proxy", proxy,
        "the address of one machine, such as 10.0.0.7")
    }
    if (certificate == nil) != (key == nil) { throw .halfTLS }
    guard !isLoopback else { return }
    guard hasAccounts else { throw .openWithoutAccounts(host: host) }
    guard certificate != nil || !trustedProxies.isEmpty else { throw .openWithoutTLS(host: host) }
  }
}

/// Names and addresses of this machine that no other machine reaches.
enum LoopbackName {
  /// Whether a name or an address is the loopback's.
  static func isLoopback(_ host: String) -> Bool {
    let host = host.lowercased()
    if host == "localhost" || host == "::1" || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
