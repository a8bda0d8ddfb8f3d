import RadiographModels
import Testing
import Torch
import TorchNN

/// Small networks with every kind of part, for properties that hold at any size.
enum TinyNetworks {
  static func unet(
    latentChannels: Int = 4, contextWidth: Int = 12, _ change: (inout UNetArchitecture) -> Void = { _ in }
  ) -> UNetArchitecture {
    var architecture = UNetArchitecture(
      latentChannels: latentChannels,
      levels: [
        .init(channels: 8, blocks: 1), .init(channels: 16, blocks: 2, selfAttention: .last, crossAttention: .every),
      ],
      middle: .init(blocks: 2, selfAttention: .first, crossAttention: .first), skips: .residualBlocks,
      timeEmbedding: .init(sinusoids: 8, width: 16, scale: 1000), conditioning: .scaleAndShift,
      contextWidth: contextWidth, attentionHeads: .width(8), attentionPlacement: .afterResidual,
      downsampling: .stridedConvolutionToNextLevel, upsampling: .pixelShuffle, normalisationGroups: 4)
    change(&architecture)
    return architecture
  }

  static func text(rows: Int, tokens: Int, width: Int = 12, pooled: Int? = 16, generator: Generator) throws
    -> TextCondition
  {
    TextCondition(
      context_BSC: try Tensor.randn([rows, tokens, width], generator: generator),
      mask_BS: try Tensor.ones([rows, tokens], dtype: .bool),
      pooled_BE: try pooled.map { try Tensor.randn([rows, $0], generator: generator) })
  }
}

@Suite struct UNetTests {
  private func make(_ architecture: UNetArchitecture, seed: UInt64 = 1) throws -> (UNet, ParameterStore) {
    let store = ParameterStore(generator: try Generator(seed: seed))
    return (try UNet(store.root, architecture), store)
  }

  @Test("A latent may have any number of channels, any square size, and any context", arguments: [3, 4, 8, 16])
  func shapes(channels: Int) throws {
    let random = try Generator(seed: 2)
    for (side, width) in [(8, 12), (24, 20), (32, 384)] {
      let (unet, _) = try make(TinyNetworks.unet(latentChannels: channels, contextWidth: width))
      let output = try unet(
        Tensor.randn([2, channels, side, side], generator: random), times_B: Tensor([0.1, 0.9]),
        text: TinyNetworks.text(rows: 2, tokens: 5, width: width, generator: random))
      #expect(output.shape == [2, channels, side, side])
      #expect(try output.isfinite().all().item() == 1)
    }
  }

