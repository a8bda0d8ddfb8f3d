import Testing
import Torch

@testable import TorchNN

// B batch, C channels, H height, W width

/// Group normalisation of training in bfloat16 against LibTorch's operators in float32 on the same values.
@Suite struct TrainingNormalisationTests {
  struct Case: CustomTestStringConvertible {
    var batch: Int
    var channels: Int
    var groups: Int
    var side: (Int, Int)
    var around: Set<String>
    /// Whether one row serves all images.
    var isShared = false
    var silu = true

    var testDescription: String { "\(batch)x\(channels)x\(side), \(around.sorted()), silu \(silu)" }
  }

  static let cases = [
    Case(batch: 2, channels: 16, groups: 4, side: (5, 7), around: []),
    Case(batch: 2, channels: 16, groups: 4, side: (5, 7), around: [], silu: false),
    Case(batch: 3, channels: 24, groups: 8, side: (16, 16), around: ["gain", "shift"]),
    Case(batch: 3, channels: 8, groups: 8, side: (9, 3), around: ["offset"]),
    Case(batch: 2, channels: 40, groups: 1, side: (4, 4), around: ["offset", "gain", "shift"], isShared: true),
    Case(batch: 1, channels: 8, groups: 2, side: (1, 1), around: ["shift"]),
  ]

  private func rounded(_ shape: [Int], _ generator: Generator, mean: Double = 0) throws -> Tensor {
    try (Tensor.randn(shape, generator: generator) * 3.0 + mean).to(.bfloat16).to(.float32)
  }

  @Test("Output and gradients are LibTorch's in float32, rounded once", arguments: cases)
  func parity(_ sample: Case) throws {
    let generator = try Generator(seed: 3)
    let (batch, channels) = (sample.batch, sample.channels)
    let shape = [batch, channels, sample.side.0, sample.side.1]
    // A mean far from zero: the variance is small beside it.
    let x_BCHW = try rounded(shape, generator, mean: 20)
    let outer_BCHW = try rounded(shape, generator)
    let row = [sample.isShared ? 1 : batch, channels, 1, 1]
    var names = ["weight", "bias"]
    var values = [
      try Tensor.randn([channels], generator: generator), try Tensor.randn([channels], generator: generator),
    ]
    for name in ["offset", "gain", "shift"] where sample.around.contains(name) {
      names.append(name)
      values.append(try Tensor.randn(row, generator: generator))
    }

    func results(_ dtype: DType, _ body: (Tensor, [String: Tensor]) throws -> Tensor) throws -> [Tensor] {
      let x = try x_BCHW.to(dtype).contiguous(memoryFormat: .channelsLast).detach().clone()
        .setRequiresGrad(true)
      let leaves = try values.map { try $0.clone().setRequiresGrad(true) }
      let y = try body(x, Dictionary(uniqueKeysWithValues: zip(names, leaves)))
      #expect(y.dtype == dtype)
      try (y.to(.float32) * outer_BCHW).sum().backward()
      return try [y.detach(), #require(try x.grad)] + leaves.map { try #require(try $0.grad) }
    }
    let expected = try results(.float32) { x, around in
      var y = x
      if let offset = around["offset"] { y = try y + offset }
      y = try y.groupNorm(numGroups: sample.groups, weight: around["weight"], bias: around["bias"], eps: 1e-5)
      if let gain = around["gain"] { y = try y * gain }
      if let shift = around["shift"] { y = try y + shift }
      return sample.silu ? try y.silu() : y
    }
    let found = try results(.bfloat16) { x, around in
      #expect(x.takesGroupNormTraining)
      return try x.groupNormTraining(
        groups: sample.groups, weight: #require(around["weight"]), bias: #require(around["bias"]), epsilon: 1e-5,
        offset: around["offset"], gain: around["gain"], shift: around["shift"], silu: sample.silu)
    }
    for (name, (a, b)) in zip(["output", "x"] + names, zip(found, expected)) {
      let isRounded = ["output", "x"].contains(name)
      let largest = try b.abs().max().item()
      let error = try (a.to(.float32) - b).abs()
      // Half a unit in the last place of bfloat16's eight bits, and what float32 loses of the sums.
      let bound = try b.abs() * (isRounded ? 1.0 / 256 : 0) + (1e-4 + 2e-4 * largest)
      let (excess, greatest) = try ((error - bound).max().item(), error.max().item())
      #expect(excess <= 0, "\(name): \(greatest) of \(largest)")
    }
  }

  @Test("A block under autocast takes it, with and without gradients alike")
  func layer() throws {
    let generator = try Generator(seed: 1)
    let store = ParameterStore(generator: generator, memoryFormat: .channelsLast)
    let norm = try GroupNorm(store.root, groups: 4, channels: 16)
    let x = try Tensor.randn([2, 16, 6, 6], generator: generator).to(.bfloat16)
      .contiguous(memoryFormat: .channelsLast)
    let trained = try withAutocast(.bfloat16) { try norm.silu(x) }
    #expect(trained.dtype == .bfloat16)
    #expect(trained.requiresGrad)
    let used = try withoutGradients { try withAutocast(.bfloat16) { try norm.silu(x) } }
    #expect(try maximumError(trained.detach().to(.float32), used.to(.float32)) == 0)
    try trained.to(.float32).sum().backward()
    #expect(try #require(try norm.weight.value.grad).dtype == .float32)
  }

  @Test("Maps of other types, layouts and sizes are left to LibTorch, and refused by the operation itself")
  func refused() throws {
    let map = try Tensor.zeros([2, 8, 4, 4], dtype: .bfloat16)
    let lying = try map.contiguous(memoryFormat: .channelsLast)
    let ones = try Tensor.ones([8])
    #expect(lying.takesGroupNormTraining)
    for other in [map, try lying.to(.float32), try lying.narrow(dim: 2, start: 0, length: 3)] {
      #expect(!other.takesGroupNormTraining)
      #expect(throws: TorchError.self) {
        try other.groupNormTraining(groups: 2, weight: ones, bias: ones, epsilon: 1e-5, silu: true)
      }
    }
    #expect(throws: TorchError.self) {
      try lying.groupNormTraining(groups: 3, weight: ones, bias: ones, epsilon: 1e-5, silu: true)
    }
    #expect(throws: TorchError.self) {
      try lying.groupNormTraining(groups: 2, weight: Tensor.ones([4]), bias: ones, epsilon: 1e-5, silu: true)
    }
  }
}
