import Foundation
import Generation
import TensorFiles
import TestSupport
import Testing
import Torch

@testable import Models

/// Weights of the right names and shapes that nothing can be computed with: what is said of a model without loading it
/// is what loading it would say.
@Suite struct UnusableWeightsTests {
  /// The problems for which a model is refused; nil if it is not.
  private func problems(_ body: () async throws -> Void) async throws -> [String]? {
    do {
      try await body()
      return nil
    } catch ModelError.unfitWeights(_, let problems) {
      return problems
    }
  }

  private func information(_ model: TinyModel) throws {
    _ = try ModelInformation(source: ModelSource(path: model.folder.path))
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity], [DType.float32, .float16, .bfloat16])
  func valuesThatAreNotFiniteAreNamed(value: Double, dtype: DType) async throws {
    try await withTinyModel { model, _ in
      try information(model)
      try model.rewrite(.textProjection) { tensors in
        for name in tensors.keys { tensors[name] = try tensors[name]?.to(dtype) }
      }
      try information(model)
      try model.rewrite(.textProjection) { tensors in
        let bias = try #require(tensors["linear.bias"])
        // The last element alone, past whole words of eight bytes.
        tensors["linear.bias"] = try Tensor.cat([
          bias.narrow(dim: 0, start: 0, length: 15), Tensor.full([1], value: value, dtype: dtype),
        ])
      }
      let found = try #require(await problems { try information(model) })
      #expect(found.count == 1)
      #expect(found.first?.contains("not finite linear.bias)") == true, "\(found)")
      #expect(try await problems { _ = try await ModelHost.load(model) } == found)
    }
  }

  /// Gives one tensor of a file another element type; its bytes are zeros.
  private func retype(_ name: String, of part: ModelPart, in model: TinyModel, to dtype: StoredDType) throws {
    let path = model.folder.appendingPathComponent(part.fileName).path
    let file = try SafetensorsFile(path: path)
    let tensors = try file.names.map { other in
      let tensor = try file.tensor(other)
      let entry = SafetensorsEntry(name: other, dtype: other == name ? dtype : tensor.dtype, shape: tensor.shape)
      let zeros = [UInt8](repeating: 0, count: entry.byteCount ?? 0)
      return (entry: entry, bytes: other == name ? zeros : tensor.contiguousBytes())
    }
    try SafetensorsWriter.write(tensors, to: path)
  }

  @Test(arguments: [
    StoredDType.float8E4M3, .float8E5M2, .float4, .int8, .uint8, .int16, .int32, .int64, .bool, .complex64,
  ])
  func elementsThatAreNoWeightsAreNamed(dtype: StoredDType) async throws {
    try await withTinyModel { model, _ in
      try retype("input.weight", of: .unet, in: model, to: dtype)
      let found = try #require(await problems { try information(model) })
      let text = "input.weight has elements of \(dtype.rawValue)"
      #expect(found.count == 1 && found[0].contains(text), "\(found)")
      do {
        _ = try await ModelHost.load(model)
        Issue.record("the model was loaded")
      } catch ModelError.unfitWeights(_, let problems) {
        #expect(problems[0].contains("input.weight has elements of"), "\(problems)")
      } catch TorchError.unsupportedElements(let elements, let place) {
        #expect(elements == dtype.rawValue && place.contains("input.weight"))
      }
    }
  }

  @Test func everyKindOfProblemOfEveryPartIsInOneMessage() async throws {
    try await withTinyModel { model, _ in
      try retype("encoder.1.bias", of: .autoencoder, in: model, to: .int32)
      try model.rewrite(.unet) { tensors in
        tensors["input.bias"] = nil
        tensors["surplus"] = try Tensor.zeros([1])
      }
      try model.rewrite(.textProjection) { tensors in
        tensors["linear.bias"] = try Tensor.full([16], value: .nan)
      }
      let found = try #require(await problems { try information(model) })
      #expect(found.count == 3)
      #expect(found[1].contains("missing input.bias") && found[1].contains("unexpected surplus"))
      #expect(found[2].contains("not finite linear.bias"))
    }
  }

  @Test func aCheckpointOfTheAuthorsIsHeldToTheSameRules() throws {
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures")
    let path = fixtures.appendingPathComponent("released/tiny.pt").path
    try ModelSource(path: path).checkWeights()
    // The first float of the first storage becomes NaN.
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let checkpoint = try TorchArchive(path: path)
    let tensor = try #require(try checkpoint.tensors(at: "unet_state_dict").first { $0.name == "out.2.bias" }).tensor
    bytes.replaceSubrange(tensor.byteRange.prefix(4), with: [0, 0, 0xC0, 0x7F])
    let broken = FileManager.default.temporaryDirectory.appendingPathComponent("broken-\(UUID().uuidString).pt")
    defer { try? FileManager.default.removeItem(at: broken) }
    try Data(bytes).write(to: broken)
    do {
      try ModelSource(path: broken.path).checkWeights()
      Issue.record("the checkpoint was accepted")
    } catch ModelError.unfitWeights(_, let problems) {
      #expect(problems.count == 1 && problems[0].contains("not finite output.convolution.bias"), "\(problems)")
    }
  }
}
