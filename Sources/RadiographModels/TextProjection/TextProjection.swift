import Torch
import TorchNN

// B batch, S tokens, D width of the encoder, E width of the time embedding

/// Layer normalisation, linear, layer normalisation over the encoder's hidden states; beside it the pooled text and
/// the null condition.
public struct TextProjection {
  public let architecture: TextProjectionArchitecture
  private let inputNorm: LayerNorm
  private let linear: Linear
  private let outputNorm: LayerNorm
  private let pooling: [Linear]
  private let nullToken: Parameter?
  private let nullPooled: Parameter?

  /// Takes the parameters `inputNorm...`, `linear...`, `outputNorm...`, and if the architecture has them
  /// `pooling.N...`, `null.token` and `null.pooled`.
  ///
  /// - Throws: ``ArchitectureError``; `ParameterError`; `TorchError`.
  public init(_ scope: ParameterScope, _ architecture: TextProjectionArchitecture) throws {
    try ArchitectureError.check(architecture)
    self.architecture = architecture
    inputNorm = try LayerNorm(scope["inputNorm"], architecture.hiddenWidth)
    linear = try Linear(scope["linear"], architecture.hiddenWidth, architecture.contextWidth)
    outputNorm = try LayerNorm(scope["outputNorm"], architecture.contextWidth)
    if let description = architecture.pooling {
      let source = description.source == .hidden ? architecture.hiddenWidth : architecture.contextWidth
      let widths = [source] + (description.hiddenWidth.map { [$0] } ?? []) + [description.outputWidth]
      pooling = try zip(widths, widths.dropFirst()).enumerated().map { index, width in
        try Linear(scope["pooling", index], width.0, width.1)
      }
    } else {
      pooling = []
    }
    switch architecture.nullCondition {
    case .zeros:
      nullToken = nil
      nullPooled = nil
    case .learned:
      nullToken = try scope["null"].parameter(
        "token", [architecture.contextWidth], .normal(standardDeviation: 1))
      nullPooled = try architecture.pooling.map { try scope["null"].parameter("pooled", [$0.outputWidth], .zeros) }
    }
  }

  /// The condition of each text.
  ///
  /// - Parameters:
  ///   - hidden_BSD: the encoder's last hidden states.
  ///   - mask_BS: true (or 1) for a real token; at least one in every row.
  /// - Throws: `TorchError` if shapes do not fit the architecture, or memory runs out.
  public func callAsFunction(_ hidden_BSD: Tensor, mask_BS: Tensor) throws -> TextCondition {
    let context_BSC = try outputNorm(linear(inputNorm(hidden_BSD)))
    let mask = try mask_BS.to(.bool)
    let pooled_BE = try architecture.pooling.map { description in
      try pool(description.source == .hidden ? hidden_BSD : context_BSC, mask)
    }
    return TextCondition(
      context_BSC: context_BSC, mask_BS: architecture.attendsToPadding ? nil : mask, pooled_BE: pooled_BE)
  }

  /// The condition of no text, `count` rows of `tokens` tokens.
  ///
  /// - Throws: `TorchError` if shapes do not fit the architecture, or memory runs out.
  public func null(count: Int, tokens: Int = 1) throws -> TextCondition {
    let like = try linear.weight.value
    let width = architecture.contextWidth
    let context: Tensor
    if let nullToken {
      context = try nullToken.value.reshape([1, 1, width]).expand(size: [count, tokens, width])
    } else {
      context = try Tensor.zeros([count, tokens, width], dtype: like.dtype, device: like.device)
    }
    var mask: Tensor?
    if !architecture.attendsToPadding {
      mask = try Tensor.arange(tokens).eq(other: 0).to(like.device).unsqueeze(dim: 0).expand(size: [count, tokens])
    }
    let pooled = try architecture.pooling.map { description in
      if let nullPooled {
        return try nullPooled.value.unsqueeze(dim: 0).expand(size: [count, description.outputWidth])
      }
      return try Tensor.zeros([count, description.outputWidth], dtype: like.dtype, device: like.device)
    }
    return TextCondition(context_BSC: context, mask_BS: mask, pooled_BE: pooled)
  }

  /// The condition with the rows that `isNull_B` marks replaced by no text, as training does at random.
  ///
  /// - Parameter isNull_B: boolean, one a row.
  /// - Throws: `TorchError` if shapes do not fit the architecture, or memory runs out.
  public func replacing(_ condition: TextCondition, whereNull isNull_B: Tensor) throws -> TextCondition {
    let shape = condition.context_BSC.shape
    let null = try null(count: shape[0], tokens: shape[1])
    let isNull_B1 = try isNull_B.unsqueeze(dim: 1)
    func choose(_ mask: Tensor, _ a: Tensor?, _ b: Tensor?) throws -> Tensor? {
      guard let a, let b else { return nil }
      return try Tensor.where(mask, tensors: a.to(b.dtype), other: b)
    }
    return TextCondition(
      context_BSC: try Tensor.where(
        isNull_B1.unsqueeze(dim: 2), tensors: null.context_BSC.to(condition.context_BSC.dtype),
        other: condition.context_BSC),
      mask_BS: try choose(isNull_B1, null.mask_BS, condition.mask_BS),
      pooled_BE: try choose(isNull_B1, null.pooled_BE, condition.pooled_BE))
  }

  /// The mean over the real tokens, through the pooling layers.
  private func pool(_ tokens_BSD: Tensor, _ mask_BS: Tensor) throws -> Tensor {
    let weight_BS1 = try mask_BS.to(tokens_BSD.dtype).unsqueeze(dim: 2)
    let count_B1 = try weight_BS1.sum(dim: [1]).clamp(min: 1)
    var pooled = try (tokens_BSD * weight_BS1).sum(dim: [1]) / count_B1
    for (index, layer) in pooling.enumerated() {
      pooled = try layer(index == 0 ? pooled : pooled.silu())
    }
    return pooled
  }

  /// What a text costs once.
  public func flops(tokens: Int) -> Int {
    linear.flops(rows: tokens) + pooling.reduce(0) { $0 + $1.flops(rows: 1) }
  }
}
