import Testing
import Torch
import TorchNN

@Suite struct LayerTests {
  let fixture: [String: Tensor]

  init() throws { fixture = try Fixture.load() }

  /// Makes a layer from the fixture's weights and compares its output and its gradients with PyTorch's.
  private func check(
    _ name: String, _ parameters: [String], _ make: (ParameterScope) throws -> (Tensor) throws -> Tensor
  ) throws {
    var weights: [String: Tensor] = [:]
    for parameter in parameters { weights[parameter] = try #require(fixture["\(name).\(parameter)"]).clone() }
    let store = ParameterStore(tensors: weights, trainable: true)
    let layer = try make(store.root)
    try store.verify()
    let output = try layer(#require(fixture["\(name).in"]))
    #expect(try maximumError(output, #require(fixture["\(name).out"])) < 1e-5)
    try output.square().mean().backward()
    for parameter in store.parameters {
      let gradient = try parameter.value.grad
      let expected = try #require(fixture["\(name).grad.\(parameter.path)"])
      #expect(try maximumError(#require(gradient), expected) < 1e-5, "\(parameter.path)")
    }
  }

  @Test func linear() throws {
    try check("linear", ["weight", "bias"]) { try Linear($0, 6, 5).callAsFunction }
  }

  @Test func convolution() throws {
    try check("convolution", ["weight", "bias"]) {
      let layer = try Conv2d($0, 8, 12, stride: 2)
      return { try layer($0) }
    }
  }

  @Test("Fixed normalisation takes what stands around it into one operation and gives the same results")
  func groupNormPointwise() throws {
    let generator = try Generator(seed: 4)
    for (channels, groups, side, batch) in [(16, 8, 8, 2), (24, 8, 5, 1), (192, 8, 3, 3), (64, 4, 33, 1)] {
      let store = ParameterStore(generator: generator, memoryFormat: .channelsLast)
      let norm = try GroupNorm(store.root, groups: groups, channels: channels)
      for parameter in store.parameters {
        try parameter.replaceValue(with: Tensor.randn([channels], generator: generator))
      }
      // Far from zero, so that a variance by cancellation would show, and wide, so that SiLU's both ends do.
      let x = try (Tensor.randn([batch, channels, side, side], generator: generator) * 20 + 50)
        .contiguous(memoryFormat: .channelsLast)
      func rows(_ count: Int) throws -> Tensor {
        try Tensor.randn([count, channels, 1, 1], generator: generator) * 3
      }
      let (offset, gain, shift) = (try rows(batch), try rows(1), try rows(batch))
      func results() throws -> [Tensor] {
        try withoutGradients {
          [
            try norm.silu(x), try norm.silu(x, offset: offset), try norm.silu(x, gain: gain, shift: shift),
            try norm.silu(x, gain: gain), try norm.silu(x, offset: offset, gain: gain, shift: shift),
          ]
        }
      }
      let plain = try results()
      #expect(try maximumError(plain[0], norm(x).silu()) == 0)
      try store.fixForInference()
      #expect(x.takesGroupNormPointwise)
      /// The formula in float64: PyTorch's own kernel is off by more than ours if two threads share an image.
      func exact(offset: Tensor? = nil, gain: Tensor? = nil, shift: Tensor? = nil) throws -> Tensor {
        var y = try (offset.map { try x.to(.float64) + $0 } ?? x.to(.float64)).groupNorm(
          numGroups: groups, weight: norm.weight.value.to(.float64), bias: norm.bias.value.to(.float64),
          eps: norm.epsilon)
        if let gain { y = try y * gain }
        if let shift { y = try y + shift }
        return try y.silu()
      }
      let expected = [
        try exact(), try exact(offset: offset), try exact(gain: gain, shift: shift), try exact(gain: gain),
        try exact(offset: offset, gain: gain, shift: shift),
      ]
      for (index, (fused, exact)) in zip(try results(), expected).enumerated() {
        #expect(fused.isContiguous(.channelsLast))
        // Values reach some forty, where a float32 ends at 4e-6; folding gain and shift rounds a few times more.
        let greatest = try exact.abs().max().item()
        let error = try maximumError(fused, exact)
        #expect(error < 1e-6 * max(greatest, 10), "\(channels) channels, \(error) of \(greatest)")
        #expect(try maximumError(plain[index], exact) < 2e-6 * max(greatest, 10))
      }
    }
  }

  @Test("What the one operation of a normalisation does not take is refused")
  func groupNormPointwiseRefuses() throws {
    let x = try Tensor.ones([1, 8, 4, 4]).contiguous(memoryFormat: .channelsLast)
    let ones = try Tensor.ones([8])
    func call(_ x: Tensor, groups: Int = 2, gain: Tensor? = nil) throws -> Tensor {
      try x.groupNormPointwise(groups: groups, weight: ones, bias: ones, epsilon: 1e-5, gain: gain, silu: true)
    }
    _ = try call(x)
    func refuses(_ reason: String, _ body: () throws -> Tensor) {
      let error = #expect(throws: TorchError.self) { try body() }
      guard case .operationFailed(let text)? = error, text.contains(reason) else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
    refuses("channels do not divide into groups") { try call(x, groups: 3) }
    refuses("channels do not divide into groups") { try call(x, groups: 0) }
    refuses("channels-last") { try call(Tensor.ones([8, 4])) }
    refuses("channels-last") { try call(x.to(.float16)) }
    refuses("one row, or one for each image") { try call(x, gain: Tensor.ones([2, 8, 1, 1])) }
    refuses("is invalid for input of size 3") { try call(x, gain: Tensor.ones([3])) }
  }

  @Test("Fixed weights are packed, give the same results, and follow when they are changed")
  func packedConvolution() throws {
    let store = ParameterStore(generator: try Generator(seed: 1), memoryFormat: .channelsLast)
    let layer = try Conv2d(store.root, 16, 24, stride: 2)
    let x = try Tensor.randn([2, 16, 8, 8], generator: Generator(seed: 2)).contiguous(memoryFormat: .channelsLast)
    func results() throws -> [Tensor] {
      try withoutGradients { [try layer(x), try layer(x, activation: .silu), try layer(x, activation: .relu)] }
    }
    func compare(_ a: [Tensor], _ b: [Tensor]) throws -> Double {
      try zip(a, b).reduce(0) { max($0, try maximumError($1.0, $1.1)) }
    }
    let plain = try results()
    #expect(try maximumError(plain[1], plain[0].silu()) < 1e-6)
    try store.fixForInference()
    #expect(store.trainableParameters.isEmpty)
    for _ in 0..<2 {
      let packed = try results()
      #expect(try compare(packed, plain) < 1e-5)
      #expect(packed.allSatisfy { $0.isContiguous(.channelsLast) })
    }
    // Another size than the one that the layout was chosen for.
    let wide = try Tensor.randn([1, 16, 20, 12], generator: Generator(seed: 3))
    let expected = try withoutGradients {
      try wide.conv2d(weight: layer.weight.value, bias: layer.bias?.value, stride: [2, 2], padding: [1, 1])
    }
    #expect(try maximumError(layer(wide), expected) < 1e-5)

    try store.copyValues(from: store.tensors().mapValues { try $0 * 2 })
    let doubled = try results()
    #expect(try maximumError(doubled[0], plain[0] * 2) < 1e-5)
    try store.fixForInference()
    #expect(try compare(results(), doubled) < 1e-5)

    try store.fixForInference()
    try store.convert(to: .bfloat16)
    try store.fixForInference()
    let half = try withoutGradients { try layer(x.to(.bfloat16)) }
    #expect(half.dtype == .bfloat16)
    #expect(try maximumError(half, doubled[0]) < 0.1)

    try store.setTrainable(true)
    try layer(x.to(.bfloat16)).sum().backward()
    #expect(try layer.weight.value.grad != nil)
  }

  @Test func transposedConvolution() throws {
    try check("transposed", ["weight", "bias"]) { try ConvTranspose2d($0, 8, 4).callAsFunction }
  }

  @Test func groupNorm() throws {
    try check("groupNorm", ["weight", "bias"]) { try GroupNorm($0, groups: 4, channels: 8).callAsFunction }
  }

  @Test func layerNorm() throws {
    try check("layerNorm", ["weight", "bias"]) { try LayerNorm($0, 6).callAsFunction }
  }

  @Test func embedding() throws {
    try check("embedding", ["weight"]) { try Embedding($0, rows: 7, width: 4).callAsFunction }
  }

  @Test("Attention over an image, in both memory formats, with tokens that are not seen")
  func attention() throws {
    let expected = try #require(fixture["attention.out"])
    let mask_BS = try #require(fixture["attention.mask"]).to(.bool)
    for format in [MemoryFormat.contiguous, .channelsLast] {
      let query_BCHW = try #require(fixture["attention.query"]).contiguous(memoryFormat: format)
      let output = try ImageAttention.attend(
        query_BNLD: ImageAttention.split(query_BCHW, heads: 2),
        key_BNSD: ImageAttention.split(tokens_BSC: #require(fixture["attention.key"]), heads: 2),
        value_BNSD: ImageAttention.split(tokens_BSC: #require(fixture["attention.value"]), heads: 2),
        mask: mask_BS.unsqueeze(dim: 1).unsqueeze(dim: 1), height: 3)
      #expect(try maximumError(output, expected) < 1e-5)
    }
  }

  @Test("Fresh weights lie within PyTorch's bounds and fill them")
  func initialisation() throws {
    let store = ParameterStore(generator: try Generator(seed: 1))
    _ = try Conv2d(store.root["convolution"], 64, 512)
    _ = try ConvTranspose2d(store.root["transposed"], 512, 16)
    _ = try Linear(store.root["linear"], 100, 5000)
    for name in ["convolution", "transposed", "linear"] {
      let weight = try #require(store["\(name).weight"]).value.detach()
      let largest = try weight.abs().max().item()
      let expected = try #require(fixture["init.\(name)"]).item()
      #expect(abs(largest / expected - 1) < 1e-3)
      #expect(abs(try weight.mean().item()) < expected * 0.01)
    }
    let embedding = try Embedding(store.root["embedding"], rows: 100, width: 100).weight.value.detach()
    #expect(abs(try embedding.square().mean().item() - 1) < 0.05)
  }

  @Test("Operations are counted by hand-checked numbers")
  func flops() throws {
    let root = ParameterStore.shapesOnly().root
    #expect(try Linear(root["a"], 10, 20).flops(rows: 3) == 1200)
    #expect(try Conv2d(root["b"], 8, 16).flops(side: 4) == 2 * 16 * 8 * 16 * 9)
    #expect(try Conv2d(root["c"], 8, 16, stride: 2).flops(side: 4) == 2 * 4 * 8 * 16 * 9)
    #expect(try ConvTranspose2d(root["d"], 8, 16).flops(side: 4) == 2 * 16 * 8 * 16 * 16)
    #expect(try ConvTranspose2d(root["e"], 8, 16).outputSide(4) == 8)
  }
}

@Suite struct DropoutTests {
  @Test("Without a generator nothing is dropped")
  func evaluation() throws {
    let x = try Tensor.ones([100])
    #expect(try Dropout(0.5)(x, generators: nil).floats() == x.floats())
  }

  @Test("The share is dropped, the rest scaled up, and the same state drops the same elements")
  func training() throws {
    let x = try Tensor.ones([10_000])
    let dropped = try Dropout(0.25)(x, generators: [Generator(seed: 3)]).floats()
    let zeros = dropped.count { $0 == 0 }
    #expect((2_300...2_700).contains(zeros))
    #expect(dropped.allSatisfy { $0 == 0 || abs($0 - 4 / 3) < 1e-6 })
    #expect(try Dropout(0.25)(x, generators: [Generator(seed: 3)]).floats() == dropped)
    #expect(try Dropout(0.25)(x, generators: [Generator(seed: 4)]).floats() != dropped)
  }
}
