import Torch

// B batch, C channels, H height, W width, N heads, L queries, S keys, D width of a head

/// The parts of attention over images that self- and cross-attention share. Heads are contiguous groups of channels;
/// scores are scaled by `1 / sqrt(D)`.
public enum ImageAttention {
  /// `[B, C, H, W]` to `[B, N, H*W, D]`: a view if the image lies channels-last.
  ///
  /// - Throws: `TorchError` if the heads do not divide the channels.
  public static func split(_ x_BCHW: Tensor, heads: Int) throws -> Tensor {
    let shape = x_BCHW.shape
    return try x_BCHW.permute([0, 2, 3, 1])
      .reshape([shape[0], shape[2] * shape[3], heads, shape[1] / heads]).transpose(dim0: 1, dim1: 2)
  }

  /// `[B, S, C]` to `[B, N, S, D]`.
  ///
  /// - Throws: `TorchError` if the heads do not divide the channels.
  public static func split(tokens_BSC: Tensor, heads: Int) throws -> Tensor {
    let shape = tokens_BSC.shape
    return try tokens_BSC.reshape([shape[0], shape[1], heads, shape[2] / heads]).transpose(dim0: 1, dim1: 2)
  }

  /// `softmax(Q K^T / sqrt(D)) V` and back to an image.
  ///
  /// In bfloat16 on a CPU it holds the scores if they are few
  /// (``withScores(query_BNLD:key_BNSD:value_BNSD:mask:)``). Where LibTorch has no kernel that does without a matrix of all
  /// scores, and that matrix would be large, it computes in chunks (``chunked(query_BNLD:key_BNSD:value_BNSD:mask:scoreLimit:)``).
  ///
  /// - Parameters:
  ///   - query_BNLD: queries of every position of an image of `height` rows.
  ///   - mask: true or 0 for a key that may be seen, false or minus infinity for another; broadcast to `[B, N, L, S]`.
  /// - Returns: `[B, N*D, H, W]`, lying channels-last.
  /// - Throws: `TorchError` if the shapes or types do not fit each other, or memory runs out.
  public static func attend(
    query_BNLD: Tensor, key_BNSD: Tensor, value_BNSD: Tensor, mask: Tensor? = nil, height: Int
  ) throws -> Tensor {
    let shape = query_BNLD.shape
    let mixed_BNLD = try mix(query_BNLD, key_BNSD, value_BNSD, mask)
    return try mixed_BNLD.transpose(dim0: 1, dim1: 2)
      .reshape([shape[0], height, shape[2] / height, shape[1] * shape[3]]).permute([0, 3, 1, 2])
  }

  private static func mix(
    _ query_BNLD: Tensor, _ key_BNSD: Tensor, _ value_BNSD: Tensor, _ mask: Tensor?
  ) throws -> Tensor {
    let shape = query_BNLD.shape
    if try prefersScores(query_BNLD, key_BNSD) {
      return try withScores(query_BNLD: query_BNLD, key_BNSD: key_BNSD, value_BNSD: value_BNSD, mask: mask)
    }
    // Few scores fit into memory in any case: only for many of them it is asked whether a kernel does without.
    if shape[0] * shape[1] * shape[2] * key_BNSD.shape[2] > scoreLimit,
      try !query_BNLD.fusesAttention(key: key_BNSD, value: value_BNSD, attnMask: mask)
    {
      return try chunked(query_BNLD: query_BNLD, key_BNSD: key_BNSD, value_BNSD: value_BNSD, mask: mask)
    }
    return try query_BNLD.scaledDotProductAttention(key: key_BNSD, value: value_BNSD, attnMask: mask)
  }

  /// Floating-point operations of the two products for one image of `queries` positions.
  public static func flops(queries: Int, keys: Int, channels: Int) -> Int { 4 * queries * keys * channels }
}
