import Torch

// B batch, C channels, S tokens, E width of the time embedding

/// The time, and the pooled text with it, as every residual block takes it; one row a sample.
public struct TimeConditioning {
  /// For each block: what is added, or gain and shift. `[B, C, 1, 1]` each.
  let blocks: [BlockConditioning]
}

struct BlockConditioning {
  /// nil if the time is only added.
  let gain_BC11: Tensor?
  let shift_BC11: Tensor

  func rows(_ start: Int, _ count: Int) throws -> BlockConditioning {
    BlockConditioning(
      gain_BC11: try gain_BC11?.narrow(dim: 0, start: start, length: count),
      shift_BC11: try shift_BC11.narrow(dim: 0, start: start, length: count))
  }
}

/// The text as every cross-attention takes it: its keys and values.
public struct ContextConditioning {
  let attentions: [KeysAndValues]
  /// True for a token that may be seen; nil if all may.
  let mask_B11S: Tensor?
}

/// A text as the U-Net takes it, one row a sample. ``TextProjection`` makes it.
public struct TextCondition {
  /// The tokens, `[B, S, contextWidth]`.
  public let context_BSC: Tensor
  /// True for a token that may be seen; nil if all may, padding included.
  public let mask_BS: Tensor?
  /// The whole text in one vector, added to the time embedding; nil if the architecture has none.
  public let pooled_BE: Tensor?

  public init(context_BSC: Tensor, mask_BS: Tensor? = nil, pooled_BE: Tensor? = nil) {
    self.context_BSC = context_BSC
    self.mask_BS = mask_BS
    self.pooled_BE = pooled_BE
  }

  /// The rows of several conditions under each other, the shorter texts padded with tokens that are masked.
  ///
  /// - Throws: ``ArchitectureError`` if texts without a mask differ in length: they cannot be padded.
  public static func concatenated(_ conditions: [TextCondition]) throws -> TextCondition {
    let length = conditions.map { $0.context_BSC.shape[1] }.max() ?? 0
    let padded = try conditions.map { try $0.padded(to: length) }
    let masks = padded.compactMap(\.mask_BS)
    let pooled = padded.compactMap(\.pooled_BE)
    try ArchitectureError.require(
      (masks.isEmpty || masks.count == conditions.count) && (pooled.isEmpty || pooled.count == conditions.count),
      "texts of different kinds cannot be one batch: make all of them with the same projection")
    return TextCondition(
      context_BSC: try Tensor.cat(padded.map(\.context_BSC)),
      mask_BS: masks.isEmpty ? nil : try Tensor.cat(masks), pooled_BE: pooled.isEmpty ? nil : try Tensor.cat(pooled))
  }

  /// The same text with masked tokens added.
  func padded(to length: Int) throws -> TextCondition {
    let missing = length - context_BSC.shape[1]
    guard missing > 0 else { return self }
    guard let mask_BS else {
      throw ArchitectureError.invalid(
        "texts without a mask must have one length: pad all of them to \(length) tokens")
    }
    return TextCondition(
      context_BSC: try context_BSC.pad(pad: [0, 0, 0, missing]),
      mask_BS: try mask_BS.pad(pad: [0, missing]), pooled_BE: pooled_BE)
  }
}
