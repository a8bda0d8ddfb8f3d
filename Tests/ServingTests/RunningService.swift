import AsyncHTTPClient
import Foundation
import Generation
import Models
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import TestSupport

@testable import Serving

/// A service of the tiny model on a free port of the loopback, and what it has written to its log.
final class RunningService: Sendable {
  let service: ThoraxService
  let url: String
  let port: Int
  let root: URL
  private let lines: NIOLockedValueBox<[String]>

  init(service: ThoraxService, address: ThoraxService.Address, root: URL, lines: NIOLockedValueBox<[String]>) {
    self.service = service
    url = address.url
    port = address.port
    self.root = root
    self.lines = lines
  }

  var log: [String] { lines.withLockedValue { $0 } }
  var state: String { root.appendingPathComponent("state").path }

  struct Answer {
    var status: Int
    var headers: HTTPHeaders
    var bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The JSON object; empty for anything else.
    var json: [String: Any] {
      (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] ?? [:]
    }

    /// The stable code of an error.
    var code: String? { (json["error"] as? [String: Any])?["code"] as? String }
  }

  /// Sends a request; a body of text goes as JSON.
  func send(
    _ method: HTTPMethod, _ path: String, body: String? = nil, type: String? = "application/json",
    headers: [(String, String)] = []
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: url + path)
    request.method = method
    if let body {
      request.body = .bytes(ByteBuffer(string: body))
      if let type { request.headers.add(name: "Content-Type", value: type) }
    }
    for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
    let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
    return Answer(
      status: Int(answer.status.code), headers: answer.headers,
      bytes: Array(buffer: try await answer.body.collect(upTo: 64 << 20)))
  }

  func get(_ path: String, headers: [(String, String)] = []) async throws -> Answer {
    try await send(.GET, path, headers: headers)
  }

  func post(_ path: String, _ body: String, headers: [(String, String)] = []) async throws -> Answer {
    try await send(.POST, path, body: body, headers: headers)
  }

  /// Waits for a moment; returns false if it does not come.
  func waitUntil(_ moment: () async throws -> Bool) async throws -> Bool {
    for _ in 0..<2_000 {
      if try await moment() { return true }
      try await Task.sleep(for: .milliseconds(10))
    }
    return false
  }

  func waitUntilReady() async throws -> Bool { try await waitUntil { try await get("/readyz").status == 200 } }

  /// A number of `/metrics`, by its name with labels.
  func metric(_ name: String) async throws -> Double? {
    try await get("/metrics").text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
      .flatMap { Double($0.split(separator: " ").last ?? "") }
  }
}

/// The tiny model and its text encoder in a folder of their own.
struct TinyPlace {
  let root: URL
  let catalog: ModelCatalog
  let folder: ModelFolder
  let encoder: URL

  init() throws {
    root = URL(fileURLWithPath: "/tmp").appendingPathComponent("serving-\(UUID().uuidString.prefix(8))")
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures")
    let model = try TinyModel(at: root, fixtures: fixtures)
    encoder = model.encoder
    catalog = ModelCatalog(places: [model.folder.deletingLastPathComponent().path])
    folder = try ModelFolder(path: model.folder.path)
  }

  var settings: ServiceSettings {
    var settings = ServiceSettings()
    settings.port = 0
    settings.models = ["tiny"]
    settings.textEncoder = encoder
    settings.threads = 1
    settings.device = .device(.cpu)
    settings.precision = .float32
    settings.state = root.appendingPathComponent("state").path
    settings.grace = .seconds(20)
    settings.limits.requestsPerMinute = 100_000
    settings.limits.steps = 1_000
    settings.limits.cost = 100_000
    return settings
  }

  /// The bytes that the library gives without any service.
  func drawn(_ request: GenerationRequest) async throws -> [[UInt8]] {
    try await images(request).map { try $0.encoded(as: .png) }
  }

  /// The images that the library draws without any service.
  func images(_ request: GenerationRequest) async throws -> [GeneratedImage] {
    let host = try await ModelHost.load(
      folder, textEncoder: encoder, device: .device(.cpu), precision: .float32, threads: 1)
    return try await host.generate(request).images
  }

  /// Runs a service while `body` goes on, then stops it in good order.
  ///
  /// - Parameter opened: Called before the service runs, when it has found its models and loaded none.
  func serve(
    _ change: (inout ServiceSettings) -> Void = { _ in }, waiting: Bool = true, clock: ServiceClock = ServiceClock(),
    opened: () throws -> Void = {}, _ body: (RunningService) async throws -> Void
  ) async throws {
    var settings = settings
    change(&settings)
    let lines = NIOLockedValueBox<[String]>([])
    let service = try ThoraxService(settings, catalog: catalog, clock: clock, level: .debug) { line in
      lines.withLockedValue { $0.append(line) }
    }
    try opened()
    let (addresses, sink) = AsyncStream<ThoraxService.Address>.makeStream()
    let work = Task {
      defer { sink.finish() }
      try await service.run { sink.yield($0) }
    }
    guard let address = await addresses.first(where: { _ in true }) else {
      try await work.value
      throw CocoaError(.featureUnsupported)
    }
    let running = RunningService(service: service, address: address, root: root, lines: lines)
    do {
      if waiting, try await !running.waitUntilReady() { throw CocoaError(.featureUnsupported) }
      try await body(running)
    } catch {
      service.stop()
      try? await work.value
      throw error
    }
    service.stop()
    try await work.value
  }
}

/// A service of the tiny model for one test; everything is gone afterwards.
func withService(
  _ change: (inout ServiceSettings) -> Void = { _ in }, _ body: (RunningService) async throws -> Void
) async throws {
  try await withTinyPlace { try await $0.serve(change, body) }
}

func withTinyPlace(_ body: (TinyPlace) async throws -> Void) async throws {
  let place = try TinyPlace()
  defer { try? FileManager.default.removeItem(at: place.root) }
  try await body(place)
}
