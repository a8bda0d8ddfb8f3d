import Torch
import TorchNN

// B batch, S tokens of the context, N heads, D width of a head

/// Attention of every position of an image to the tokens of a text: group normalisation, queries from a 1x1
/// convolution, keys and values from linear maps of the context, all without bias; an output convolution. The caller
/// adds the input.
struct ImageCrossAttention {
  let heads: Int
  private let norm: GroupNorm
  private let query: Conv2d
  private let key: Linear
  private let value: Linear
  private let output: Conv2d

  init(
    _ scope: ParameterScope, _ channels: Int, contextWidth: Int, heads: Int, groups: Int, epsilon: Double,
    outputInitialisation: Initialisation? = nil
  ) throws {
    self.heads = heads
    norm = try GroupNorm(scope["norm"], groups: groups, channels: channels, epsilon: epsilon)
    query = try Conv2d(scope["query"], channels, channels, kernel: 1, bias: false)
    key = try Linear(scope["key"], contextWidth, channels, bias: false)
    value = try Linear(scope["value"], contextWidth, channels, bias: false)
    output = try Conv2d(
      scope["output"], channels, channels, kernel: 1, initialisation: outputInitialisation)
  }

  /// The part that depends on the text alone.
  func keysAndValues(_ context_BSC: Tensor) throws -> KeysAndValues {
    KeysAndValues(
      key_BNSD: try ImageAttention.split(tokens_BSC: key(context_BSC), heads: heads),
      value_BNSD: try ImageAttention.split(tokens_BSC: value(context_BSC), heads: heads))
  }

  /// - Parameter mask_B11S: true for a token that may be seen; nil if all may.
  func callAsFunction(_ x_BCHW: Tensor, _ context: KeysAndValues, mask_B11S: Tensor?) throws -> Tensor {
    let query_BNLD = try ImageAttention.split(query(norm(x_BCHW)), heads: heads)
    return try output(
      ImageAttention.attend(
        query_BNLD: query_BNLD, key_BNSD: context.key_BNSD, value_BNSD: context.value_BNSD, mask: mask_B11S,
        height: x_BCHW.shape[2]))
  }

  /// What every call costs.
  func flops(side: Int, tokens: Int) -> Int {
    query.flops(side: side) + output.flops(side: side)
      + ImageAttention.flops(queries: side * side, keys: tokens, channels: output.inputs)
  }

  /// What the keys and values cost, once for a text.
  func contextFlops(tokens: Int) -> Int { key.flops(rows: tokens) + value.flops(rows: tokens) }
}

/// The keys and values of one cross-attention.
struct KeysAndValues {
  let key_BNSD: Tensor
  let value_BNSD: Tensor
}
