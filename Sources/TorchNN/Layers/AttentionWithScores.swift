import Torch

// B batch, N heads, L queries, S keys, D width of a head

extension ImageAttention {
  /// How many scores of one image ``withScores(query_BNLD:key_BNSD:value_BNSD:mask:)`` is used for at most: 4 MiB of
  /// bfloat16. Of one, so that memory grows in a straight line with the images, as a plan of it supposes.
  static let heldScoreLimit = 1 << 21

  /// Whether it is faster to hold all scores. In bfloat16 a CPU has fast products of matrices, which LibTorch's kernel
  /// without the scores does not use: for the few keys of a text or of a small map it takes two to four times as long,
  /// above all in the backward pass.
  ///
  /// The answer is the same with and without gradients, so that a block which is computed again gives the same result.
  static func prefersScores(_ query_BNLD: Tensor, _ key_BNSD: Tensor) throws -> Bool {
    let shape = query_BNLD.shape
    guard query_BNLD.dtype == .bfloat16, key_BNSD.dtype == .bfloat16, query_BNLD.device == .cpu,
      shape[1] * shape[2] * key_BNSD.shape[2] <= heldScoreLimit
    else { return false }
    // A processor for which convolutions of this type can be packed computes with the type itself.
    return try Tensor.packsConvolutions(of: .bfloat16)
  }

  /// `softmax(Q K^T / sqrt(D)) V`, step by step: the backward pass keeps the scores after the softmax.
  ///
  /// - Parameters:
  ///   - query_BNLD: `[B, N, L, D]`.
  ///   - mask: true or 0 for a key that may be seen, false or minus infinity for another; broadcast to `[B, N, L, S]`.
  /// - Returns: `[B, N, L, D]`.
  /// - Throws: `TorchError` if the shapes or types do not fit each other, or memory runs out.
  static func withScores(
    query_BNLD: Tensor, key_BNSD: Tensor, value_BNSD: Tensor, mask: Tensor? = nil
  ) throws -> Tensor {
    let scale = 1 / Double(query_BNLD.shape[3]).squareRoot()
    let scores_BNLS = try (query_BNLD * scale).matmul(key_BNSD.transpose(dim0: 2, dim1: 3))
    if let mask {
      // Added, not filled in: nothing of it is kept for the backward pass.
      func number(_ value: Double) throws -> Tensor {
        try Tensor.full([], value: value, dtype: scores_BNLS.dtype, device: scores_BNLS.device)
      }
      let bias = mask.dtype == .bool ? try Tensor.where(mask, tensors: number(0), other: number(-.infinity)) : mask
      try scores_BNLS.addInPlace(bias)
    }
    return try scores_BNLS.softmax(dim: -1).matmul(value_BNSD)
  }
}
