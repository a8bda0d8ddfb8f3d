import Torch

// B batch, C channels, H height, W width

/// How far images are from one another in the features of a network (Zhang et al., 2018, "The unreasonable effectiveness
/// of deep features", equation 1 with all weights 1): features of every position are brought to length 1 over the
/// channels, and their squared distances averaged over the positions of each layer and added over the layers.
enum FeatureDistance {
  /// - Parameters: the features of both images, layer by layer, in any floating-point type.
  /// - Throws: `TorchError`.
  static func between(_ one: [Tensor], _ other: [Tensor]) throws -> Tensor {
    let distances = try zip(one, other).map { a_BCHW, b_BCHW in
      try (normalised(a_BCHW) - normalised(b_BCHW)).square().sum(dim: [1]).mean()
    }
    return try distances.dropFirst().reduce(distances.first ?? Tensor.zeros([])) { try $0 + $1 }
  }

  private static func normalised(_ x_BCHW: Tensor) throws -> Tensor {
    let x = try x_BCHW.to(.float32)
    // The small number keeps the gradient finite where all features are 0.
    return try x * (x.square().sum(dim: [1], keepdim: true) + 1e-8).rsqrt()
  }
}
