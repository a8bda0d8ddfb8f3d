import Foundation
import TestBasics
import Testing

@testable import Serving

@Suite struct SettingsTests {
  private func settings(_ text: String) throws -> ServiceSettings {
    let folder = try TemporaryFolder()
    try text.write(toFile: folder.path("c.yaml"), atomically: true, encoding: .utf8)
    return try ServiceSettings(file: folder.path("c.yaml"))
  }

  @Test func aFileSetsWhatItNamesAndNothingElse() throws {
    let read = try settings(
      """
      port: 9000
      models: [a, ./b]
      trusted-proxies: [10.0.0.1]
      limits: {body: 2MiB, requests-per-minute: 7, cost: 12.5}
      retention: {hours: 2, bytes: 5GB}
      tls: {certificate: c.pem, key: k.pem}
      grace: 1.5
      quiz: radiographs
      cases: cases.csv
      gate: gate.safetensors
      """)
    #expect(read.port == 9000 && read.models == ["a", "./b"] && read.trustedProxies == ["10.0.0.1"])
    #expect(read.limits.bodyBytes == 2 << 20 && read.limits.requestsPerMinute == 7 && read.limits.cost == 12.5)
    #expect(read.limits.queue == ServiceLimits().queue && read.host == "127.0.0.1")
    #expect(read.retention.time == .seconds(7_200) && read.retention.bytes == 5_000_000_000)
    #expect(read.certificate == "c.pem" && read.key == "k.pem" && read.grace == .seconds(1.5))
    #expect(read.quiz == "radiographs" && read.cases == "cases.csv" && read.gate == "gate.safetensors")
    #expect(try settings("").port == 8080)
  }

  @Test(arguments: [
    ("prot: 9000", "did you mean 'port'"), ("limits: {qeue: 5}", "did you mean 'queue'"), ("port: many", "port is not"),
    ("- a", "not a list of settings"), ("port: [", ""), ("tls: {certificate: a}", "tls.key is missing"),
    ("limits: {body: much}", "no size"), ("models: tiny", "models is not"), ("grace: .nan", "grace"),
    ("grace: -5", "grace"),
    ("a: &a [1]\nport: *b", ""),
  ])
  func aMistakeInAFileIsNamed(text: String, says: String) {
    let error = #expect(throws: ServingError.self) { try settings(text) }
    #expect(says.isEmpty || "\(error.map { "\($0)" } ?? "")".contains(says), "\(String(describing: error))")
  }

  @Test func anotherAddressNeedsAccountsAndTLS() throws {
    var settings = ServiceSettings()
    for host in ["127.0.0.1", "localhost", "::1", "127.5.5.5"] {
      settings.host = host
      #expect(throws: Never.self) { try settings.check(hasAccounts: false) }
    }
    for host in ["0.0.0.0", "192.168.1.5", "::", "example.org", "127.0.0.1.example.org", "1270.0.0.1"] {
      settings = ServiceSettings()
      settings.host = host
      #expect(throws: ServingError.openWithoutAccounts(host: host)) { try settings.check(hasAccounts: false) }
      #expect(throws: ServingError.openWithoutTLS(host: host)) { try settings.check(hasAccounts: true) }
      settings.trustedProxies = ["10.0.0.1"]
      #expect(throws: Never.self) { try settings.check(hasAccounts: true) }
      settings.trustedProxies = []
      settings.certificate = "a"
      #expect(throws: ServingError.halfTLS) { try settings.check(hasAccounts: true) }
      settings.key = "b"
      #expect(throws: Never.self) { try settings.check(hasAccounts: true) }
    }
  }

  @Test func numbersThatCannotBeMeantAreRefused() {
    let changes: [(inout ServiceSettings) -> Void] = [
      { $0.port = 65_536 }, { $0.port = -1 }, { $0.workers = 0 }, { $0.workers = 65 }, { $0.threads = 0 },
      { $0.models = [] }, { $0.limits.queue = 0 }, { $0.limits.cost = .nan }, { $0.limits.steps = 0 },
      { $0.limits.bodyBytes = 5 }, { $0.grace = .seconds(-1) }, { $0.limits.time = .zero },
    ]
    for change in changes {
      var settings = ServiceSettings()
      change(&settings)
      #expect(throws: ServingError.self) { try settings.check(hasAccounts: true) }
    }
  }

  @Test func aSocketIsMadeWhereNothingElseIs() async throws {
    let folder = try TemporaryFolder()
    let path = "/tmp/thorax-\(UUID().uuidString.prefix(8)).sock"
    try Data([1]).write(to: URL(fileURLWithPath: path))
    #expect(throws: ServingError.notASocket(path: path)) { try ListeningSocket.prepare(path) }
    try FileManager.default.removeItem(atPath: path)
    let long = folder.path(String(repeating: "a", count: 120))
    #expect(throws: ServingError.socketTooLong(path: long, limit: ListeningSocket.pathLimit)) {
      try ListeningSocket.prepare(long)
    }
    try await withTinyPlace { place in
      try await place.serve({ $0.socket = path }) { service async throws in
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o077 == 0, "others can open the socket")
        #expect(throws: ServingError.addressInUse(address: path)) { try ListeningSocket.prepare(path) }
        let wanted = try await service.post("/api/images", #"{"prompt": "effusion", "seed": 3}"#)
        let picture = try await ServiceClient(path: path).draw(
          .init(prompt: "effusion", seed: 3), model: nil, as: .png)
        #expect(picture.bytes == wanted.bytes && picture.timings.total > 0)
        await #expect(throws: ServingError.self) {
          try await ServiceClient(path: path).draw(.init(prompt: "effusion", seed: 3), model: "other", as: .png)
        }
      }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
    await #expect(throws: ServingError.self) {
      try await ServiceClient(path: path).draw(.init(prompt: "effusion", seed: 3), model: nil, as: .png)
    }
  }
}
