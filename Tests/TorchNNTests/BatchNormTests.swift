import Testing
import Torch
import TorchNN

@Suite struct BatchNormTests {
  let fixture: [String: Tensor]

  init() throws { fixture = try Fixture.load() }

  private func fixed(_ name: String) throws -> Tensor { try #require(fixture[name]) }

  @Test(
    "Outputs, gradients and running values of training and use equal PyTorch's",
    arguments: [MemoryFormat.contiguous, .channelsLast])
  func parity(format: MemoryFormat) throws {
    let store = ParameterStore(generator: try Generator(seed: 1), memoryFormat: format)
    let layer = try BatchNorm2d(store.root, 6, epsilon: 1e-3, momentum: 0.2)
    #expect(store.parameters.map(\.path) == ["weight", "bias", "running_mean", "running_var"])
    #expect(try layer.runningVariance.value.floats() == [Float](repeating: 1, count: 6))
    try layer.weight.replaceValue(with: fixed("batchNorm.weight").clone())
    try layer.bias.replaceValue(with: fixed("batchNorm.bias").clone())
    for step in 0..<4 {
      try store.clearGradients()
      let x = try fixed("batchNorm.in").select(dim: 0, index: step).contiguous(memoryFormat: format).clone()
        .setRequiresGrad(true)
      let output = try layer(x, isTraining: step < 3)
      try output.square().mean().backward()
      func error(_ found: Tensor?, _ name: String) throws -> Double {
        try maximumError(#require(found), fixed("batchNorm.\(name)").select(dim: 0, index: step))
      }
      #expect(try error(output, "out") < 1e-5)
      #expect(try error(layer.runningMean.value, "means") < 1e-5)
      #expect(try error(layer.runningVariance.value, "variances") < 1e-5)
      guard step >= 2 else { continue }
      let name = step == 2 ? "batchNorm.training.grad" : "batchNorm.use.grad"
      #expect(try maximumError(#require(try x.grad), fixed("\(name).in")) < 1e-5)
      #expect(try maximumError(#require(try layer.weight.value.grad), fixed("\(name).weight")) < 1e-5)
      #expect(try maximumError(#require(try layer.bias.value.grad), fixed("\(name).bias")) < 1e-5)
    }
  }

  @Test("Running values are stored and loaded, and never trainable")
  func buffers() throws {
    let store = ParameterStore(generator: try Generator(seed: 1))
    let layer = try BatchNorm2d(store.root["norm"], 2)
    let trained = ["norm.weight", "norm.bias"]
    #expect(store.trainableParameters.map(\.path) == trained)
    try store.setTrainable(false)
    try store.setTrainable(true)
    #expect(store.trainableParameters.map(\.path) == trained)
    #expect(try !layer.runningMean.value.requiresGrad)
    #expect(layer.runningMean.isBuffer && !layer.weight.isBuffer)
    _ = try layer(Tensor.arange(from: 0, to: 16, by: 1).reshape([1, 2, 2, 4]), isTraining: true)
    #expect(try maximumError(layer.runningMean.value, Tensor([0.35, 1.15])) < 1e-6)

    let loaded = ParameterStore(tensors: try store.tensors(), trainable: true)
    let second = try BatchNorm2d(loaded.root["norm"], 2)
    try loaded.verify()
    #expect(loaded.trainableParameters.map(\.path) == trained)
    #expect(try second.runningMean.value.floats() == layer.runningMean.value.floats())
    #expect(try ParameterStore.shapesOnly().root.buffer("mean", [3], .zeros).hasValue == false)
  }

  @Test("Poolings and the leaky ramp equal PyTorch's, with gradients")
  func pooling() throws {
    let layers: [(String, (Tensor) throws -> Tensor)] = [
      ("max", Pooling2d(.max, 3, stride: 2, padding: 1).callAsFunction),
      ("maxPlain", Pooling2d(.max, 2).callAsFunction),
      ("average", Pooling2d(.average, 2).callAsFunction),
      ("averagePadded", Pooling2d(.average, 3, stride: 2, padding: 1).callAsFunction),
    ]
    for (name, layer) in layers {
      for format in [MemoryFormat.contiguous, .channelsLast] {
        let x = try fixed("pooling.in").contiguous(memoryFormat: format).clone().setRequiresGrad(true)
        let output = try layer(x)
        try output.square().mean().backward()
        #expect(try maximumError(output, fixed("pooling.\(name).out")) < 1e-6, "\(name)")
        #expect(try maximumError(#require(try x.grad), fixed("pooling.\(name).grad")) < 1e-6, "\(name)")
      }
    }
    #expect(Pooling2d(.max, 3, stride: 2, padding: 1).outputSide(9) == 5)
    #expect(Pooling2d(.average, 2).outputSide(9) == 4)
    #expect(try maximumError(fixed("pooling.in").leakyRelu(negativeSlope: 0.2), fixed("leaky")) == 0)
  }
}
