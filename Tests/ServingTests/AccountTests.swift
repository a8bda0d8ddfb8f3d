import Foundation
import GRDB
import Support
import TestBasics
import Testing

@testable import Serving

@Suite struct AccountTests {
  private func bearer(_ token: String) -> [(String, String)] { [("Authorization", "Bearer \(token)")] }

  @Test func rolesDecideWhatATokenMayDo() async throws {
    try await withTinyPlace { place in
      let accounts = try AccountStore(state: place.settings.state)
      let anna = try await accounts.add(name: "anna", role: .draw)
      let ben = try await accounts.add(name: "ben", role: .draw)
      let teacher = try await accounts.add(name: "teacher", role: .teach)
      let admin = try await accounts.add(name: "admin", role: .admin)
      try await place.serve { service async throws in
        let body = #"{"prompt": "effusion", "seed": 1, "steps": 1}"#
        let without = try await service.post("/api/images", body)
        #expect(without.status == 401 && without.headers.first(name: "WWW-Authenticate") == "Bearer realm=\"thorax\"")
        for wrong in ["", "thx_", anna + "0", String(anna.dropLast()), anna.uppercased()] {
          #expect(try await service.post("/api/images", body, headers: bearer(wrong)).code == "unauthorized")
        }
        #expect(try await service.post("/api/images", body, headers: bearer(anna)).status == 200)
        let basic = Data("user:\(anna)".utf8).base64EncodedString()
        #expect(
          try await service.post("/api/images", body, headers: [("Authorization", "Basic \(basic)")]).status == 200)
        // Health needs none.
        #expect(try await service.get("/healthz").status == 200)

        let made = try await service.post("/api/jobs", body, headers: bearer(anna))
        let id = try #require(made.json["id"] as? String)
        #expect(try await service.get("/api/jobs/\(id)", headers: bearer(anna)).status == 200)
        #expect(try await service.get("/api/jobs/\(id)", headers: bearer(ben)).status == 404)
        #expect(try await service.get("/api/jobs", headers: bearer(ben)).text == #"{"jobs":[]}"#)
        #expect(try await service.get("/api/jobs/\(id)", headers: bearer(teacher)).status == 200)
        #expect(try await service.send(.DELETE, "/api/jobs/\(id)", headers: bearer(teacher)).status == 404)
        #expect(try await service.send(.DELETE, "/api/jobs/\(id)", headers: bearer(ben)).status == 404)
        for (token, status) in [(anna, 403), (teacher, 403), (admin, 200)] {
          #expect(try await service.get("/metrics", headers: bearer(token)).status == status)
          #expect(try await service.get("/api/audit", headers: bearer(token)).status == status)
        }
        #expect(try await service.send(.DELETE, "/api/jobs/\(id)", headers: bearer(admin)).status == 204)

        // A revoked token is refused from the next request on, and does not open the service.
        for name in ["anna", "ben", "teacher", "admin"] { try await accounts.revoke(name: name) }
        #expect(try await service.post("/api/images", body, headers: bearer(anna)).code == "unauthorized")
        #expect(try await service.post("/api/images", body).code == "unauthorized")

        let log = service.log.joined(separator: "\n")
        for secret in [anna, ben, teacher, admin, basic] { #expect(!log.contains(secret)) }
        #expect(log.contains("POST /api/images 200"))
      }
      // Not on the disk either.
      for name in try FileManager.default.contentsOfDirectory(atPath: place.settings.state)
      where name.contains("sqlite") {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: place.settings.state).appendingPathComponent(name))
        #expect(bytes.range(of: Data(anna.utf8)) == nil && bytes.range(of: Data(anna.dropFirst(4).utf8)) == nil)
      }
    }
  }

  @Test func namesAreCheckedAndKnownOnce() async throws {
    let folder = try TemporaryFolder()
    let accounts = try AccountStore(state: folder.path("s"))
    #expect(try !accounts.isRequired())
    for name in ["", "a b", "ä", "a\n", String(repeating: "a", count: 65)] {
      await #expect(throws: ServingError.tokenName(name: name)) { try await accounts.add(name: name, role: .draw) }
    }
    let first = try await accounts.add(name: "anna@ward-3", role: .teach)
    #expect(first.count == 68 && first.hasPrefix("thx_"))
    await #expect(throws: ServingError.tokenExists(name: "anna@ward-3")) {
      try await accounts.add(name: "anna@ward-3", role: .draw)
    }
    try await accounts.revoke(name: "anna@ward-3")
    await #expect(throws: ServingError.noToken(name: "anna@ward-3")) { try await accounts.revoke(name: "anna@ward-3") }
    let second = try await accounts.add(name: "anna@ward-3", role: .draw)
    #expect(second != first)
    #expect(try await accounts.tokens().map(\.role) == [.teach, .draw])
    #expect(try accounts.isRequired())
  }

  @Test func tooManyRequestsOfOneAccountAreRefused() async throws {
    try await withService({ $0.limits.requestsPerMinute = 1 }) { service async throws in
      var statuses: [Int] = []
      for _ in 0..<2 { statuses.append(try await service.get("/v1/models").status) }
      #expect(statuses == [200, 429])
      let refused = try await service.get("/v1/models")
      #expect(refused.code == "rate_limited" && refused.headers.first(name: "Retry-After") != nil)
      #expect(try await service.get("/healthz").status == 200)
    }
  }

  @Test func aBucketFillsEvenly() {
    let limiter = RateLimiter(perMinute: 60)
    let start = ContinuousClock.now
    for _ in 0..<60 { #expect(limiter.take("a", now: start) == nil) }
    #expect(limiter.take("a", now: start) == 1)
    #expect(limiter.take("b", now: start) == nil)
    #expect(limiter.take("a", now: start + .milliseconds(1_100)) == nil)
    #expect(limiter.take("a", now: start + .milliseconds(1_200)) == 1)
  }

  @Test func behindATrustedProxyTheClientsAddressCounts() async throws {
    try await withService({ settings in
      settings.trustedProxies = ["127.0.0.1"]
      settings.limits.requestsPerMinute = 2
    }) { service async throws in
      func status(_ client: String) async throws -> Int {
        try await service.get("/v1/models", headers: [("X-Forwarded-For", client)]).status
      }
      for _ in 0..<2 { #expect(try await status("10.0.0.1") == 200) }
      #expect(try await status("10.0.0.1") == 429)
      // The first addresses are what the client claims; the last is what the proxy saw.
      #expect(try await status("10.0.0.2, 10.0.0.1") == 429)
      #expect(try await status("10.0.0.2") == 200)
      // Who comes through a proxy is not the owner of the machine.
      #expect(try await service.get("/metrics", headers: [("X-Forwarded-For", "10.0.0.3")]).code == "forbidden")
    }
    try await withService({ $0.limits.requestsPerMinute = 2 }) { service async throws in
      for _ in 0..<2 { _ = try await service.get("/v1/models", headers: [("X-Forwarded-For", "10.0.0.1")]) }
      #expect(try await service.get("/v1/models", headers: [("X-Forwarded-For", "10.0.0.2")]).status == 429)
    }
  }

  @Test func termsAreAcceptedOnce() async throws {
    try await withTinyPlace { place in
      let token = try await AccountStore(state: place.settings.state).add(name: "anna", role: .draw)
      let headers = bearer(token)
      try await place.serve({ $0.terms = "Only for teaching." }) { service async throws in
        let body = #"{"prompt": "effusion", "seed": 1, "steps": 1}"#
        #expect(try await service.post("/api/images", body, headers: headers).code == "terms_not_accepted")
        let terms = try await service.get("/api/terms", headers: headers).json
        #expect(terms["terms"] as? String == "Only for teaching." && terms["accepted"] as? Bool == false)
        let hash = try #require(terms["sha256"] as? String)
        #expect(try await service.post("/api/terms", #"{"sha256": "00"}"#, headers: headers).code == "conflict")
        #expect(try await service.post("/api/terms", #"{"sha256": "\#(hash)"}"#, headers: headers).status == 200)
        #expect(try await service.get("/api/terms", headers: headers).json["accepted"] as? Bool == true)
        #expect(try await service.post("/api/images", body, headers: headers).status == 200)
      }
      // Other terms are to be accepted again.
      try await place.serve({ $0.terms = "Only for research." }) { service async throws in
        #expect(try await service.get("/api/jobs", headers: headers).code == "terms_not_accepted")
      }
    }
  }
}

@Suite struct AuditTests {
  private let caller = Caller(account: "anna", role: .draw, address: "127.0.0.1")

  private func log(_ folder: TemporaryFolder, entries: Int) async throws -> AuditLog.Verification {
    let log = try AuditLog(state: StateFolder(folder.path("s")))
    for number in 0..<entries {
      try await log.append(caller, action: "image", request: ["n": "\(number)"], result: ["r\(number)"])
    }
    return try AuditLog.verify(state: folder.path("s"))
  }

  private func change(_ folder: TemporaryFolder, _ statements: String) throws {
    try DatabaseQueue(path: folder.path("s/audit.sqlite")).write { try $0.execute(sql: statements) }
  }

  @Test func everyImageIsRecordedAndTheChainHolds() async throws {
    try await withService { service async throws in
      let image = try await service.post("/api/images", #"{"prompt": "effusion", "seed": 1, "steps": 1}"#)
      _ = try await service.post("/v1/images/generations", #"{"prompt": "effusion", "n": 2, "steps": 1}"#)
      _ = try await service.post("/api/images", #"{"prompt": ""}"#)
      let made = try await service.post("/api/jobs", #"{"prompt": "effusion", "steps": 1}"#)
      let id = try #require(made.json["id"] as? String)
      #expect(
        try await service.waitUntil { try await service.get("/api/jobs/\(id)").json["state"] as? String == "finished" })
      let entries = try #require(try await service.get("/api/audit").json["entries"] as? [[String: Any]])
      #expect(entries.map { $0["action"] as? String } == ["job finished", "job image", "job begun", "openai", "image"])
      #expect(entries.last?["result"] as? String == ContentHash.of(image.bytes))
      #expect((entries.last?["request"] as? String)?.contains(#""prompt":"effusion","seed":1"#) == true)
      #expect(entries[0]["request"] as? String == #"{"job":"\#(id)"}"#)
      #expect((entries[2]["request"] as? String)?.contains(#""images":[{"count":1,"prompt":"effusion""#) == true)
      #expect(entries.allSatisfy { $0["address"] as? String == "127.0.0.1" })
      #expect(try AuditLog.verify(state: service.state).entries == 5)
      #expect(try await service.send(.DELETE, "/api/jobs/\(id)").status == 204)
      let later = try #require(try await service.get("/api/audit").json["entries"] as? [[String: Any]])
      #expect(later[0]["action"] as? String == "job removed")
      #expect(later[0]["request"] as? String == #"{"job":"\#(id)"}"#)
    }
  }

  @Test func theLatestEntriesAreBounded() async throws {
    let folder = try TemporaryFolder()
    let log = try AuditLog(state: StateFolder(folder.path("s")))
    for number in 0..<5 {
      try await log.append(caller, action: "image", request: ["n": String(repeating: "\(number)", count: 1000)])
    }
    #expect(try await log.latest(3).map(\.number) == [5, 4, 3])
    #expect(try await log.latest(10, bytes: 2500).map(\.number) == [5, 4])
    #expect(try await log.latest(10, bytes: 10).map(\.number) == [5])
  }

  @Test func aFileWhoseEntriesAreNoTableIsNoLog() async throws {
    let folder = try TemporaryFolder()
    _ = try await log(folder, entries: 1)
    try change(
      folder,
      """
      DROP TABLE entries; CREATE VIEW entries AS WITH RECURSIVE n(number) AS (SELECT 1 UNION ALL SELECT 1 FROM n)
        SELECT number, '' AS time FROM n
      """)
    let error = #expect(throws: ServingError.self) { try AuditLog.verify(state: folder.path("s")) }
    guard case .brokenLog = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aChainIsWholeAndAppendedToAlone() async throws {
    let folder = try TemporaryFolder()
    let result = try await log(folder, entries: 20)
    #expect(result.entries == 20 && result.last.count == 64)
    #expect(try AuditLog.verify(state: folder.path("s"), expecting: result.last) == result)
    #expect(throws: DatabaseError.self) { try change(folder, "UPDATE entries SET account = 'ben' WHERE number = 3") }
    #expect(throws: DatabaseError.self) { try change(folder, "DELETE FROM entries WHERE number = 20") }
    let later = try await log(folder, entries: 5)
    #expect(later.entries == 25)
    #expect(try AuditLog.verify(state: folder.path("s"), expecting: result.last) == later)
  }

  @Test(arguments: [
    ("UPDATE entries SET account = 'ben' WHERE number = 3", 3),
    ("UPDATE entries SET time = '2020' WHERE number = 1", 1),
    ("UPDATE entries SET request = '{}' WHERE number = 10", 10), ("DELETE FROM entries WHERE number = 4", 4),
    ("DELETE FROM entries WHERE number = 1", 1), ("UPDATE entries SET number = 99 WHERE number = 10", 10),
    ("UPDATE entries SET hash = previous WHERE number = 5", 5),
    ("DROP TABLE entries; CREATE TABLE entries (number, time); INSERT INTO entries VALUES (x'00', NULL)", 1),
  ])
  func whatWasChangedIsFound(statements: String, entry: Int) async throws {
    let folder = try TemporaryFolder()
    _ = try await log(folder, entries: 10)
    try change(folder, "DROP TRIGGER entries_stay; DROP TRIGGER entries_are_kept; \(statements)")
    let error = #expect(throws: ServingError.self) { try AuditLog.verify(state: folder.path("s")) }
    guard case .brokenLog(_, entry, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func whatWasCutOffIsFoundByAnEarlierHash() async throws {
    let folder = try TemporaryFolder()
    let result = try await log(folder, entries: 10)
    try change(folder, "DROP TRIGGER entries_are_kept; DELETE FROM entries WHERE number > 8")
    #expect(try AuditLog.verify(state: folder.path("s")).entries == 8)
    #expect(throws: ServingError.self) { try AuditLog.verify(state: folder.path("s"), expecting: result.last) }
    #expect(throws: ServingError.noLog(path: folder.path("none/audit.sqlite"))) {
      try AuditLog.verify(state: folder.path("none"))
    }
    try Data("not a database at all, and long enough to look".utf8).write(
      to: URL(fileURLWithPath: folder.path("audit.sqlite")))
    #expect(throws: ServingError.self) { try AuditLog.verify(state: folder.url.path) }
  }
}
