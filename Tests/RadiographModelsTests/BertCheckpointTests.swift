import Foundation
import TensorFiles
import Support
import Testing
import Torch
import TorchNN

@testable import RadiographModels

@Suite struct BertCheckpointTests {
  private let tiny = BertEncoderTests.fixtures.appendingPathComponent("tiny")

  /// A copy of the small encoder's folder that a test may damage.
  private func copy() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.copyItem(at: tiny, to: folder)
    return folder
  }

  @Test func namesOfPublishedCheckpointsAreUnderstood() {
    let names: [(String, String?)] = [
      ("bert.embeddings.LayerNorm.gamma", "embeddings.LayerNorm.weight"),
      ("encoder.layer.0.output.LayerNorm.beta", "encoder.layer.0.output.LayerNorm.bias"),
      ("bert.encoder.layer.11.attention.self.key.bias", "encoder.layer.11.attention.self.key.bias"),
      ("embeddings.position_ids", nil), ("bert.pooler.dense.weight", nil), ("cls.predictions.decoder.weight", nil),
      ("embeddings.position_embeddings.weight", "embeddings.position_embeddings.weight"),
      ("classifier.weight", "classifier.weight"),
    ]
    for (name, path) in names { #expect(BertCheckpoint.path(of: name) == path, "\(name)") }
  }

  @Test func allThatDoesNotFitIsNamed() throws {
    let folder = try copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let checkpoint = try BertCheckpoint(folder: folder)
    var tensors = try checkpoint.tensors()
    tensors["embeddings.LayerNorm.bias"] = nil
    tensors["classifier.weight"] = try Tensor.zeros([2, 24])
    tensors["encoder.layer.1.output.dense.bias"] = try Tensor.zeros([23])
    tensors["encoder.layer.2.output.dense.bias"] = try Tensor.full([24], value: .nan)
    try SafetensorsWriter.write(tensors, to: checkpoint.weights.path)

    var problems = ParameterLoadingError()
    problems.missing = ["embeddings.LayerNorm.bias"]
    problems.unexpected = ["classifier.weight"]
    problems.misshaped = [.init(path: "encoder.layer.1.output.dense.bias", expected: [24], found: [23])]
    problems.nonFinite = ["encoder.layer.2.output.dense.bias"]
    let expected = TextEncoderError.unfitWeights(path: checkpoint.weights.path, problems)
    #expect(throws: expected) { try BertCheckpoint(folder: folder).makeEncoder() }
    #expect("\(expected)".contains("classifier.weight") && "\(expected)".contains("[23] instead of [24]"))
  }

  @Test func missingFilesAreNamed() throws {
    let folder = try copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.removeItem(at: folder.appendingPathComponent("model.safetensors"))
    #expect(
      throws: TextEncoderError.missingFile(folder: folder.path, file: "model.safetensors or pytorch_model.bin")
    ) { try BertCheckpoint(folder: folder) }
    try FileManager.default.removeItem(at: folder.appendingPathComponent("config.json"))
    #expect(throws: TextEncoderError.missingFile(folder: folder.path, file: "config.json")) {
      try BertCheckpoint(folder: folder)
    }
  }

  /// In the place where set-up has put it, an encoder comes back with set-up; in any other, it has to be fetched.
  @Test(arguments: [
    ("thorax/text-encoders/all-MiniLM-L6-v2", "run scripts/setup"),
    ("other/all-MiniLM-L6-v2", "fetch the text encoder"),
  ])
  func whatIsDamagedIsBroughtAgain(place: String, remedy: String) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: root) }
    let folder = root.appendingPathComponent(place)
    try FileManager.default.createDirectory(at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: tiny, to: folder)
    let weights = folder.appendingPathComponent("model.safetensors")
    let whole = try Data(contentsOf: weights)
    for bytes in [whole.dropLast(8), whole.prefix(100)] {
      try Data(bytes).write(to: weights)
      let error = #expect(throws: TextEncoderError.self) { try BertCheckpoint(folder: folder).makeEncoder() }
      #expect(error?.description.contains(remedy) == true, "\(String(describing: error))")
    }
    if remedy.contains("setup") {
      try Data().write(to: weights)
      let empty = #expect(throws: TextEncoderError.self) { try BertCheckpoint(folder: folder).makeEncoder() }
      #expect(empty?.description.contains(remedy) == true, "\(String(describing: empty))")
    }
    try FileManager.default.removeItem(at: weights)
    let gone = #expect(throws: TextEncoderError.self) { try BertCheckpoint(folder: folder) }
    #expect(gone?.description.contains(remedy) == true, "\(String(describing: gone))")
  }

  @Test func theEncoderThatSetUpBringsIsNotFoundWithItsName() {
    let brought = TextEncoderError.notFound(name: "all-MiniLM-L6-v2", places: ["a"])
    #expect("\(brought)".contains("run scripts/setup"))
    #expect(!"\(TextEncoderError.notFound(name: "biobert", places: ["a"]))".contains("setup"))
  }

  @Test(arguments: [
    ("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 612\n", MistakenContent.pointer(byteCount: 612)),
    ("<!DOCTYPE html><html></html>", .webPage), ("", .empty),
  ])
  func somethingElseInPlaceOfAConfigurationIsNamed(text: String, content: MistakenContent) throws {
    let folder = try copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("config.json")
    try text.write(to: file, atomically: true, encoding: .utf8)
    #expect(throws: TextEncoderError.mistaken(path: file.path, content: content)) { try BertCheckpoint(folder: folder) }
  }

  @Test(arguments: [
    ("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"relu\"", "hidden_act relu"),
    ("\"model_type\": \"bert\"", "\"model_type\": \"roberta\"", "model_type roberta"),
    ("\"position_embedding_type\": \"absolute\"", "\"position_embedding_type\": \"relative_key\"", "relative_key"),
    ("\"hidden_size\": 24", "\"hidden_size\": 1000000000000", "hidden_size is 1000000000000"),
    ("\"hidden_size\": 24", "\"hidden_size\": 25", "not a multiple of 4 heads"),
    ("\"hidden_size\": 24", "\"hidden_size\": \"24\"", "hidden_size is of another kind"),
    ("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 0", "num_hidden_layers is 0"),
    ("\"vocab_size\": 53,", "", "it has no vocab_size"),
    ("{", "", "not JSON"),
  ])
  func aConfigurationThatIsNotSupportedIsRefused(from: String, to: String, message: String) throws {
    let folder = try copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("config.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    try #require(text.contains(from))
    try text.replacingOccurrences(of: from, with: to).write(to: file, atomically: true, encoding: .utf8)
    let error = #expect(throws: TextEncoderError.self) { try BertCheckpoint(folder: folder) }
    #expect(try #require(error).description.contains(message))
  }
}
