import Foundation
import ImageFiles
import TestSupport
import Testing

/// `generate --best-of N --judge FILE`.
@Suite(.serialized) struct BestOfTests {
  private struct Output: Decodable {
    struct Image: Decodable {
      struct Candidate: Decodable, Equatable {
        var seed: UInt64
        var score: Double
      }
      struct Asked: Decodable, Equatable {
        var labels: [String]
        var present: Bool
      }

      var path: String
      var seed: UInt64
      var best_of: Int?
      var first_seed: UInt64?
      var judge: String?
      var score: Double?
      var asked: [Asked]?
      var candidates: [Candidate]?
    }

    var images: [Image]
  }

  private static let prompt = "Left pleural effusion. No pneumothorax."
  private static let model = ["--model", "tiny", "--threads", "1"]

  private func generate(_ arguments: [String], in place: Workplace) throws -> Program.Result {
    let result = try place.run(["generate"] + arguments)
    #expect(result.status == 0, "\(result.errors)")
    return result
  }

  private func images(_ arguments: [String], in place: Workplace) throws -> [Output.Image] {
    let result = try generate(arguments + ["--json"] + Self.model, in: place)
    return try JSONDecoder().decode(Output.self, from: Data(result.output.utf8)).images
  }

  private func withJudge(_ body: (Workplace) throws -> Void) throws {
    try withWorkplace { place in
      try TinyJudge.write(to: place.folder.appendingPathComponent("judge.safetensors").path)
      try body(place)
    }
  }

  private func pixels(_ name: String, in place: Workplace) throws -> [UInt8] {
    try GrayscaleImage(decoding: [UInt8](place.data(name))).pixels
  }

  private static func choosing(_ count: Int) -> [String] { ["--best-of", "\(count)", "--judge", "judge.safetensors"] }

  @Test func ofEachGroupOfSeedsTheBestIsKeptAndSaid() throws {
    try withJudge { place in
      let kept = try images(
        [Self.prompt, "--count", "2", "--seed", "10", "--output", "a.png"] + Self.choosing(3), in: place)
      #expect(kept.map(\.path) == ["a-000.png", "a-001.png"])
      // What each candidate scores when it is drawn alone.
      let alone = try images(
        [Self.prompt, "--count", "6", "--seed", "10", "--output", "one.png"] + Self.choosing(1), in: place)
      #expect(alone.map(\.seed) == Array(10...15) && alone.allSatisfy { $0.best_of == 1 })
      for (group, image) in kept.enumerated() {
        let candidates = try #require(image.candidates)
        #expect(
          candidates
            == alone[group * 3..<group * 3 + 3].map { Output.Image.Candidate(seed: $0.seed, score: $0.score ?? 0) })
        let best = try #require(candidates.max { $0.score < $1.score })
        #expect(Set(candidates.map(\.score)).count == 3 && best.score < 0)
        #expect(image.seed == best.seed && image.score == best.score)
        #expect(image.best_of == 3 && image.first_seed == UInt64(10 + group * 3) && image.judge?.count == 64)
        #expect(
          image.asked
            == [
              .init(labels: ["Effusion"], present: true), .init(labels: ["Pneumothorax"], present: false),
            ])
        let texts = try ImageText.read(from: [UInt8](place.data(image.path)))
        func value(_ key: String) -> String? { texts.first { $0.key == "thorax:" + key }?.value }
        #expect(value("seed") == "\(best.seed)" && value("best-of") == "3")
        #expect(value("best-of-first-seed") == "\(10 + group * 3)")
        #expect(value("judge-hash") == image.judge && value("judge-score") == "\(best.score)")
        let single = "one-00\(best.seed - 10).png"
        #expect(try pixels(image.path, in: place) == pixels(single, in: place))
      }
    }
  }

  @Test(arguments: ["png", "jpg"]) func theKeptImageIsDrawnAgainWithoutTheJudge(format: String) throws {
    try withJudge { place in
      let result = try generate(
        [Self.prompt, "--seed", "5", "--output", "a.\(format)"] + Self.choosing(4) + Self.model, in: place)
      #expect(result.errors.contains("the best of 4 from seed 5 by judge"), "\(result.errors)")
      #expect(result.errors.contains("for Effusion, no Pneumothorax"))
      try FileManager.default.removeItem(at: place.folder.appendingPathComponent("judge.safetensors"))
      let again = try generate(["--like", "a.\(format)", "--output", "b.\(format)"], in: place)
      #expect(again.errors == "the same bytes as 'a.\(format)'\n")
      #expect(try place.data("a.\(format)") == place.data("b.\(format)"))
      // Another image was not chosen.
      let other = try generate(["--like", "a.\(format)", "--seed", "99", "--output", "c.\(format)"], in: place)
      #expect(other.errors.contains("best-of is none and not the best of 4 from seed 5"), "\(other.errors)")
      let texts = try ImageText.read(from: [UInt8](place.data("c.\(format)")))
      #expect(texts.contains { $0.key == "thorax:seed" } && !texts.contains { $0.key.contains("judge") })
    }
  }

  @Test func aNormalChestIsEitherOfTwoLabels() throws {
    try withJudge { place in
      let image = try #require(
        try images(["Normal chest radiograph.", "--seed", "1", "--output", "a.png"] + Self.choosing(2), in: place).first
      )
      #expect(image.asked == [.init(labels: ["No Finding", "Normal"], present: true)])
    }
  }
}

