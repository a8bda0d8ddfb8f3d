import Torch
import TorchNN

// B batch, C channels, H height, W width

/// Branches that see the same maps, and whose results lie side by side.
protocol InceptionBlock {
  func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor
}

/// Convolutions one after another.
private struct Branch {
  private let convolutions: [NormalisedConvolution]

  init(_ convolutions: NormalisedConvolution...) { self.convolutions = convolutions }

  func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor { try convolutions.reduce(x_BCHW) { try $1($0) } }
}

/// A pooling by neighbours and a convolution of one pixel.
private struct PooledBranch {
  private let convolution: NormalisedConvolution
  private let reduction: Pooling2d.Reduction

  init(_ convolution: NormalisedConvolution, _ reduction: Pooling2d.Reduction) {
    self.convolution = convolution
    self.reduction = reduction
  }

  func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    switch reduction {
    case .max: return try convolution(x_BCHW.maxPool2D(kernelSize: [3, 3], stride: [1, 1], padding: [1, 1]))
    case .average:
      // A mean of neighbours and a linear map of channels may change places, and after it there are fewer channels.
      return try convolution(x_BCHW, activation: .none)
        .avgPool2D(kernelSize: [3, 3], stride: [1, 1], padding: [1, 1], countIncludePad: false).relu()
    }
  }
}

/// `Mixed_5b` to `Mixed_5d`, of 35 pixels a side.
struct InceptionA: InceptionBlock {
  private let branches: [Branch]
  private let pooled: PooledBranch

  init(_ scope: ParameterScope, _ inputs: Int, pool: Int) throws {
    branches = [
      Branch(try NormalisedConvolution(scope["branch1x1"], inputs, 64, kernel: 1)),
      Branch(
        try NormalisedConvolution(scope["branch5x5_1"], inputs, 48, kernel: 1),
        try NormalisedConvolution(scope["branch5x5_2"], 48, 64, kernel: 5, padding: 2)),
      Branch(
        try NormalisedConvolution(scope["branch3x3dbl_1"], inputs, 64, kernel: 1),
        try NormalisedConvolution(scope["branch3x3dbl_2"], 64, 96, kernel: 3, padding: 1),
        try NormalisedConvolution(scope["branch3x3dbl_3"], 96, 96, kernel: 3, padding: 1)),
    ]
    pooled = PooledBranch(try NormalisedConvolution(scope["branch_pool"], inputs, pool, kernel: 1), .average)
  }

  func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    try Tensor.cat(branches.map { try $0(x_BCHW) } + [pooled(x_BCHW)], dim: 1)
  }
}

/// `Mixed_6a`, which halves the side.
struct InceptionB: InceptionBlock {
  private let branches: [Branch]

  init(_ scope: ParameterScope, _ inputs: Int) throws {
    branches = [
      Branch(try NormalisedConvolution(scope["branch3x3"], inputs, 384, kernel: 3, stride: 2)),
      Branch(
        try NormalisedConvolution(scope["branch3x3dbl_1"], inputs, 64, kernel: 1),
        try NormalisedConvolution(scope["branch3x3dbl_2"], 64, 96, kernel: 3, padding: 1),
        try NormalisedConvolution(scope["branch3x3dbl_3"], 96, 96, kernel: 3, stride: 2)),
    ]
  }

  func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    try Tensor.cat(
      branches.map { try $0(x_BCHW) } + [x_BCHW.maxPool2D(kernelSize: [3, 3], stride: [2, 2])], dim: 1)
  }
}

/// `Mixed_6b` to `Mixed_6e`, of 17 pixels a side.
struct InceptionC: InceptionBlock {
  private let branches: [Branch]
  private let pooled: PooledBranch

