import RadiographModels
import Testing
import Torch
import TorchNN

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

  @Test("Every preset predicts from its text and a smaller latent than its own", arguments: ModelPreset.allCases)
  func presets(preset: ModelPreset) throws {
    let architecture = preset.architecture
    let generator = try Generator(seed: 1)
    let store = ParameterStore(generator: generator, memoryFormat: .channelsLast, trainable: false)
    let projection = try TextProjection(store.root["text"], architecture.textProjection)
    let unet = try UNet(store.root["unet"], architecture.unet)
    try store.fixForInference()
    let hidden = try Tensor.randn([1, 3, architecture.textProjection.hiddenWidth], generator: generator)
    let text = try projection(hidden, mask_BS: Tensor.ones([1, 3], dtype: .bool))
    let pair = try TextCondition.concatenated([projection.null(count: 1, tokens: 3), text])
    let latent = try Tensor.randn([2, 8, 16, 16], generator: generator)
    let output = try unet(latent, times_B: Tensor([0.5, 0.5]), text: pair)
    #expect(output.shape == [2, 8, 16, 16])
    #expect(try output.isfinite().all().item() == 1)
  }

  @Test("A latent of another shape is refused")
  func wrongLatents() throws {
    let (unet, _) = try make(TinyNetworks.unet())
    let text = try TinyNetworks.text(rows: 1, tokens: 2, generator: Generator(seed: 2))
    for shape in [[1, 8, 8, 8], [1, 4, 9, 8], [1, 4, 8], [1, 4, 0, 8]] {
      let error = #expect(throws: ArchitectureError.self) {
        try unet(Tensor.zeros(shape), times_B: Tensor([0.5]), text: text)
      }
      #expect(error?.description.hasPrefix("a latent of shape \(shape): give [batch, 4, height, width]") == true)
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
    let error = ArchitectureError.invalid("texts without a mask must have one length: pad all of them to 4 tokens")
    #expect(throws: error) { try TextCondition.concatenated([a, b]) }
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

  @Test("Weights fixed for inference give the same prediction")
  func fixedWeights() throws {
    let (unet, store) = try make(TinyNetworks.unet())
    let random = try Generator(seed: 2)
    let latent = try Tensor.randn([2, 4, 16, 16], generator: random).contiguous(memoryFormat: .channelsLast)
    let text = try TinyNetworks.text(rows: 2, tokens: 5, generator: random)
    try withoutGradients {
      let plain = try unet(latent, times_B: Tensor([0.3, 0.7]), text: text)
      try store.convert(memoryFormat: .channelsLast)
      try store.fixForInference()
      #expect(try relativeMaximumError(unet(latent, times_B: Tensor([0.3, 0.7]), text: text), plain) < 1e-5)
      try store.convert(to: .bfloat16)
      try store.fixForInference()
      let half = try unet(
        latent.to(.bfloat16), times_B: Tensor([0.3, 0.7]),
        text: TextCondition(
          context_BSC: text.context_BSC.to(.bfloat16), mask_BS: text.mask_BS,
          pooled_BE: text.pooled_BE?.to(.bfloat16)))
      #expect(half.dtype == .bfloat16)
      #expect(try relativeMaximumError(half, plain) < 0.1)
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
    func gradients(checkpointing: CheckpointingPolicy) throws -> [Tensor] {
      try store.clearGradients()
      let output = try unet(
        latent, times_B: Tensor([0.3, 0.7]), text: text, dropout: [Generator(seed: 5)], checkpointing: checkpointing)
      try output.square().mean().backward()
      return try store.parameters.compactMap { try $0.value.grad }
    }
    let plain = try gradients(checkpointing: .none)
    let recomputed = try gradients(checkpointing: .all)
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
