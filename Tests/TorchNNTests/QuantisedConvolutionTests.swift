import Testing
import Torch

@testable import TorchNN

/// Convolutions in 8-bit integers, held to the same integers added up in float64.
@Suite(.enabled(if: (try? Tensor.quantisesConvolutions()) == true, "the processor has no AVX-512 VNNI"))
struct QuantisedConvolutionTests {
  private func layer(
    _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1, seed: UInt64 = 1
  ) throws -> (layer: Conv2d, store: ParameterStore) {
    let store = ParameterStore(generator: try Generator(seed: seed), memoryFormat: .channelsLast)
    return (try Conv2d(store.root, inputs, outputs, kernel: kernel, stride: stride), store)
  }

  private func image(_ shape: [Int], seed: UInt64 = 2) throws -> Tensor {
    try Tensor.randn(shape, generator: Generator(seed: seed)).contiguous(memoryFormat: .channelsLast)
  }

  /// Weights rounded as `quantisedForConv2d` documents it, in float64.
  private func rounded(weight: Tensor) throws -> Tensor {
    let weight = try weight.to(.float64)
    let scale = try weight.abs().amax(dim: [1, 2, 3], keepdim: true) / 127
    return try (weight / scale).round() * scale
  }

  /// An image rounded to 256 levels, of which one is 0, in float64.
  private func rounded(image: Tensor) throws -> Tensor {
    let image = try image.to(.float64)
    let (greatest, least) = (max(try image.max().item(), 0), min(try image.min().item(), 0))
    let low = min(least, -greatest / 255)
    let scale = (greatest - low) / 255
    let zero = max(1, min(-low / scale, 255).rounded(.toNearestOrEven))
    return try ((image / scale + zero).round().clamp(min: 0, max: 255) - zero) * scale
  }

  @Test(
    "A fixed layer gives the sums of the rounded values",
    arguments: [
      (inputs: 32, outputs: 48, stride: 1, side: 9, batch: 2, shift: 0.0),
      (inputs: 64, outputs: 32, stride: 2, side: 16, batch: 1, shift: 3.0),
      (inputs: 40, outputs: 33, stride: 1, side: 5, batch: 3, shift: -7.0),
      (inputs: 64, outputs: 64, stride: 1, side: 64, batch: 1, shift: 0.5),
    ])
  func sums(inputs: Int, outputs: Int, stride: Int, side: Int, batch: Int, shift: Double) throws {
    let (layer, store) = try layer(inputs, outputs, stride: stride)
    let x = try image([batch, inputs, side, side]) + shift
    let exact = try rounded(image: x).conv2d(
      weight: rounded(weight: layer.weight.value), bias: layer.bias?.value.to(.float64), stride: [stride, stride],
      padding: [1, 1])
    let plain = try withoutGradients { try layer(x) }
    try store.fixForInference(quantising: true)
    let greatest = try exact.abs().max().item()
    for _ in 0..<2 {
      let found = try layer(x)
      #expect(found.dtype == .float32 && found.shape == plain.shape)
      // Values that lie between two levels may round either way in float32.
      let error = try (found.to(.float64) - exact).abs().max().item()
      #expect(error < 2e-3 * greatest, "\(error) of \(greatest)")
      let mean = try (found.to(.float64) - exact).abs().mean().item()
      #expect(mean < 2e-5 * greatest, "\(mean) of \(greatest)")
      let share =
        try (found - plain).pow(exponent: 2).mean().item() / (plain - plain.mean()).pow(exponent: 2).mean().item()
      #expect(share < 0.02 * 0.02, "rounding costs \(share.squareRoot()) of the deviation")
      #expect(try maximumError(layer(x, activation: .silu), found.silu()) < 1e-5 * greatest)
    }
  }

  @Test("All values of one sign, all zero, and a single value that differs")
  func inputsAtTheEnds() throws {
    let (layer, store) = try layer(32, 32)
    try store.fixForInference(quantising: true)
    let bias = try #require(try layer.bias?.value)
    let zero = try layer(Tensor.zeros([1, 32, 4, 4]))
    #expect(try maximumError(zero, Tensor.zeros([1, 32, 4, 4]) + bias.reshape(shape: [1, 32, 1, 1])) < 1e-6)
    for value in [1e-30, -1e-30, 5, -5, 1e20] {
      let x = try Tensor.ones([1, 32, 4, 4]) * value
      let exact = try rounded(image: x).conv2d(
        weight: rounded(weight: layer.weight.value), bias: bias.to(.float64), stride: [1, 1], padding: [1, 1])
      let error = try (layer(x).to(.float64) - exact).abs().max().item()
      let greatest = try exact.abs().max().item()
      #expect(error <= 2e-3 * max(greatest, 1e-20), "\(value): \(error)")
    }
  }

  @Test("What is not finite shows", arguments: [Double.nan, .infinity, -.infinity])
  func notFinite(value: Double) throws {
    let (layer, store) = try layer(32, 32)
    try store.fixForInference(quantising: true)
    for place in [0, 32 * 16 - 1, 100] {
      var values = [Float](repeating: 1, count: 32 * 16)
      values[place] = Float(value)
      let found = try layer(Tensor(values, shape: [1, 32, 4, 4])).contiguous().floats()
      #expect(found.contains { !$0.isFinite })
    }
  }

  @Test("Few channels, kernels of one pixel, bfloat16 and layers that are not fixed are not rounded")
  func exceptions() throws {
    for (inputs, outputs, kernel) in [(31, 64, 3), (64, 31, 3), (64, 64, 1)] {
      let (layer, store) = try layer(inputs, outputs, kernel: kernel)
      let x = try image([1, inputs, 8, 8])
      let plain = try withoutGradients { try layer(x) }
      try store.fixForInference(quantising: true)
      #expect(try maximumError(layer(x), plain) < 1e-5)
    }
    let (layer, store) = try layer(64, 64)
    let x = try image([1, 64, 8, 8])
    let plain = try withoutGradients { try layer(x) }
    try store.fixForInference(quantising: true)
    #expect(try maximumError(layer(x), plain) > 1e-4)
    try store.copyValues(from: store.tensors().mapValues { try $0 * 2 })
    #expect(try maximumError(withoutGradients { try layer(x) }, plain * 2) < 1e-4, "changed weights are exact again")
    try store.fixForInference()
    #expect(try maximumError(layer(x), plain * 2) < 1e-4)
    try store.setTrainable(true)
    try layer(x).sum().backward()
    #expect(try layer.weight.value.grad != nil)
  }
}
