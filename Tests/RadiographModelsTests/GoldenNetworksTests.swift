import Foundation
import RadiographModels
import TensorFiles
import Testing
import Torch
import TorchNN

/// The parts of the default model at a small size against what PyTorch computed (`Tools/reference/models.py`).
@Suite struct GoldenNetworksTests {
  let golden: [String: Tensor]

  init() throws { golden = try ModelFixtures.tensors("tiny") }

  /// Makes a network twice: for the names and shapes, then from weights by rule.
  private func make<Network>(
    trainable: Bool = false, _ network: (ParameterScope) throws -> Network
  ) throws -> (Network, ParameterStore) {
    let shapes = ParameterStore.shapesOnly()
    _ = try network(shapes.root)
    let weights = try RuleWeights.tensors(
      Dictionary(uniqueKeysWithValues: shapes.parameters.map { ($0.path, $0.shape) }))
    let store = ParameterStore(tensors: weights, trainable: trainable)
    let made = try network(store.root)
    try store.verify()
    return (made, store)
  }

  private func expect(_ actual: Tensor?, equals name: String, sourceLocation: SourceLocation = #_sourceLocation) throws
  {
    let error = try relativeMaximumError(#require(actual), #require(golden[name]))
    #expect(error < 1e-5, sourceLocation: sourceLocation)
  }

  @Test("Text projection, pooled text and mask")
  func textProjection() throws {
    let (projection, _) = try make { try TextProjection($0, TinyNetworks.textProjection) }
    let condition = try projection(#require(golden["text.in.hidden"]), mask_BS: #require(golden["text.in.mask"]))
    try expect(condition.context_BSC, equals: "text.out.context")
    try expect(condition.pooled_BE, equals: "text.out.pooled")
  }

  @Test("U-Net, forward and backward, plain and checkpointed", arguments: CheckpointingPolicy.allCases)
  func unet(checkpointing: CheckpointingPolicy) throws {
    let (unet, store) = try make(trainable: true) { try UNet($0, TinyNetworks.unet()) }
    let text = TextCondition(
      context_BSC: try #require(golden["text.out.context"]), mask_BS: try #require(golden["text.in.mask"]).to(.bool),
      pooled_BE: golden["text.out.pooled"])
    let output = try unet(
      #require(golden["unet.in.latent"]), times_B: #require(golden["unet.in.times"]), text: text,
      checkpointing: checkpointing)
    try expect(output, equals: "unet.out")
    try output.square().mean().backward()
    let expected = try #require(golden["unet.grad.l2"]).doubles()
    let parameters = store.parameters.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    #expect(parameters.count == expected.count)
    for (parameter, expected) in zip(parameters, expected) {
      let gradient = try parameter.value.grad
      let norm = try #require(gradient, "\(parameter.path)").norm().item()
      #expect(abs(norm - expected) <= 1e-3 * expected, "\(parameter.path)")
    }
  }

  @Test("Encoder and decoder")
  func autoencoder() throws {
    let (autoencoder, _) = try make { try Autoencoder($0, TinyNetworks.autoencoder) }
    let latent = try autoencoder.encode(#require(golden["autoencoder.in.image"]))
    try expect(latent.mean_BCHW, equals: "autoencoder.out.mean")
    try expect(latent.logVariance_BCHW, equals: "autoencoder.out.logVariance")
    try expect(autoencoder.decode(#require(golden["autoencoder.in.latent"])), equals: "autoencoder.out.image")
  }
}

/// Files that `Tools/reference/models.py` wrote.
enum ModelFixtures {
  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/models/\(name)").path
  }

  static func tensors(_ name: String) throws -> [String: Tensor] {
    try SafetensorsFile(path: path("\(name).safetensors")).loadTensors()
  }
}
