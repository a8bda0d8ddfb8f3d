import Foundation
import Generation
import Support
import YAMLText
import Yams

/// The file that `thorax serve --config` takes: the same settings as the options, and more, in YAML.
struct ServiceConfigurationFile: Decodable {
  struct TLS: Decodable {
    var certificate: String
    var key: String
  }

  struct Limits: Decodable {
    var body: String?
    var prompt: Int?
    var images: Int?
    var jobImages: Int?
    var steps: Int?
    var time: Double?
    var queue: Int?
    var cost: Double?
    var requestsPerMinute: Int?
    var connections: Int?

    enum CodingKeys: String, CodingKey, CaseIterable {
      case body, prompt, images, steps, time, queue, cost, connections
      case jobImages = "job-images"
      case requestsPerMinute = "requests-per-minute"
    }
  }

  struct Kept: Decodable {
    var hours: Double?
    var bytes: String?

    enum CodingKeys: String, CodingKey, CaseIterable { case hours, bytes }
  }

  var host: String?
  var port: Int?
  var unix: String?
  var models: [String]?
  var workers: Int?
  var threads: Int?
  var device: String?
  var precision: String?
  var state: String?
  var names: [String]?
  var origins: [String]?
  var trustedProxies: [String]?
  var tls: TLS?
  var grace: Double?
  var terms: String?
  var quiz: String?
  var cases: String?
  var gate: String?
  var limits: Limits?
  var retention: Kept?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case host, port, unix, models, workers, threads, device, precision, state, names, origins, tls, grace, terms, limits
    case retention, quiz, cases, gate
    case trustedProxies = "trusted-proxies"
  }
}

extension ServiceSettings {
  /// Larger files are no settings.
  static let fileLimit = 1 << 20

  /// The settings of a YAML file; what it does not say stays as it is by default.
  ///
  /// - Throws: ``ServingError/malformedConfiguration(path:reason:)`` for a file that says something else;
  ///   `FileAccessError` for one that cannot be read.
  public init(file path: String) throws {
    self.init()
    let data = try BoundedFile.contents(of: path, limit: Self.fileLimit)
    func malformed(_ reason: String) -> ServingError { .malformedConfiguration(path: path, reason: reason) }
    guard let text = String(validating: data, as: UTF8.self) else { throw malformed("it is not UTF-8 text") }
    let file: ServiceConfigurationFile
    do {
      guard let node = try YAMLDocument.compose(text) else { return }
      guard let mapping = node.mapping else { throw malformed("it is not a list of settings") }
      try Self.refuseUnknown(node, among: ServiceConfigurationFile.CodingKeys.allCases.map(\.rawValue), malformed)
      for (name, known) in [
        ("limits", ServiceConfigurationFile.Limits.CodingKeys.allCases.map(\.rawValue)),
        ("retention", ServiceConfigurationFile.Kept.CodingKeys.allCases.map(\.rawValue)),
        ("tls", ["certificate", "key"]),
      ] {
        try Self.refuseUnknown(mapping[Node(name)], among: known, malformed)
      }
      file = try YAMLDecoder().decode(ServiceConfigurationFile.self, from: node)
    } catch let error as ServingError {
      throw error
    } catch let error as DecodingError {
      throw malformed(Self.reason(of: error))
    } catch {
      throw malformed("\(error)")
    }
    try take(file, malformed)
  }

  private mutating func take(
    _ file: ServiceConfigurationFile, _ malformed: (String) -> ServingError
  ) throws {
    func seconds(_ value: Double, _ name: String) throws -> Duration {
      guard value.isFinite, value >= 0, value <= 1e9 else { throw malformed("\(name) is \(value)") }
      return .seconds(value)
    }
    func bytes(_ text: String, _ name: String) throws -> Int {
      guard let size = MemorySize(text) else { throw malformed("\(name) is '\(text)', which is no size such as 1MB") }
      return size.bytes
    }
    if let host = file.host { self.host = host }
    if let port = file.port { self.port = port }
    if let unix = file.unix { socket = unix }
    if let models = file.models { self.models = models }
    if let workers = file.workers { self.workers = workers }
    if let threads = file.threads { self.threads = threads }
    if let device = file.device { self.device = try DeviceChoice(name: device) }
    if let precision = file.precision { self.precision = try PrecisionChoice(name: precision) }
    if let state = file.state { self.state = state }
    if let names = file.names { self.names = names }
    if let origins = file.origins { self.origins = origins }
    if let proxies = file.trustedProxies { trustedProxies = proxies }
    if let tls = file.tls { (certificate, key) = (tls.certificate, tls.key) }
    if let grace = file.grace { self.grace = try seconds(grace, "grace") }
    if let terms = file.terms { self.terms = terms }
    if let quiz = file.quiz { self.quiz = quiz }
    if let cases = file.cases { self.cases = cases }
    if let gate = file.gate { self.gate = gate }
    if let given = file.limits {
      if let body = given.body { limits.bodyBytes = try bytes(body, "limits.body") }
      if let prompt = given.prompt { limits.promptBytes = prompt }
      if let images = given.images { limits.images = images }
      if let images = given.jobImages { limits.jobImages = images }
      if let steps = given.steps { limits.steps = steps }
      if let time = given.time { limits.time = try seconds(time, "limits.time") }
      if let queue = given.queue { limits.queue = queue }
      if let cost = given.cost { limits.cost = cost }
      if let requests = given.requestsPerMinute { limits.requestsPerMinute = requests }
      if let connections = given.connections { limits.connections = connections }
    }
    if let given = file.retention {
      if let hours = given.hours { retention.time = try seconds(hours * 3600, "retention.hours") }
      if let size = given.bytes { retention.bytes = try bytes(size, "retention.bytes") }
    }
  }

  private static func refuseUnknown(
    _ node: Node?, among known: [String], _ malformed: (String) -> ServingError
  ) throws(ServingError) {
    guard let name = YAMLDocument.unknownKey(of: node, among: known) else { return }
    let meant = NearestName.of(name, among: known)
    throw malformed(
      "there is no setting '\(name.onOneLine(limit: 60))'" + (meant.map { ", did you mean '\($0)'" } ?? ""))
  }

  private static func reason(of error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context):
      "\((context.codingPath + [key]).map(\.stringValue).joined(separator: ".")) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      "\(context.codingPath.map(\.stringValue).joined(separator: ".")) is not of its type"
    @unknown default: "\(error)"
    }
  }
}
