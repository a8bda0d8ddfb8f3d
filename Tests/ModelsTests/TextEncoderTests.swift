import Foundation
import RadiographModels
import TensorFiles
import Testing
import Torch

@testable import Models

@Suite struct TextEncoderTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures")

  /// The encoder that `./scripts/setup` fetches, if it did.
  private static let miniLM = try? TextEncoder.locate(name: "all-MiniLM-L6-v2")

  private func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  /// A folder with the small random encoder and a vocabulary of its size.
  private func makeEncoder(at folder: URL) throws {
    try FileManager.default.createDirectory(
      at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: Self.fixtures.appendingPathComponent("bert/tiny"), to: folder)
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "clear", "lungs", "no", "effusion"]
    let vocabulary = words + (words.count..<53).map { "w\($0)" }
    try vocabulary.joined(separator: "\n").write(
      to: folder.appendingPathComponent("vocab.txt"), atomically: true, encoding: .utf8)
  }

  @Test("the content hash is that of weights, architecture and tokenizer, in whichever folder they lie")
  func contentHash() throws {
    let root = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: root) }
    let encoder = root.appendingPathComponent("tiny")
    try makeEncoder(at: encoder)
    let hash = try TextEncoder.contentHash(of: encoder)
    let copy = root.appendingPathComponent("copy")
    try FileManager.default.copyItem(at: encoder, to: copy)
    try Data([1]).write(to: copy.appendingPathComponent("README.md"))
    #expect(try TextEncoder.contentHash(of: copy) == hash)
    for name in ["model.safetensors", "config.json", "vocab.txt"] {
      let file = copy.appendingPathComponent(name)
      let before = try Data(contentsOf: file)
      // Of the same size, so that only the content differs; a JSON file stays one.
      var after = before
      if name == "config.json" {
        after[try #require(after.firstIndex(of: UInt8(ascii: "\n")))] = UInt8(ascii: " ")
      } else {
        after[after.count - 1] ^= 1
      }
      try after.write(to: file)
      #expect(try TextEncoder.contentHash(of: copy) != hash, "\(name)")
      try before.write(to: file)
      #expect(try TextEncoder.contentHash(of: copy) == hash, "\(name)")
    }
  }

  @Test(.enabled(if: miniLM != nil, "needs all-MiniLM-L6-v2: run ./scripts/setup"))
  func miniLMHasTransformersHiddenStatesAndEmbeddings() throws {
    let file = Self.fixtures.appendingPathComponent("bert/minilm.safetensors").path
    let golden = try SafetensorsFile(path: file).loadTensors()
    let encoder = try TextEncoder(folder: #require(Self.miniLM))
    let prompts = [
      "Right lower lobe pneumonia with focal consolidation", "No acute cardiopulmonary abnormality.", "effusion",
    ]
    let encodings = try encoder.encode(prompts, maximumLength: 256)
    for (index, encoding) in encodings.enumerated() {
      let hidden = try #require(golden["hidden.\(index)"])
      try #require(encoding.hiddenStates_LD.shape == hidden.shape)
      #expect(try (encoding.hiddenStates_LD - hidden).abs().max().item() < 1e-5)
      let embedding = try BertEncoder.sentenceEmbedding(encoding.hiddenStates_LD, normalised: true)
      #expect(try (embedding - #require(golden["embedding.\(index)"])).abs().max().item() < 1e-5)
      #expect(try encoding.tokenCount == #require(golden["ids.\(index)"]).count)
    }
  }

  @Test func aPromptIsEncodedWithItsTokenCountAndItsCut() throws {
    let root = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: root) }
    try makeEncoder(at: root.appendingPathComponent("tiny"))
    let encoder = try TextEncoder(folder: root.appendingPathComponent("tiny"))
    let encodings = try encoder.encode(["Clear lungs", "no effusion no effusion", ""], maximumLength: 5)
    #expect(encodings.map(\.tokenCount) == [4, 5, 2])
    #expect(encodings.map { $0.hiddenStates_LD.shape } == [[4, 24], [5, 24], [2, 24]])
    #expect(encodings.map { $0.truncation?.characterOffset } == [nil, 15, nil])
    let padded = try encoder.encode(["clear lungs"], maximumLength: 8, paddedTo: 8)[0]
    #expect(padded.hiddenStates_LD.shape == [8, 24] && padded.tokenCount == 4)
    // Thirty-two positions are all that the encoder has.
    let long = try encoder.encode([String(repeating: "no ", count: 100)], maximumLength: 256)[0]
    #expect(long.tokenCount == 32 && long.truncation?.keptTokenCount == 30)
  }

  @Test func encodersAreFoundInThePlacesNamed() throws {
    let root = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: root) }
    let plain = root.appendingPathComponent("xdg/thorax/text-encoders/all-MiniLM-L6-v2")
    let hub = root.appendingPathComponent("hub/models--dmis-lab--biobert-v1.1")
    try makeEncoder(at: plain)
    for revision in ["aaa", "bbb"] { try makeEncoder(at: hub.appendingPathComponent("snapshots/\(revision)")) }
    let environment = [
      "XDG_CACHE_HOME": root.appendingPathComponent("xdg").path,
      "HF_HUB_CACHE": root.appendingPathComponent("hub").path,
    ]
    func located(_ name: String, _ more: [String: String] = [:]) throws -> String {
      try TextEncoder.locate(name: name, environment: environment.merging(more) { $1 }).path
    }
    #expect(try located("all-MiniLM-L6-v2") == plain.path)
    #expect(try located("sentence-transformers/all-MiniLM-L6-v2") == plain.path)
    #expect(try located(plain.path) == plain.path)
    #expect(try located("dmis-lab/biobert-v1.1").hasSuffix("snapshots/bbb"))
    #expect(try located("biobert-v1.1").hasSuffix("snapshots/bbb"))
    try FileManager.default.createDirectory(at: hub.appendingPathComponent("refs"), withIntermediateDirectories: true)
    try "aaa\n".write(to: hub.appendingPathComponent("refs/main"), atomically: true, encoding: .utf8)
    #expect(try located("biobert-v1.1").hasSuffix("snapshots/aaa"))

    let own = root.appendingPathComponent("own")
    try makeEncoder(at: own.appendingPathComponent("all-MiniLM-L6-v2"))
    #expect(try located("all-MiniLM-L6-v2", ["THORAX_TEXT_ENCODERS": own.path]).hasPrefix(own.path))
  }

  @Test(arguments: ["biobert-v1.1", "", "..", "../all-MiniLM-L6-v2", "/nowhere/encoder"])
  func aMissingEncoderIsNamed(name: String) throws {
    let root = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: root) }
    let error = #expect(throws: TextEncoderError.self) {
      try TextEncoder.locate(name: name, environment: ["HOME": root.path, "THORAX_TEXT_ENCODERS": "/a:/b"])
    }
    guard case .notFound(name, let places)? = error else {
      Issue.record("another error: \(String(describing: error))")
      return
    }
    #expect(
      places == [
        "/a", "/b", root.path + "/.cache/thorax/text-encoders", root.path + "/.cache/huggingface/hub",
      ])
  }

  @Test func aTokenizerOfMoreTokensThanTheWeightsIsRefused() throws {
    let root = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: root) }
    let folder = root.appendingPathComponent("tiny")
    try makeEncoder(at: folder)
    let vocabulary = folder.appendingPathComponent("vocab.txt")
    try (String(contentsOf: vocabulary, encoding: .utf8) + "\none-too-many").write(
      to: vocabulary, atomically: true, encoding: .utf8)
    #expect(throws: TextEncoderError.vocabularyMismatch(folder: folder.path, tokenizer: 54, encoder: 53)) {
      try TextEncoder(folder: folder)
    }
  }
}