extension BadInput {
  private static let best = ["generate", "effusion", "--best-of"]

  private static func judged(
    _ name: String, _ arguments: [String], labels: [String] = TinyJudge.labels, status: Int32, says: String
  ) -> BadInput {
    BadInput(name, arguments + ["--judge", "j.safetensors"], status: status, says: says) {
      try TinyJudge.write(to: $0.folder.appendingPathComponent("j.safetensors").path, labels: labels)
    }
  }

  static let choices: [BadInput] = [
    BadInput("best of a number without a judge", best + ["4"], status: 64, says: "--best-of is given without --judge"),
    BadInput("judge missing", best + ["4", "--judge", "no.safetensors"], status: 66, says: "no.safetensors"),
    judged(
      "a prompt that the judge knows nothing of", ["generate", "a cat", "--best-of", "2"], status: 64,
      says: "sees nothing that 'a cat' asks for: ask for, or deny, one of Cardiomegaly, Effusion, No Finding, Normal, "
        + "Pneumothorax"),
    judged(
      "the second prompt unknown to the judge", ["generate", "effusion", "rib fracture", "--best-of", "2"], status: 64,
      says: "'rib fracture'"),
    judged("a judge of traits alone", best + ["2"], labels: ["female"], status: 64, says: "has no label that a prompt"),
    BadInput("judge without a number", ["generate", "a", "--judge", "x"], status: 64, says: "without --best-of"),
    judged("best of none", best + ["0"], status: 64, says: "best-of is 0"),
    judged("best of less than none", best + ["-3"], status: 64, says: "best-of is -3"),
    judged("best of too many", best + ["1001"], status: 64, says: "1 to 1000"),
    judged("best of a word", best + ["all"], status: 64, says: "is not a number"),
    judged(
      "more candidates than may be drawn", best + ["1000", "--count", "101"], status: 64, says: "smaller best-of"),
    judged(
      "candidates beyond the last seed", best + ["2", "--seed", "18446744073709551615"], status: 64, says: "seed"),
    judged(
      "candidates of latents", best + ["2", "--initial-latents", "l.safetensors"], status: 64, says: "start alike"),
    judged("candidates with previews", best + ["2", "--preview-every", "1"], status: 64, says: "--preview-every"),
    BadInput(
      "judge of another kind", best + ["2", "--judge", "vae.safetensors"], status: 65, says: "holds no classifier"
    ) {
      try FileManager.default.copyItem(
        at: $0.model.folder.appendingPathComponent("vae.safetensors"),
        to: $0.folder.appendingPathComponent("vae.safetensors"))
    },
    BadInput(
      "judge a text", best + ["2", "--judge", "j.safetensors"], files: ["j.safetensors": Data("hello".utf8)],
      status: 65, says: "j.safetensors"),
    BadInput("judge a folder", best + ["2", "--judge", "."], status: 74, says: "folder"),
  ]
}