  @Test("A latent of another shape is refused")
  func wrongLatents() throws {
    let (unet, _) = try make(TinyNetworks.unet())
    let text = try TinyNetworks.text(rows: 1, tokens: 2, generator: Generator(seed: 2))
    for shape in [[1, 8, 8, 8], [1, 4, 9, 8], [1, 4, 8], [1, 4, 0, 8]] {
      #expect(throws: ArchitectureError.self) {
        try unet(Tensor.zeros(shape), times_B: Tensor([0.5]), text: text)
      }
    }
  }

  @Test("Times and texts computed once give what they give in the call")
  func separation() throws {
    let random = try Generator(seed: 2)
    let (unet, _) = try make(TinyNetworks.unet())
    let latent = try Tensor.randn([2, 4, 8, 8], generator: random)
    let text = try TinyNetworks.text(rows: 2, tokens: 5, generator: random)
    try withoutGradients {
      let context = try unet.contextConditioning(text)
      let schedule = [1, 0.6, 0.25]
      let times = try unet.timeConditionings(at: schedule, batch: 2, pooled_BE: text.pooled_BE)
      #expect(times.count == schedule.count)
      for (time, conditioning) in zip(schedule, times) {
        let whole = try unet(latent, times_B: Tensor([Float(time), Float(time)]), text: text)
        #expect(try relativeMaximumError(unet(latent, conditioning, context), whole) < 1e-5)
      }
      #expect(try unet.timeConditionings(at: [], batch: 2).isEmpty)
    }
  }

  @Test("Tokens behind the mask change nothing, those before it do, and rows do not mix")
  func mask() throws {
    let random = try Generator(seed: 2)
    let (unet, _) = try make(TinyNetworks.unet())
    let latent = try Tensor.randn([2, 4, 8, 8], generator: random)
    let times = try Tensor([0.3, 0.7])
    let short = try TinyNetworks.text(rows: 1, tokens: 3, generator: random)
    let long = try TinyNetworks.text(rows: 1, tokens: 5, generator: random)
    try withoutGradients {
      let both = try unet(latent, times_B: times, text: TextCondition.concatenated([short, long]))
      let first = try unet(latent.narrow(dim: 0, start: 0, length: 1), times_B: Tensor([0.3]), text: short)
      let second = try unet(latent.narrow(dim: 0, start: 1, length: 1), times_B: Tensor([0.7]), text: long)
      #expect(try relativeMaximumError(both.narrow(dim: 0, start: 0, length: 1), first) < 1e-5)
      #expect(try relativeMaximumError(both.narrow(dim: 0, start: 1, length: 1), second) < 1e-5)
      let other = TextCondition(
        context_BSC: try short.context_BSC * 2, mask_BS: short.mask_BS, pooled_BE: short.pooled_BE)
      let changed = try unet(latent.narrow(dim: 0, start: 0, length: 1), times_B: Tensor([0.3]), text: other)
      #expect(try relativeMaximumError(changed, first) > 1e-3)
    }
  }

  @Test("Texts without a mask cannot be padded")
  func padding() throws {
    let a = TextCondition(context_BSC: try Tensor.zeros([1, 3, 12]))
    let b = TextCondition(context_BSC: try Tensor.zeros([1, 4, 12]))
    #expect(throws: ArchitectureError.self) { try TextCondition.concatenated([a, b]) }
    #expect(try TextCondition.concatenated([a, a]).context_BSC.shape == [2, 3, 12])
  }

  @Test("The memory format changes nothing but speed")
  func memoryFormat() throws {
    let (unet, store) = try make(TinyNetworks.unet())
    let random = try Generator(seed: 2)
    let latent = try Tensor.randn([2, 4, 16, 16], generator: random)
    let text = try TinyNetworks.text(rows: 2, tokens: 5, generator: random)
    try withoutGradients {
      let plain = try unet(latent, times_B: Tensor([0.3, 0.7]), text: text)
      try store.convert(memoryFormat: .channelsLast)
      let last = try unet(latent.contiguous(memoryFormat: .channelsLast), times_B: Tensor([0.3, 0.7]), text: text)
      #expect(last.isContiguous(.channelsLast))
      #expect(try relativeMaximumError(last, plain) < 1e-5)
    }
  }

  @Test("A network that starts at zero predicts zero, and every parameter but the zeros' inner ones learns")
  func startsAtZero() throws {
    let (unet, store) = try make(TinyNetworks.unet { $0.startsAtZero = true })
    let random = try Generator(seed: 2)
    let latent = try Tensor.randn([2, 4, 8, 8], generator: random)
    let text = try TinyNetworks.text(rows: 2, tokens: 5, generator: random)
    let target = try Tensor.randn([2, 4, 8, 8], generator: random)
    let optimiser = try AdamW(store.parameters)
    #expect(try unet(latent, times_B: Tensor([0.3, 0.7]), text: text).abs().max().item() == 0)
    for _ in 0..<3 {
      try store.clearGradients()
      try unet(latent, times_B: Tensor([0.3, 0.7]), text: text).mseLoss(target: target).backward()
      try optimiser.step(learningRate: 1e-2)
    }
    for parameter in store.parameters {
      let gradient = try parameter.value.grad
      #expect(try #require(gradient, "\(parameter.path)").abs().max().item() > 0, "\(parameter.path)")
    }
  }

  @Test("Checkpointed blocks give the same gradients, dropout included")
  func checkpointing() throws {
    let (unet, store) = try make(TinyNetworks.unet { $0.dropout = 0.2 })
    let random = try Generator(seed: 2)
    let latent = try Tensor.randn([2, 4, 8, 8], generator: random)
    let text = try TinyNetworks.text(rows: 2, tokens: 5, generator: random)
    func gradients(checkpointing: Bool) throws -> [Tensor] {
      try store.clearGradients()
      let output = try unet(
        latent, times_B: Tensor([0.3, 0.7]), text: text, dropout: Generator(seed: 5), checkpointing: checkpointing)
      try output.square().mean().backward()
      return try store.parameters.compactMap { try $0.value.grad }
    }
    let plain = try gradients(checkpointing: false)
    let recomputed = try gradients(checkpointing: true)
    #expect(plain.count == store.parameters.count && recomputed.count == plain.count)
    for (parameter, (a, b)) in zip(store.parameters, zip(recomputed, plain)) {
      // Where gradients meet, the order of the additions differs.
      let error = try relativeMaximumError(a, b)
      #expect(error < 1e-4, "\(parameter.path)")
    }
  }

  @Test("A call costs what its convolutions and products cost")
  func flops() throws {
    let architecture = UNetArchitecture(
      latentChannels: 4, levels: [.init(channels: 8, blocks: 1)], middle: .init(blocks: 0), skips: .residualBlocks,
      timeEmbedding: .init(sinusoids: 8, width: 16), conditioning: .addition, contextWidth: 12,
      attentionHeads: .count(2), attentionPlacement: .afterResidual, downsampling: .stridedConvolution,
      upsampling: .nearest)
    let unet = try UNet(ParameterStore.shapesOnly().root, architecture)
    let ends = 2 * 64 * 9 * (4 * 8 + 8 * 4)
    let down = 2 * 64 * 9 * (8 * 8 + 8 * 8)
    let up = 2 * 64 * 9 * (16 * 8 + 8 * 8) + 2 * 64 * 16 * 8
    #expect(unet.flops(latentSide: 8, tokens: 5) == ends + down + up)
  }
}

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

  @Test("The default learns: thirty steps halve the error of four images")
  func learning() throws {
    let store = ParameterStore(generator: try Generator(seed: 1), memoryFormat: .channelsLast)
    let autoencoder = try Autoencoder(store.root, ModelArchitecture.small.autoencoder)
    let optimiser = try AdamW(store.parameters)
    let coarse = try Tensor.rand([4, 1, 4, 4], generator: Generator(seed: 2)) * 2 - 1
    let images = try coarse.upsampleBilinear2D(outputSize: [32, 32])
    var losses: [Double] = []
    for _ in 0..<30 {
      try store.clearGradients()
      let loss = try autoencoder.decode(autoencoder.encode(images).mean_BCHW).mseLoss(target: images)
      try loss.backward()
      losses.append(try loss.item())
      try Gradients.clip(store.parameters, toNorm: 1)
      try optimiser.step(learningRate: 1e-3)
    }
    #expect(try #require(losses.last) < 0.5 * #require(losses.first))
  }

  @Test("Checkpointed layers give the same gradients")
  func checkpointing() throws {
    let store = ParameterStore(generator: try Generator(seed: 1))
    let autoencoder = try Autoencoder(store.root, ModelArchitecture.small.autoencoder)
    let images = try Tensor.rand([1, 1, 32, 32], generator: Generator(seed: 2))
    func gradients(_ checkpointing: Bool) throws -> [[Float]] {
      try store.clearGradients()
      let latent = try autoencoder.encode(images, checkpointing: checkpointing).mean_BCHW
      try autoencoder.decode(latent, checkpointing: checkpointing).square().mean().backward()
      return try store.parameters.map { try $0.value.grad?.floats() ?? [] }
    }
    let same = try gradients(false) == gradients(true)
    #expect(same)
  }
}

