import ImageFiles
import ImageOutput
import Models
import Support
import TestSupport
import Testing

@testable import Generation

/// A judge that prefers dark images, or finds all alike.
private struct DarkJudge: ImageJudge {
  var hash = String(repeating: "d", count: 64)
  var isFair = false

  struct Blind: Error {}

  func scores(of images: [GrayscaleImage], prompt: String) throws -> [Double] {
    if prompt == "unknown" { throw Blind() }
    return images.map { isFair ? -1 : Self.score($0) }
  }

  static func score(_ image: GrayscaleImage) -> Double {
    -Double(image.pixels.reduce(0) { $0 + Int($1) }) / Double(image.pixels.count * 255)
  }
}

@Suite struct BestOfTests {
  @Test func theNearestOfConsecutiveSeedsIsKept() async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      let request = GenerationRequest(prompt: "effusion", seed: 40, count: 2, keepsLatents: true)
      let seen = Seen()
      let result = try await BestOf(3, host: host, judge: DarkJudge()).generate(request) { candidate, event in
        if case .image = event { seen.add(candidate) }
      }
      #expect(seen.all == Array(0..<6))
      var alone = request
      alone.count = 6
      let drawn = try await host.generate(alone).images
      let scores = drawn.map { DarkJudge.score($0.image) }
      #expect(Set(scores).count == 6, "a choice is to be made")
      for group in 0..<2 {
        let places = group * 3..<group * 3 + 3
        let best = try #require(places.max { scores[$0] < scores[$1] })
        let kept = result.generation.images[group]
        #expect(kept.index == group && kept.image == drawn[best].image && kept.latents == drawn[best].latents)
        #expect(kept.provenance.seed == 40 + UInt64(best))
        #expect(
          kept.provenance.choice
            == ImageChoice(
              candidates: 3, firstSeed: 40 + UInt64(group * 3), judgeHash: DarkJudge().hash, score: scores[best]))
        #expect(
          result.candidates[group] == places.map { BestOf.Candidate(seed: 40 + UInt64($0), score: scores[$0]) })
      }
      #expect(result.generation.timings.denoise > 0)
    }
  }

  @Test func ofEqualScoresTheFirstIsKept() async throws {
    try await withTinyModel { model, _ in
      let judge = DarkJudge(isFair: true)
      let result = try await BestOf(3, host: ModelHost.load(model), judge: judge)
        .generate(GenerationRequest(prompt: "effusion", seed: 7))
      #expect(result.generation.images.map(\.provenance.seed) == [7])
    }
  }

  @Test func whatCannotBeChosenFromIsRefused() async throws {
    try await withTinyModel { model, _ in
      let host = try await ModelHost.load(model)
      for candidates in [0, -1, 1001, .max] {
        #expect(throws: RequestError.outOfRange(what: "best-of", value: "\(candidates)", allowed: "1 to 1000")) {
          try BestOf(candidates, host: host, judge: DarkJudge())
        }
      }
      let best = try BestOf(4, host: host, judge: DarkJudge())
      await #expect(throws: DarkJudge.Blind.self) {
        try await best.generate(GenerationRequest(prompt: "unknown", seed: 1))
      }
      await #expect(
        throws: RequestError.outOfRange(
          what: "seed", value: "\(UInt64.max - 2)", allowed: "one that leaves room for 4 images")
      ) { try await best.generate(GenerationRequest(prompt: "a", seed: .max - 2)) }
      for count in [0, 25_001] {
        await #expect(throws: RequestError.outOfRange(what: "count", value: "\(count)", allowed: "1 to 25000")) {
          try await best.generate(GenerationRequest(prompt: "a", seed: 1, count: count))
        }
      }
      let latents = Latents(shape: [4, 8, 8], values: Array(repeating: 0, count: 256))
      for request in [
        GenerationRequest(prompt: "a", seed: 1, initialLatents: [latents]),
        GenerationRequest(prompt: "a", seed: 1, previewInterval: 1),
      ] {
        let error = await #expect(throws: RequestError.self) { try await best.generate(request) }
        guard case .conflict = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
      }
    }
  }
}

/// Numbers in the order in which they came.
private final class Seen: @unchecked Sendable {
  // Written on the host's thread while the test waits for it, read afterwards.
  private(set) var all: [Int] = []
  func add(_ number: Int) { all.append(number) }
}
