import Foundation
import TestBasics
import Testing

/// The whole way from nothing to pictures that follow their prompts, in a short form. `Benchmarks/phantoms.py` is the
/// full one.
@Suite struct PhantomTrainingTests {
  /// As `thorax data phantom --check --json` prints it.
  private struct Check: Decodable {
    struct Share: Decodable {
      var share: Double
    }

    var kinds: [String: Share]
  }

  private static let promptCount = 200

  @Test("a model that was trained for a minute on phantoms follows prompts that it has not seen", .slow, .tags(.slow))
  func aShortTrainingObeys() throws {
    try withTemporaryFolder { (folder: URL) in
      func thorax(_ words: String) throws -> String {
        let result = try Program.run(
          words.split(separator: " ").map(String.init) + ["--quiet"], in: folder, patience: 1200)
        try #require(result.status == 0, "thorax \(words): \(result.errors)")
        return result.output
      }
      let training = "--data phantoms --output run --recipe phantom --threads 1 --set learningRate=2e-3"
      _ = try thorax("data phantom --count 800 --seed 1 --output phantoms --split 95/5/0")
      _ = try thorax("train vae \(training) --set steps=120 --set cadence.validate=120")
      _ = try thorax("train diffusion \(training) --set steps=320 --set cadence.validate=320 --set emaDecay=0.97")
      _ = try thorax("export run --output model")
      _ = try thorax("data phantom --prompts prompts.jsonl --count \(Self.promptCount) --seed 9")
      _ = try thorax(
        "generate --model model --prompts prompts.jsonl --seed 1 --output pictures/p.png --guidance 3 --steps 8 --threads 1"
      )

      let check = try JSONDecoder().decode(
        Check.self, from: Data(thorax("data phantom --check prompts.jsonl pictures --json").utf8))
      // By chance a third to a half of the pictures obeys, or fewer.
      for (kind, least) in ["heart_size": 0.6, "presence": 0.7, "side": 0.55, "zone": 0.5] {
        let share = try #require(check.kinds[kind]).share
        #expect(share >= least, "\(kind): \(share) of the pictures")
      }
    }
  }
}
