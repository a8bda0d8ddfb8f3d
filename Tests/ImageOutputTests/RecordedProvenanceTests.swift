import Diffusion
import Foundation
import ImageFiles
import Support
import Testing

@testable import ImageOutput

@Suite struct RecordedProvenanceTests {
  private static func hash(_ digit: Character) -> String { String(repeating: digit, count: 64) }

  private var full: Provenance {
    Provenance(
      prompt: "Épanchement\r\n\"left\" <b> & 胸水 🫁\t ", negative: "a\nb", seed: .max, steps: 37, guidance: 0.1 + 0.2,
      guidanceRescale: 1.0 / 3, guidanceInterval: 0.1...(0.7 + 0.2),
      guidanceFrom: .opposites, sampler: .ddim, eta: Double.leastNonzeroMagnitude,
      modelName: "x y",
      modelHash: Self.hash("a"), textEncoderName: "e", textEncoderHash: Self.hash("b"),
      initialLatents: Self.hash("c"),
      choice: ImageChoice(candidates: 8, firstSeed: .max - 5, judgeHash: Self.hash("e"), score: -1.0 / 3),
      device: "cuda:1", precision: "bf16", threads: 3)
  }

  private func image() throws -> GrayscaleImage {
    try GrayscaleImage(width: 8, height: 8, pixels: (0..<64).map { UInt8($0) })
  }

  private func record(_ drawn: Provenance, as format: OutputFormat) throws -> RecordedProvenance {
    let bytes = try SyntheticImage(image(), provenance: drawn).encoded(as: format)
    return try RecordedProvenance(RecordedProvenance.texts(of: bytes, path: "x"), path: "x")
  }

  @Test(arguments: OutputFormat.allCases) func everySettingComesBack(format: OutputFormat) throws {
    let found = try record(full, as: format)
    #expect(found.differences(from: full, version: ThoraxVersion.current).isEmpty)
    #expect(
      found.guidanceRescale == full.guidanceRescale && found.guidanceInterval == GuidanceInterval(0.1...(0.7 + 0.2)))
    #expect(found.choice == full.choice && found.guidanceFrom == .opposites)
    #expect(found.guidance == 0.1 + 0.2 && found.eta == Double.leastNonzeroMagnitude && found.seed == .max)

