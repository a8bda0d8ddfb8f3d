import Foundation
import TensorFiles
import Testing
import Torch
import TorchNN

@testable import RadiographModels

/// Against Hugging Face transformers; the fixtures are made by `Tools/reference/bert.py`.
@Suite struct BertEncoderTests {
  static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/bert")

  private func golden(_ name: String) throws -> [String: Tensor] {
    try SafetensorsFile(path: Self.fixtures.appendingPathComponent("\(name).safetensors").path).loadTensors()
  }

  private func ids(_ tensor: Tensor?) throws -> [Int] { try #require(tensor).to(.int64).int64s().map(Int.init) }

  private func largestDifference(_ a: Tensor, _ b: Tensor?) throws -> Double {
    let b = try #require(b)
    try #require(a.shape == b.shape)
    return try (a - b).abs().max().item()
  }

  @Test(arguments: ["tiny", "tiny-bin"])
  func everyLayerHasTransformersHiddenStates(folder: String) throws {
    let golden = try golden("tiny")
    let checkpoint = try BertCheckpoint(folder: Self.fixtures.appendingPathComponent(folder))
    let states = try checkpoint.makeEncoder().allHiddenStates(ids(golden["ids"]))
    #expect(states.count == checkpoint.architecture.layers + 1)
    for (layer, state) in states.enumerated() {
      #expect(try largestDifference(state, golden["layer.\(layer)"]) < 1e-5, "layer \(layer)")
    }
  }

  @Test func textsOfDifferentLengthsGiveWhatAnAttentionMaskGives() throws {
    let golden = try golden("tiny")
    let encoder = try BertCheckpoint(folder: Self.fixtures.appendingPathComponent("tiny")).makeEncoder()
    let texts = [try ids(golden["ids"]), try ids(golden["short"])]
    let real = try encoder(texts)
    #expect(real.map(\.shape) == [[7, 24], [3, 24]])
    #expect(try largestDifference(real[0], golden["padded.0"]) < 1e-5)
    let shortGolden = try #require(golden["padded.1"]).narrow(dim: 0, start: 0, length: 3)
    #expect(try largestDifference(real[1], shortGolden) < 1e-5)

    let padded = try encoder(texts, paddedTo: 7)
    #expect(try largestDifference(padded[0], golden["padded.0"]) < 1e-5)
    #expect(try largestDifference(padded[1], golden["padded.1"]) < 1e-5)
  }

  @Test func manyTextsComeBackInTheirOrder() throws {
    let encoder = try BertCheckpoint(folder: Self.fixtures.appendingPathComponent("tiny")).makeEncoder()
    let texts = (0..<80).map { index in [2] + (0..<index % 3 + 1).map { 4 + (index * 7 + $0) % 49 } + [3] }
    for (text, hidden) in zip(texts, try encoder(texts)) {
      #expect(try largestDifference(hidden, encoder([text])[0]) < 1e-5)
    }
    #expect(try encoder([]).isEmpty)
  }

  /// BERT base's twelve layers of 768, with weights that a seed gives on both sides.
  @Test func bertBaseHasTransformersHiddenStates() throws {
    let golden = try golden("base")
    let architecture = BertArchitecture(
      vocabularySize: 100, hiddenSize: 768, layers: 12, heads: 12, intermediateSize: 3_072, maximumPositions: 32)
    let store = try ParameterStore(generator: Generator(seed: 20), trainable: false)
    let hidden = try BertEncoder(store.root, architecture)([ids(golden["ids"])])[0]
    #expect(try largestDifference(hidden, golden["hidden"]) < 1e-5)
  }

  @Test func parameterCountsArePublished() throws {
    let base = ParameterStore.shapesOnly()
    _ = try BertEncoder(base.root, .base)
    // BioBERT's 108,310,272 without the pooler.
    #expect(base.count == 108_310_272 - (768 * 768 + 768))
    let miniLM = ParameterStore.shapesOnly()
    _ = try BertEncoder(miniLM.root, .miniLM)
    #expect(miniLM.count == 22_713_216 - (384 * 384 + 384))
  }

  @Test func impossibleTextsAreRefused() throws {
    let encoder = try BertCheckpoint(folder: Self.fixtures.appendingPathComponent("tiny")).makeEncoder()
    #expect(throws: TextEncoderError.tokenOutOfRange(53, vocabularySize: 53)) { try encoder([[2, 53, 3]]) }
    #expect(throws: TextEncoderError.tokenOutOfRange(-1, vocabularySize: 53)) { try encoder([[2, 3]], paddingID: -1) }
    #expect(throws: TextEncoderError.tooManyTokens(count: 33, limit: 32)) {
      try encoder([Array(repeating: 4, count: 33)])
    }
    #expect(throws: TextEncoderError.tooManyTokens(count: 0, limit: 32)) { try encoder([[]]) }
    #expect(throws: TextEncoderError.tooManyTokens(count: 40, limit: 32)) { try encoder([[2, 3]], paddedTo: 40) }
  }

  @Test func theSentenceEmbeddingIsTheMean() throws {
    let hidden_LD = try Tensor([1, 2, 3, 4, 5, 9] as [Float], shape: [3, 2])
    #expect(try BertEncoder.sentenceEmbedding(hidden_LD).floats() == [3, 5])
    let normalised = try BertEncoder.sentenceEmbedding(hidden_LD, normalised: true)
    #expect(try abs(normalised.square().sum().item() - 1) < 1e-6)
  }
}