  init(_ scope: ParameterScope, _ inputs: Int, inner: Int) throws {
    func row(_ name: String, _ outputs: Int) throws -> NormalisedConvolution {
      try NormalisedConvolution(scope[name], inner, outputs, kernel: (1, 7), padding: (0, 3))
    }
    func column(_ name: String, _ outputs: Int) throws -> NormalisedConvolution {
      try NormalisedConvolution(scope[name], inner, outputs, kernel: (7, 1), padding: (3, 0))
    }
    branches = [
      Branch(try NormalisedConvolution(scope["branch1x1"], inputs, 192, kernel: 1)),
      Branch(
        try NormalisedConvolution(scope["branch7x7_1"], inputs, inner, kernel: 1), try row("branch7x7_2", inner),
        try column("branch7x7_3", 192)),
      Branch(
        try NormalisedConvolution(scope["branch7x7dbl_1"], inputs, inner, kernel: 1),
        try column("branch7x7dbl_2", inner), try row("branch7x7dbl_3", inner), try column("branch7x7dbl_4", inner),
        try row("branch7x7dbl_5", 192)),
    ]
    pooled = PooledBranch(try NormalisedConvolution(scope["branch_pool"], inputs, 192, kernel: 1), .average)
  }

  func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    try Tensor.cat(branches.map { try $0(x_BCHW) } + [pooled(x_BCHW)], dim: 1)
  }
}

/// `Mixed_7a`, which halves the side.
struct InceptionD: InceptionBlock {
  private let branches: [Branch]

  init(_ scope: ParameterScope, _ inputs: Int) throws {
    branches = [
      Branch(
        try NormalisedConvolution(scope["branch3x3_1"], inputs, 192, kernel: 1),
        try NormalisedConvolution(scope["branch3x3_2"], 192, 320, kernel: 3, stride: 2)),
      Branch(
        try NormalisedConvolution(scope["branch7x7x3_1"], inputs, 192, kernel: 1),
        try NormalisedConvolution(scope["branch7x7x3_2"], 192, 192, kernel: (1, 7), padding: (0, 3)),
        try NormalisedConvolution(scope["branch7x7x3_3"], 192, 192, kernel: (7, 1), padding: (3, 0)),
        try NormalisedConvolution(scope["branch7x7x3_4"], 192, 192, kernel: 3, stride: 2)),
    ]
  }

  func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    try Tensor.cat(
      branches.map { try $0(x_BCHW) } + [x_BCHW.maxPool2D(kernelSize: [3, 3], stride: [2, 2])], dim: 1)
  }
}

/// `Mixed_7b` and `Mixed_7c`, of 8 pixels a side.
struct InceptionE: InceptionBlock {
  private let single: Branch
  private let stems: [Branch]
  /// After each stem, a row and a column of three pixels.
  private let ends: [[NormalisedConvolution]]
  private let pooled: PooledBranch

  init(_ scope: ParameterScope, _ inputs: Int, pooling: Pooling2d.Reduction) throws {
    single = Branch(try NormalisedConvolution(scope["branch1x1"], inputs, 320, kernel: 1))
    stems = [
      Branch(try NormalisedConvolution(scope["branch3x3_1"], inputs, 384, kernel: 1)),
      Branch(
        try NormalisedConvolution(scope["branch3x3dbl_1"], inputs, 448, kernel: 1),
        try NormalisedConvolution(scope["branch3x3dbl_2"], 448, 384, kernel: 3, padding: 1)),
    ]
    ends = try ["branch3x3_2", "branch3x3dbl_3"].map { name in
      [
        try NormalisedConvolution(scope[name + "a"], 384, 384, kernel: (1, 3), padding: (0, 1)),
        try NormalisedConvolution(scope[name + "b"], 384, 384, kernel: (3, 1), padding: (1, 0)),
      ]
    }
    pooled = PooledBranch(try NormalisedConvolution(scope["branch_pool"], inputs, 192, kernel: 1), pooling)
  }

  func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    var results = [try single(x_BCHW)]
    for (stem, ends) in zip(stems, ends) {
      let y = try stem(x_BCHW)
      results += try ends.map { try $0(y) }
    }
    return try Tensor.cat(results + [pooled(x_BCHW)], dim: 1)
  }
}