    var plain = full
    (plain.negative, plain.initialLatents, plain.guidanceInterval, plain.prompt) = (nil, nil, nil, "")
    (plain.choice, plain.guidanceFrom) = (nil, .nothing)
    let other = try record(plain, as: format)
    #expect(other.choice == nil && other.guidanceFrom == .nothing)
    #expect(other.differences(from: plain, version: ThoraxVersion.current).isEmpty)
    #expect(other.guidanceInterval == .always && other.prompt.isEmpty && other.negative == nil)
  }

  /// One change of each field is one difference, by the key that the file has it under.
  @Test func everyChangeIsADifference() throws {
    let found = try record(full, as: .png)
    let changes: [(String, (inout Provenance) -> Void)] = [
      ("prompt", { $0.prompt = "b" }), ("negative", { $0.negative = nil }), ("seed", { $0.seed = 1 }),
      ("steps", { $0.steps = 38 }), ("guidance", { $0.guidance = 0.3 }),
      ("guidance-rescale", { $0.guidanceRescale = 0 }),
      ("guidance-interval", { $0.guidanceInterval = nil }), ("guidance-from", { $0.guidanceFrom = .nothing }),
      ("sampler", { $0.sampler = .heun }),
      ("eta", { $0.eta = 0 }),
      ("initial-latents", { $0.initialLatents = nil }), ("best-of", { $0.choice = nil }),
      ("best-of", { $0.choice?.score = -2 }), ("model", { $0.modelName = "z" }),
      ("model-hash", { $0.modelHash = Self.hash("d") }), ("text-encoder-hash", { $0.textEncoderHash = Self.hash("d") }),
      ("watermark", { $0.isWatermarked = false }), ("stamp", { $0.isStamped = true }),
      ("device", { $0.device = "cpu" }),
      ("precision", { $0.precision = "fp32" }), ("threads", { $0.threads = 4 }),
    ]
    for (key, change) in changes {
      var drawn = full
      change(&drawn)
      #expect(found.differences(from: drawn, version: ThoraxVersion.current).map(\.key) == [key])
    }
    #expect(found.differences(from: full, version: "9.9.9").map(\.key) == ["version"])
  }

  @Test func filesOfBeforeLackWhatCouldNotBeChosen() throws {
    let old = full.texts.filter {
      !["guidance-rescale", "guidance-interval", "text-encoder", "text-encoder-hash", "initial-latents"]
        .contains(String($0.key.dropFirst(7)))
    }
    let found = try RecordedProvenance(old, path: "x")
    #expect(found.guidanceRescale == nil && found.guidanceInterval == nil && found.textEncoderHash == nil)
    var drawn = full
    drawn.initialLatents = nil
    #expect(found.differences(from: drawn, version: ThoraxVersion.current).isEmpty)
  }

  @Test(arguments: [
    ("seed", "18446744073709551616"), ("seed", "-1"), ("seed", ""), ("steps", "0"), ("steps", "1e9"),
    ("steps", "99999999999999999999"), ("guidance", "nan"), ("guidance", "1e300"), ("guidance-rescale", "2"),
    ("guidance-interval", "0.9-0.1"), ("guidance-from", "everything"), ("sampler", "plms"), ("eta", "-1"),
    ("model", ""), ("model", "../../etc"),
    ("model", "/etc"), ("model", ".."), ("model-hash", "x"), ("model-hash", String(repeating: "A", count: 64)),
    ("text-encoder-hash", ""), ("initial-latents", "none"), ("threads", "0"), ("threads", "100000000"),
    ("preview-step", "x"), ("best-of", "0"), ("best-of", "1001"), ("best-of", "x"), ("best-of", "5"),
    ("best-of-first-seed", "-1"), ("judge-hash", "short"), ("judge-score", ""), ("judge-score", "low"),
  ])
  func aTextThatCannotBeIsNamed(key: String, value: String) {
    let texts = [ImageText("thorax:" + key, value)] + full.texts.filter { $0.key != "thorax:" + key }
    #expect(throws: ProvenanceError.malformed(path: "x", key: key, value: value)) {
      try RecordedProvenance(texts, path: "x")
    }
  }

  @Test(arguments: [
    "steps", "guidance", "sampler", "eta", "model", "model-hash", "version", "device", "threads", "best-of-first-seed",
    "judge-hash", "judge-score",
  ])
  func aTextThatIsMissingIsNamed(key: String) {
    let texts = full.texts.filter { $0.key != "thorax:" + key }
    #expect(throws: ProvenanceError.malformed(path: "x", key: key, value: nil)) {
      try RecordedProvenance(texts, path: "x")
    }
  }

  /// A score that is no logarithm of a probability, or a seed that none of the candidates had.
  @Test(arguments: [
    ("judge-score", "0.1"), ("judge-score", "-inf"), ("judge-score", "nan"), ("best-of-first-seed", "7"),
  ])
  func aChoiceThatCannotBeIsNamed(key: String, value: String) {
    let texts = [ImageText("thorax:" + key, value)] + full.texts.filter { $0.key != "thorax:" + key }
    #expect(throws: ProvenanceError.malformed(path: "x", key: "best-of", value: "8")) {
      try RecordedProvenance(texts, path: "x")
    }
  }

  @Test func anImageOfAnotherProgramIsNotOurs() throws {
    #expect(throws: ProvenanceError.notOurs(path: "x")) {
      try RecordedProvenance([ImageText("Software", "Other"), ImageText("seed", "3")], path: "x")
    }
    #expect(throws: ProvenanceError.notOurs(path: "x")) { try RecordedProvenance([], path: "x") }
  }

  @Test func aPromptThatAJPEGCannotHoldIsNotTakenForTheWhole() throws {
    var long = full
    long.prompt = String(repeating: "effusion ", count: 20_000)
    #expect(throws: ProvenanceError.incomplete(path: "x", what: "prompt")) { try record(long, as: .jpeg) }
    #expect(try record(long, as: .png).prompt == long.prompt)
  }

  @Test func messagesAreOneLineWhateverTheFileSays() {
    let error = ProvenanceError.malformed(
      path: "a\nb", key: "device", value: "x\u{1B}[31m\n" + String(repeating: "y", count: 9_000))
    #expect(!error.description.contains("\n") && !error.description.contains("\u{1B}"))
    #expect(error.description.count < 400)
  }
}
