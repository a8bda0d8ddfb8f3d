import Foundation
import NIOConcurrencyHelpers
import TestBasics
import Testing

@testable import Serving

@Suite struct ClockTests {
  /// A clock whose both sides a test sets.
  private final class Hands: Sendable {
    let wall = NIOLockedValueBox(Date(timeIntervalSince1970: 1_800_000_000))
    let elapsed = NIOLockedValueBox(Duration.zero)

    func clock() -> ServiceClock {
      let start = elapsed.withLockedValue { $0 }
      return ServiceClock(
        wall: { wall.withLockedValue { $0 } }, elapsed: { [elapsed] in elapsed.withLockedValue { $0 - start } })
    }

    /// Time goes by.
    func pass(_ seconds: Double) {
      elapsed.withLockedValue { $0 += .seconds(seconds) }
      wall.withLockedValue { $0 += seconds }
    }

    /// Someone sets the system's clock.
    func set(by seconds: Double) { wall.withLockedValue { $0 += seconds } }
  }

  private func times(_ service: RunningService) async throws -> [String] {
    let entries = try #require(try await service.get("/api/audit").json["entries"] as? [[String: Any]])
    return entries.compactMap { $0["time"] as? String }.reversed()
  }

  @Test func aClockThatIsSetWhileServingChangesNothing() async throws {
    let hands = Hands()
    try await withTinyPlace { place in
      try await place.serve({ $0.retention.time = .seconds(3_600) }, clock: hands.clock()) { service async throws in
        let body = #"{"prompt": "effusion", "seed": 1, "steps": 1}"#
        func finished() async throws -> String {
          let id = try #require(try await service.post("/api/jobs", body).json["id"] as? String)
          #expect(
            try await service.waitUntil {
              try await service.get("/api/jobs/\(id)").json["state"] as? String == "finished"
            })
          return id
        }
        let first = try await finished()
        hands.pass(10)
        hands.set(by: -86_400)
        let second = try await finished()
        let order = try await times(service)
        #expect(order.count == 6 && order == order.sorted() && order[0] < order[5], "\(order)")
        // Neither set forward nor back does anything expire: only when its time has passed.
        hands.set(by: 10 * 86_400)
        _ = try await finished()
        #expect(try await service.get("/api/jobs/\(first)").status == 200)
        hands.set(by: -20 * 86_400)
        hands.pass(3_595)
        _ = try await finished()
        #expect(try await service.waitUntil { try await service.get("/api/jobs/\(first)").status == 404 })
        #expect(try await service.get("/api/jobs/\(second)").status == 200)
        #expect(try AuditLog.verify(state: service.state).entries == 12)
      }
    }
  }

  @Test func aClockThatWasSetBackBeforeTheStartIsRecorded() async throws {
    let hands = Hands()
    let folder = try TemporaryFolder()
    let state = try StateFolder(folder.path("s"))
    let caller = Caller(account: "anna", role: .draw, address: "127.0.0.1")
    func open() async throws -> (AuditLog, JobStore) {
      (try AuditLog(state: state, clock: hands.clock()), try JobStore(state: state, clock: hands.clock()))
    }
    var (audit, jobs) = try await open()
    try await audit.append(caller, action: "image", request: ["n": "1"])
    try await jobs.insert(
      Job(
        id: "j", account: "a", state: .finished, created: Date(), finished: hands.clock().now, model: "tiny", images: 1,
        request: "{}"))
    hands.pass(60)
    hands.set(by: -86_400)
    (audit, jobs) = try await open()
    try await audit.append(caller, action: "image", request: ["n": "2"])
    let entries = try await audit.latest(10)
    #expect(entries.map(\.action) == ["image", "clock", "image"])
    #expect(entries[1].request.contains(entries[2].time) && entries[1].time < entries[2].time)
    #expect(entries[0].time >= entries[1].time)
    #expect(try AuditLog.verify(state: folder.path("s")).entries == 3)
    // Opened again, nothing more is said.
    (audit, jobs) = try await open()
    #expect(try await audit.latest(10).count == 3)
    // A job that ended "tomorrow" is kept no longer than one that ended now.
    var retention = Retention()
    retention.time = .seconds(3_600)
    #expect(try await jobs.sweep(retention) == 0)
    hands.pass(3_700)
    #expect(try await jobs.sweep(retention) == 1)
  }
}
