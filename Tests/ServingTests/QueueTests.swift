import Foundation
import Testing

@testable import Serving

@Suite struct QueueTests {
  @Test func accountsTakeTurnsAndSoDoTheirRequests() {
    var queue = FairQueue<String, Int>()
    for id in 0..<4 { queue.append(id, of: "a") }
    queue.append(10, of: "b")
    queue.append(20, of: "c")
    #expect(queue.order == [0, 10, 20, 1, 2, 3])
    #expect((0..<7).map { _ in queue.next { _ in true } } == [0, 10, 20, 1, 10, 20, 2])
    queue.remove(10, of: "b")
    #expect((0..<4).map { _ in queue.next { _ in true } } == [20, 3, 20, 0])
    #expect(queue.next { $0 == 2 } == 2)
    #expect(queue.next { $0 == 99 } == nil)
    for id in 0..<4 { queue.remove(id, of: "a") }
    queue.remove(20, of: "c")
    #expect(queue.isEmpty && queue.next { _ in true } == nil)
  }

  @Test func aFullQueueSaysWhenToComeAgainAndIsNotOneAccounts() async throws {
    try await withTinyPlace { place in
      let accounts = try AccountStore(state: place.settings.state)
      var tokens: [[(String, String)]] = []
      for name in ["anna", "ben", "cleo"] {
        tokens.append([("Authorization", "Bearer \(try await accounts.add(name: name, role: .draw))")])
      }
      try await place.serve({ $0.limits.queue = 2 }) { service async throws in
        let body = #"{"prompt": "effusion", "steps": 1000, "count": 50}"#
        var ids: [(id: String, token: [(String, String)])] = []
        for token in tokens.prefix(2) {
          let answer = try await service.post("/api/jobs", body, headers: token)
          #expect(answer.status == 202)
          ids.append((try #require(answer.json["id"] as? String), token))
          // Half of the queue is the account's.
          let more = try await service.post("/api/jobs", body, headers: token)
          #expect(more.status == 429 && ["account_limit", "queue_full"].contains(more.code), "\(more.text)")
          if ids.count == 1 { #expect(more.code == "account_limit") }
        }
        for path in ["/api/jobs", "/api/images", "/v1/images/generations", "/sdapi/v1/txt2img"] {
          let refused = try await service.post(path, #"{"prompt": "effusion"}"#, headers: tokens[2])
          #expect(refused.status == 429 && refused.code == "queue_full", "\(path)")
          #expect((refused.headers.first(name: "Retry-After").flatMap { Int($0) } ?? 0) >= 1)
        }
        for (id, token) in ids {
          #expect(try await service.send(.DELETE, "/api/jobs/\(id)", headers: token).status == 204)
        }
        #expect(try await service.post("/api/images", #"{"prompt": "effusion"}"#, headers: tokens[2]).status == 200)
      }
    }
  }

  @Test func anAccountsWorkIsBounded() async throws {
    // Five images with the model's own four steps.
    try await withService({ $0.limits.cost = 5.5 }) { service async throws in
      let costly = try await service.post("/api/jobs", #"{"prompt": "effusion", "count": 6}"#)
      #expect(costly.status == 400 && costly.code == "too_costly", "\(costly.text)")
      let steps = try await service.post("/api/images", #"{"prompt": "effusion", "steps": 40}"#)
      #expect(steps.code == "too_costly", "\(steps.text)")
      let job = try await service.post("/api/jobs", #"{"prompt": "effusion", "count": 5}"#)
      #expect(job.status == 202)
      #expect(abs((job.json["cost"] as? Double ?? 0) - 5) < 1e-6)
      let more = try await service.post("/api/jobs", #"{"prompt": "effusion", "count": 5}"#)
      // The first may be done already on a fast machine.
      #expect(more.code == "account_limit" || more.status == 202)
    }
  }

  @Test func aClientThatLeavesEndsItsWorkAndNoOther() async throws {
    try await withService { service async throws in
      // Ten images, so that it is not done before its client has left.
      let slow = #"{"prompt": "effusion", "seed": 1, "steps": 1000, "n": 10}"#
      func begin() async throws -> RawConnection {
        let connection = try RawConnection(port: service.port)
        await connection.send(
          "POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(slow.utf8.count)\r\n\r\n\(slow)")
        return connection
      }
      let other = #"{"prompt": "clear lungs", "seed": 5, "steps": 1000, "count": 3}"#
      let stays = try await service.post("/api/jobs", other)
      let id = try #require(stays.json["id"] as? String)
      var leaving: [RawConnection] = []
      for _ in 0..<5 { leaving.append(try await begin()) }
      #expect(try await service.waitUntil { try await service.metric("thorax_queue_waiting") == 5 })
      leaving = []
      #expect(try await service.waitUntil { try await service.metric("thorax_cancelled_total") == 5 })
      // The one that is being drawn is ended too.
      leaving = [try await begin()]
      #expect(try await service.waitUntil { try await state(of: id, service) == "finished" })
      #expect(try await service.waitUntil { try await service.metric("thorax_queue_running") == 1 })
      leaving = []
      #expect(try await service.waitUntil { try await service.metric("thorax_queue_running") == 0 })
      #expect(try await service.metric("thorax_cancelled_total") == 6)
      #expect(try await service.post("/api/images", #"{"prompt": "effusion", "steps": 1}"#).status == 200)
    }
  }

  private func state(of id: String, _ service: RunningService) async throws -> String? {
    try await service.get("/api/jobs/\(id)").json["state"] as? String
  }

  @Test func stoppingFinishesWhatRunsAndRefusesTheRest() async throws {
    try await withTinyPlace { place in
      try await place.serve { service async throws in
        let body = #"{"prompt": "effusion", "seed": 1, "steps": 1000}"#
        async let running = service.post("/api/images", body)
        #expect(try await service.waitUntil { try await service.metric("thorax_queue_running") == 1 })
        // One of them may begin before the service has heard of its end; not all.
        let codes = try await withThrowingTaskGroup(of: String?.self) { group in
          for _ in 0..<6 {
            group.addTask {
              let answer = try await service.post("/api/images", body)
              return answer.status == 200 ? "drawn" : answer.code
            }
          }
          #expect(try await service.waitUntil { try await service.metric("thorax_queue_waiting") ?? 0 >= 4 })
          service.service.stop()
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(try await running.status == 200)
        #expect(codes.count { $0 == "shutting_down" } >= 3, "\(codes)")
        #expect(codes.allSatisfy { $0 == "shutting_down" || $0 == "drawn" }, "\(codes)")
      }
    }
  }

  @Test func aRequestThatTakesTooLongIsEnded() async throws {
    try await withService({ settings in
      settings.limits.time = .seconds(1)
      settings.limits.images = 16
    }) { service async throws in
      let answer = try await service.post("/v1/images/generations", #"{"prompt": "effusion", "n": 10, "steps": 1000}"#)
      #expect(answer.status == 503 && answer.code == "time_limit", "\(answer.text.prefix(200))")
      #expect(try await service.waitUntil { try await service.metric("thorax_queue_running") == 0 })
    }
  }
}
