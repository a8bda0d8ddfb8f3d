import RadiographModels
import Testing
import Torch
import TorchNN

@Suite struct AutoencoderTests {
  @Test("Latents come out an eighth as large, images as large as they were", arguments: ModelPreset.allCases)
  func shapes(preset: ModelPreset) throws {
    let store = ParameterStore(generator: try Generator(seed: 1), memoryFormat: .channelsLast, trainable: false)
    let autoencoder = try Autoencoder(store.root, preset.architecture.autoencoder)
    let latent = try autoencoder.encode(Tensor.rand([2, 1, 64, 96], generator: Generator(seed: 2)))
    #expect(latent.mean_BCHW.shape == [2, 8, 8, 12])
    #expect(latent.logVariance_BCHW.shape == [2, 8, 8, 12])
    #expect(try autoencoder.decode(latent.mean_BCHW).shape == [2, 1, 64, 96])
  }

  @Test("Samples have the distribution's mean and deviation; its divergence is the closed form")
  func distribution() throws {
    let distribution = LatentDistribution(
      mean_BCHW: try Tensor.full([1, 1, 100, 100], value: 2),
      logVariance_BCHW: try Tensor.full([1, 1, 100, 100], value: -1))
    let noise = try Tensor.randn([1, 1, 100, 100], generator: Generator(seed: 1))
    let sample = try distribution.sample(noise_BCHW: noise)
    #expect(abs(try sample.mean().item() - 2) < 0.03)
    #expect(abs(try sample.std(dim: [0, 1, 2, 3]).item() - 0.6065) < 0.03)
    #expect(abs(try distribution.divergence().item() - (4 + 0.36788 - 1 + 1) / 2) < 1e-4)
  }

  @Test("The default learns: twenty steps halve the error of two images")
  func learning() throws {
    let store = ParameterStore(generator: try Generator(seed: 1), memoryFormat: .channelsLast)
    let autoencoder = try Autoencoder(store.root, ModelArchitecture.small.autoencoder)
    let optimiser = try AdamW(store.parameters)
    let coarse = try Tensor.rand([2, 1, 4, 4], generator: Generator(seed: 2)) * 2 - 1
    let images = try coarse.upsampleBilinear2D(outputSize: [32, 32])
    var losses: [Double] = []
    for _ in 0..<20 {
      try store.clearGradients()
      let loss = try autoencoder.decode(autoencoder.encode(images).mean_BCHW).mseLoss(target: images)
      try loss.backward()
      losses.append(try loss.item())
      try Gradients.clip(store.parameters, toNorm: 1)
      try optimiser.step(learningRate: 1e-3)
    }
    #expect(try #require(losses.last) < 0.5 * #require(losses.first))
  }

  /// That they are made again, and not kept, is what `CheckpointingMemoryTests` shows.
  @Test("Checkpointed layers give the same gradients")
  func checkpointing() throws {
    let store = ParameterStore(generator: try Generator(seed: 1))
    let autoencoder = try Autoencoder(store.root, ModelArchitecture.small.autoencoder)
    let images = try Tensor.rand([1, 1, 32, 32], generator: Generator(seed: 2))
    func gradients(_ checkpointing: CheckpointingPolicy) throws -> [[Float]] {
      try store.clearGradients()
      let latent = try autoencoder.encode(images, checkpointing: checkpointing).mean_BCHW
      try autoencoder.decode(latent, checkpointing: checkpointing).square().mean().backward()
      return try store.parameters.map { try $0.value.grad?.floats() ?? [] }
    }
    let same = try gradients(.none) == gradients(.all)
    #expect(same)
  }

  @Test("The backward pass of a checkpointed layer computes it again, by the weights that it then has")
  func recomputation() throws {
    func backward(checkpointing: CheckpointingPolicy) throws {
      let store = ParameterStore(generator: try Generator(seed: 1))
      let autoencoder = try Autoencoder(store.root, ModelArchitecture.small.autoencoder)
      let images = try Tensor.rand([1, 1, 32, 32], generator: Generator(seed: 2))
      let latent = try autoencoder.encode(images, checkpointing: checkpointing).mean_BCHW
      let loss = try autoencoder.decode(latent, checkpointing: checkpointing).square().mean()
      // Weights of a residual block of either half. What autograd has kept of them may not change; what it computes
      // again may.
      for path in ["encoder.2.convolution1.weight", "decoder.1.convolution1.weight"] {
        let weight = try #require(store[path]).value
        try withoutGradients { try weight.mulInPlace(0.5) }
      }
      try loss.backward()
    }
    try backward(checkpointing: .all)
    let error = #expect(throws: TorchError.self) { try backward(checkpointing: .none) }
    #expect(error?.description.contains("modified by an inplace operation") == true)
  }
}