@Suite struct TextProjectionTests {
  private func make(
    _ change: (inout TextProjectionArchitecture) -> Void = { _ in }
  ) throws -> TextProjection {
    var architecture = TextProjectionArchitecture(
      hiddenWidth: 6, contextWidth: 12, pooling: .init(source: .hidden, hiddenWidth: 8, outputWidth: 16),
      nullCondition: .learned, tokenLimit: 8)
    change(&architecture)
    return try TextProjection(ParameterStore(generator: Generator(seed: 1)).root, architecture)
  }

  @Test("Padding reaches neither the mask nor the pooled text")
  func padding() throws {
    let projection = try make()
    let hidden = try Tensor.randn([1, 5, 6], generator: Generator(seed: 2))
    let mask = try Tensor([1, 1, 1, 0, 0] as [Int64], shape: [1, 5])
    let padded = try projection(hidden, mask_BS: mask)
    let short = try projection(
      hidden.narrow(dim: 1, start: 0, length: 3), mask_BS: mask.narrow(dim: 1, start: 0, length: 3))
    #expect(padded.context_BSC.shape == [1, 5, 12])
    #expect(try relativeMaximumError(#require(padded.pooled_BE), #require(short.pooled_BE)) < 1e-5)
    #expect(try padded.mask_BS?.to(.int64).int64s() == [1, 1, 1, 0, 0])
  }

  @Test("No text is one learned token and a learned vector")
  func learnedNull() throws {
    let projection = try make()
    let null = try projection.null(count: 2, tokens: 3)
    #expect(null.context_BSC.shape == [2, 3, 12])
    #expect(try null.mask_BS?.to(.int64).int64s() == [1, 0, 0, 1, 0, 0])
    #expect(null.pooled_BE?.shape == [2, 16])
    #expect(null.context_BSC.requiresGrad)
    #expect(try null.context_BSC.detach().abs().max().item() > 0)
  }

  @Test("No text is zeros, and every token of it is seen where padding is")
  func zeroNull() throws {
    let projection = try make {
      $0.nullCondition = .zeros
      $0.pooling = nil
      $0.attendsToPadding = true
    }
    let null = try projection.null(count: 2, tokens: 3)
    #expect(try null.context_BSC.abs().max().item() == 0)
    #expect(null.mask_BS == nil)
    #expect(null.pooled_BE == nil)
  }

  @Test("Dropped prompts become no text, the others stay")
  func replacing() throws {
    let projection = try make()
    let hidden = try Tensor.randn([2, 4, 6], generator: Generator(seed: 2))
    let condition = try projection(hidden, mask_BS: Tensor.ones([2, 4], dtype: .bool))
    let mixed = try projection.replacing(condition, whereNull: Tensor([1, 0] as [Int64], shape: [2]).to(.bool))
    let null = try projection.null(count: 2, tokens: 4)
    for (row, source) in [(0, null), (1, condition)] {
      func same(_ a: Tensor?, _ b: Tensor?) throws -> Bool {
        try #require(a).detach().select(dim: 0, index: row).doubles()
          == #require(b).detach().select(dim: 0, index: row).doubles()
      }
      #expect(try same(mixed.context_BSC, source.context_BSC))
      #expect(try same(mixed.mask_BS, source.mask_BS))
      #expect(try same(mixed.pooled_BE, source.pooled_BE))
    }
  }
}
