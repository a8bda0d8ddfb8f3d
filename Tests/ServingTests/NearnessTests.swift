import Foundation
import GRDB
import ImageFiles
import TestBasics
import Testing

@testable import Serving

@Suite struct NearnessTests {
  /// Calls an image a copy if its mean is below a bound; fails on demand.
  private struct Judge: TrainingNearnessJudge {
    var fails = false

    func nearness(of image: GrayscaleImage) async throws -> TrainingNearness {
      if fails { throw CocoaError(.featureUnsupported) }
      let mean = Double(image.pixels.reduce(0) { $0 + Int($1) }) / Double(image.pixels.count)
      return TrainingNearness(verdict: .clear, distance: mean / 255, threshold: 0.25, images: 60)
    }
  }

  private func images(_ service: RunningService) async throws -> [[String: Any]] {
    let made = try await service.post("/api/jobs", #"{"prompt": "effusion", "seed": 3, "count": 2, "steps": 2}"#)
    let id = try #require(made.json["id"] as? String)
    #expect(
      try await service.waitUntil { try await service.get("/api/jobs/\(id)").json["state"] as? String == "finished" })
    return try #require(try await service.get("/api/jobs/\(id)").json["images"] as? [[String: Any]])
  }

  @Test func eachImageSaysHowNearItIs() async throws {
    try await withTinyPlace { place in
      let drawn = try await place.images(
        .init(prompt: "effusion", seed: 3, count: 2, settings: .init(steps: 2)))
      try await place.serve({ $0.judge = Judge() }) { service async throws in
        #expect(try await service.get("/api/capabilities").json["gate"] as? Bool == true)
        let found = try await images(service).compactMap { $0["nearness"] as? [String: Any] }
        #expect(found.count == 2)
        for (index, image) in drawn.enumerated() {
          let wanted = try await Judge().nearness(of: image.image)
          // JSON's digits lose the last bit.
          #expect(abs((found[index]["distance"] as? Double ?? 9) - wanted.distance) < 1e-12)
          #expect(found[index]["verdict"] as? String == "clear" && found[index]["threshold"] as? Double == 0.25)
          #expect(found[index]["images"] as? Int == 60)
        }
      }
    }
  }

  @Test func anImageThatCannotBeComparedIsKept() async throws {
    try await withService({ $0.judge = Judge(fails: true) }) { service async throws in
      let found = try await images(service)
      #expect(found.count == 2 && found.allSatisfy { $0["nearness"] == nil })
      #expect(service.log.contains { $0.contains("cannot be compared") })
    }
  }

  @Test func aStoreWithoutTheColumnGetsIt() async throws {
    let folder = try TemporaryFolder()
    let state = try StateFolder(folder.path("s"))
    _ = try JobStore(state: state)
    try await DatabaseQueue(path: folder.path("s/jobs.sqlite")).write {
      try $0.execute(sql: "ALTER TABLE images DROP COLUMN nearness")
    }
    let store = try JobStore(state: state)
    try await store.insert(
      Job(id: "j", account: "a", state: .waiting, created: Date(), model: "tiny", images: 1, request: "{}"))
    var image = JobImage(index: 0, prompt: "a", seed: 1, hashes: [:])
    image.nearness = TrainingNearness(verdict: .copy, distance: 0.1, threshold: 0.4, images: 60)
    try await store.add(image, files: [(.png, [1])], to: "j")
    #expect(try await store.images(of: "j") == [image])
  }
}
