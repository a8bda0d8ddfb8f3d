import Foundation
import RadiographModels
import TestBasics
import Testing
import Torch
import TorchNN

/// The author's networks against what PyTorch computed with the author's modules. The full-size golden values lie
/// beside the checkout, not in it; `GoldenNetworksTests` pins the same arithmetic at a small size everywhere.
@Suite(.enabled(if: SharedData.isPresent, "needs ../shared/data/released"))
struct ReleasedNetworksTests {
  let architecture = ModelArchitecture.released

  private func store(_ part: ReleasedNames.Part, entry: String, trainable: Bool = false) throws -> ParameterStore {
    let keys = try SharedData.releasedKeys().filter { $0.entry == entry }
    let weights = try RuleWeights.tensors(Dictionary(uniqueKeysWithValues: keys.map { ($0.key, $0.shape) }))
    let names = ReleasedNames(part)
    let prefix = entry.hasSuffix(".projection") ? "projection." : ""
    var ours: [String: Tensor] = [:]
    for (key, tensor) in weights { ours[try #require(names.ours(prefix + key), "\(key)")] = tensor }
    return ParameterStore(tensors: ours, trainable: trainable)
  }

  @Test("Every key and shape of the author's checkpoint, and no other")
  func keysAndShapes() throws {
    let keys = try SharedData.releasedKeys()
    #expect(keys.count > 300)
    let parts: [(ReleasedNames.Part, String, (ParameterScope) throws -> Void)] = [
      (.autoencoder, "vae_state_dict", { _ = try Autoencoder($0, architecture.autoencoder) }),
      (.unet, "unet_state_dict", { _ = try UNet($0, architecture.unet) }),
      (.textProjection, "text_encoder_state_dict", { _ = try TextProjection($0, architecture.textProjection) }),
    ]
    for (part, entry, make) in parts {
      let store = ParameterStore.shapesOnly()
      try make(store.root)
      let names = ReleasedNames(part)
      var found: [String: [Int]] = [:]
      for parameter in store.parameters {
        let name = try #require(names.authors(parameter.path), "\(parameter.path)")
        #expect(names.ours(name) == parameter.path)
        found[name] = parameter.shape
      }
      var expected: [String: [Int]] = [:]
      for key in keys where key.entry.hasPrefix(entry) {
        expected[(key.entry.hasSuffix(".projection") ? "projection." : "") + key.key] = key.shape
      }
      #expect(found == expected)
    }
  }

  @Test("The U-Net computes what the author's does, forward and backward", .slow, .tags(.slow))
  func unet() throws {
    let golden = try SharedData.golden()
    let store = try store(.unet, entry: "unet_state_dict", trainable: true)
    let unet = try UNet(store.root, architecture.unet)
    try store.verify()
    let context = TextCondition(context_BSC: try #require(golden["unet.in.context"]))
    let output = try unet(
      #require(golden["unet.in.x"]), times_B: #require(golden["unet.in.t"]), text: context)
    let error = try relativeMaximumError(output, #require(golden["unet.out"]))
    #expect(error < 1e-4)

    try output.square().mean().backward()
    let names = ReleasedNames(.unet)
    var norms: [(name: String, norm: Double)] = []
    for parameter in store.parameters {
      let gradient = try parameter.value.grad
      let norm = try #require(gradient, "\(parameter.path)").norm().item()
      norms.append((try #require(names.authors(parameter.path)), norm))
    }
    norms.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let expected = try #require(golden["unet.grad.l2"]).doubles()
    #expect(norms.count == expected.count)
    // The rule saturates some attentions: what is left of their gradients, 20 orders of magnitude below the others, is
    // rounding, and differs between one attention kernel and the next.
    let rounding = (expected.max() ?? 0) * 1e-12
    for ((name, norm), expected) in zip(norms, expected) {
      #expect(abs(norm - expected) <= 1e-3 * expected + rounding, "\(name): \(norm), not \(expected)")
    }
  }

  @Test("The autoencoder computes what the author's does", arguments: [MemoryFormat.contiguous, .channelsLast])
  func autoencoder(format: MemoryFormat) throws {
    let golden = try SharedData.golden()
    let store = try store(.autoencoder, entry: "vae_state_dict")
    let autoencoder = try Autoencoder(store.root, architecture.autoencoder)
    try store.verify()
    try store.convert(memoryFormat: format)
    try withoutGradients {
      let latent = try autoencoder.encode(#require(golden["vae.in.image"]).contiguous(memoryFormat: format))
      #expect(try relativeMaximumError(latent.mean_BCHW, #require(golden["vae.out.mean"])) < 1e-4)
      #expect(try relativeMaximumError(latent.logVariance_BCHW, #require(golden["vae.out.logvar"])) < 1e-4)
      let image = try autoencoder.decode(#require(golden["vae.in.latent"]).contiguous(memoryFormat: format))
      #expect(try relativeMaximumError(image, #require(golden["vae.out.image"])) < 1e-4)
    }
  }

  @Test("The text projection computes what the author's does")
  func textProjection() throws {
    let golden = try SharedData.golden()
    let store = try store(.textProjection, entry: "text_encoder_state_dict.projection")
    let projection = try TextProjection(store.root, architecture.textProjection)
    try store.verify()
    let hidden = try #require(golden["text.in.hidden"])
    let condition = try projection(hidden, mask_BS: Tensor.ones([1, hidden.shape[1]], dtype: .bool))
    #expect(condition.mask_BS == nil)
    #expect(try relativeMaximumError(condition.context_BSC, #require(golden["text.out"])) < 1e-4)
  }
}
