import Torch

extension ResidualBlock {
  /// The block with its inner results computed again in the backward pass. All that needs a gradient goes in as an
  /// input; the block's own parameters get theirs through the closure.
  func checkpointedCall(
    _ x_BCHW: Tensor, _ time: BlockConditioning, _ context: KeysAndValues?, _ mask_B11S: Tensor?,
    _ dropout: [Generator]?
  ) throws -> Tensor {
    var inputs = [x_BCHW, time.shift_BC11]
    if let gain_BC11 = time.gain_BC11 { inputs.append(gain_BC11) }
    if let context { inputs += [context.key_BNSD, context.value_BNSD] }
    let hasText = context != nil
    let hasGain = time.gain_BC11 != nil
    return try checkpointed(inputs, generators: dropout ?? []) { inputs in
      let text =
        hasText ? KeysAndValues(key_BNSD: inputs[inputs.count - 2], value_BNSD: inputs[inputs.count - 1]) : nil
      return try self(
        inputs[0], BlockConditioning(gain_BC11: hasGain ? inputs[2] : nil, shift_BC11: inputs[1]), context: text,
        mask_B11S: mask_B11S, dropout: dropout)
    }
  }
}
