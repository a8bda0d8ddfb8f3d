import Torch

extension BertEncoder {
  /// One vector for a text: the mean of its hidden states, as sentence-transformers pools them (Reimers & Gurevych,
  /// 2019).
  ///
  /// - Parameters:
  ///   - hidden_LD: The hidden states of the real tokens, `[CLS]` and `[SEP]` included.
  ///   - normalised: Divides by the Euclidean length, as all-MiniLM-L6-v2 does for comparing sentences.
  /// - Returns: `[D]`.
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func sentenceEmbedding(_ hidden_LD: Tensor, normalised: Bool = false) throws -> Tensor {
    let mean_D = try hidden_LD.mean(dim: [0])
    guard normalised else { return mean_D }
    return try mean_D / mean_D.linalgVectorNorm().clamp(min: 1e-12)
  }
}
