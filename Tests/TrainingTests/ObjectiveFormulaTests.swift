import Foundation
import TensorFiles
import Testing
import Torch
import TorchNN

@testable import RadiographModels
@testable import Training

/// The losses against what PyTorch computes of the same inputs and weights (`Tools/reference/objectives.py`).
@Suite("Losses and their gradients as PyTorch has them")
struct ObjectiveFormulaTests {
  private let fixture: [String: Tensor]

  init() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    fixture = try SafetensorsFile(path: tests.appendingPathComponent("Fixtures/objectives.safetensors").path)
      .loadTensors()
  }

  private func tensor(_ name: String) throws -> Tensor { try #require(fixture[name]) }

  /// A copy of a tensor of the fixture that gathers gradients.
  private func leaf(_ name: String) throws -> Tensor { try tensor(name).clone().setRequiresGrad(true) }

  private func expectClose(_ one: Tensor?, _ name: String, within tolerance: Double = 1e-5) throws {
    let (found, expected) = (try #require(one).detach().contiguous().doubles(), try tensor(name).doubles())
    #expect(found.count == expected.count)
    let scale = expected.reduce(1e-3) { max($0, abs($1)) }
    let worst = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(worst < tolerance * scale, "\(name): \(worst) of \(scale)")
  }

  /// The adversary of the fixture's weights.
  private func adversary() throws -> PatchAdversary {
    var recipe = try TinyDataset.recipe(steps: 4)
    (recipe.discriminatorWidth, recipe.discriminatorLayers) = (8, 2)
    let adversary = try PatchAdversary(recipe, side: 24, generator: Generator(seed: 0), device: .cpu)
    let prefix = "adversarial.weight."
    let weights = fixture.filter { $0.key.hasPrefix(prefix) }
    try adversary.weights.store.copyValues(
      from: Dictionary(uniqueKeysWithValues: weights.map { (String($0.key.dropFirst(prefix.count)), $0.value) }))
    return adversary
  }

  @Test("the discriminator's verdict has gradients to the images alone, and its loss to its weights alone")
  func adversarial() throws {
    let adversary = try adversary()
    let parameters = adversary.weights.store.trainableParameters
    let decoded = try leaf("adversarial.decoded")
    let verdict = try adversary.verdict(on: decoded)
    try verdict.backward()
    try expectClose(verdict, "adversarial.verdict")
    try expectClose(decoded.grad, "adversarial.verdict.gradient")
    for parameter in parameters { #expect(try parameter.value.grad == nil) }

    try decoded.setGrad(nil)
    let loss = try adversary.loss(real_BCHW: tensor("adversarial.real"), decoded_BCHW: decoded)
    try loss.backward()
    try expectClose(loss, "adversarial.loss")
    #expect(try decoded.grad == nil)
    for parameter in parameters { try expectClose(parameter.value.grad, "adversarial.grad.\(parameter.path)") }
    // A verdict in between leaves what has been gathered.
    _ = try adversary.verdict(on: decoded)
    for parameter in parameters { try expectClose(parameter.value.grad, "adversarial.grad.\(parameter.path)") }
  }

  @Test("the distance of features, and its gradient")
  func perceptual() throws {
    let one = try [leaf("perceptual.a0"), leaf("perceptual.a1")]
    let loss = try FeatureDistance.between(one, [tensor("perceptual.b0"), tensor("perceptual.b1")])
    try loss.backward()
    try expectClose(loss, "perceptual.loss")
    for layer in 0..<2 { try expectClose(one[layer].grad, "perceptual.grad\(layer)") }
    // No feature at all has a finite slope.
    let nothing = try Tensor.zeros([1, 3, 2, 2]).setRequiresGrad(true)
    try FeatureDistance.between([nothing], [Tensor.ones([1, 3, 2, 2])]).backward()
    #expect(try #require(try nothing.grad).isEntirelyFinite)
  }

  @Test("latents and images are scaled and turned as one")
  func transformations() throws {
    for side in [2, 5, 8] {
      for turns in 0..<4 {
        let transformation = LatentTransformation(side: side, turns: turns)
        try expectClose(
          transformation(tensor("transformation.latent")), "transformation.latent.\(side).\(turns)")
        try expectClose(
          transformation(tensor("transformation.image"), factor: 4), "transformation.image.\(side).\(turns)")
      }
    }
  }

  @Test("all sides from the least to the whole are drawn, and all turns")
  func drawnTransformations() throws {
    let drawn = try (0..<200).map {
      try LatentTransformation(latentSide: 8, scale: 0.25, generator: Generator(seed: $0))
    }
    #expect(Set(drawn.map(\.side)) == Set(2...8))
    #expect(Set(drawn.map(\.turns)) == Set(0..<4))
    #expect(try LatentTransformation(latentSide: 1, scale: 0.25, generator: Generator(seed: 1)).side == 1)
  }

  @Test("cross entropy over the labels that are known, with weights of the positive ones")
  func classification() throws {
    let logits = try leaf("classification.logits")
    let loss = try logits.binaryCrossEntropyWithLogits(
      target: tensor("classification.target"), weight: tensor("classification.known"),
      posWeight: tensor("classification.weights"))
    try loss.backward()
    try expectClose(loss, "classification.loss")
    try expectClose(logits.grad, "classification.grad")
  }
}
