import Torch

// B batch, N heads, L queries, S keys, D width of a head

extension ImageAttention {
  /// How many scores, of all images and heads together, are held at once: 16 MiB of float32.
  public static let scoreLimit = 1 << 22

  /// `softmax(Q K^T / sqrt(D)) V`, exactly, without the matrix of all scores: for some queries at a time, in the
  /// backward pass too, which computes each chunk again (Rabe and Staats, 2021, "Self-attention does not need O(n^2)
  /// memory").
  ///
  /// Memory beside the operands grows with the number of queries and of keys, not with their product. Chunks of keys are
  /// not needed for that: a chunk has as few queries as it takes, down to one.
  ///
  /// - Parameters:
  ///   - query_BNLD: `[B, N, L, D]`.
  ///   - mask: true or 0 for a key that may be seen, false or minus infinity for another; broadcast to `[B, N, L, S]`.
  ///   - scoreLimit: How many scores a chunk may have, unless those of one query are more.
  /// - Returns: `[B, N, L, D]`.
  /// - Throws: `TorchError` if the shapes or types do not fit each other, or memory runs out.
  public static func chunked(
    query_BNLD: Tensor, key_BNSD: Tensor, value_BNSD: Tensor, mask: Tensor? = nil, scoreLimit: Int = scoreLimit
  ) throws -> Tensor {
    let shape = query_BNLD.shape
    let queries = shape[2]
    let rows = max(1, scoreLimit / max(1, shape[0] * shape[1] * key_BNSD.shape[2]))
    let count = (queries + rows - 1) / rows
    guard count > 1 else { return try mixed([query_BNLD, key_BNSD, value_BNSD] + (mask.map { [$0] } ?? [])) }

    // `chunk`, not `narrow`: the gradients of narrow views are as large as the whole, one for each.
    let chunks = try query_BNLD.chunk(chunks: count, dim: 2)
    var masks = [Tensor?](repeating: mask, count: chunks.count)
    if let mask, mask.shape.count >= 2, mask.shape[mask.shape.count - 2] == queries {
      masks = try mask.chunk(chunks: count, dim: -2)
    }
    let hasGradient = [query_BNLD, key_BNSD, value_BNSD, mask].contains { $0?.requiresGrad == true }
    let results = try zip(chunks, masks).map { chunk, mask in
      let inputs = [chunk, key_BNSD, value_BNSD] + (mask.map { [$0] } ?? [])
      return hasGradient ? try checkpointed(inputs, mixed) : try mixed(inputs)
    }
    return try Tensor.cat(results, dim: 2)
  }

  private static func mixed(_ inputs: [Tensor]) throws -> Tensor {
    try inputs[0].scaledDotProductAttention(
      key: inputs[1], value: inputs[2], attnMask: inputs.count > 3 ? inputs[3] : nil)
  }
}
