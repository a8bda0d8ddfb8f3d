import Torch
import TorchNN

/// Attention of every position of an image to all others: group normalisation, queries, keys and values from one 1x1
/// convolution without bias, an output convolution. The caller adds the input.
struct ImageSelfAttention {
  private let heads: Int
  private let norm: GroupNorm
  private let queryKeyValue: Conv2d
  private let output: Conv2d

  init(
    _ scope: ParameterScope, _ channels: Int, heads: Int, groups: Int, epsilon: Double,
    outputInitialisation: Initialisation? = nil
  ) throws {
    self.heads = heads
    norm = try GroupNorm(scope["norm"], groups: groups, channels: channels, epsilon: epsilon)
    queryKeyValue = try Conv2d(scope["qkv"], channels, 3 * channels, kernel: 1, bias: false)
    output = try Conv2d(
      scope["output"], channels, channels, kernel: 1, initialisation: outputInitialisation)
  }

  func callAsFunction(_ x_BCHW: Tensor) throws -> Tensor {
    let parts = try queryKeyValue(norm(x_BCHW)).chunk(chunks: 3, dim: 1)
    return try output(
      ImageAttention.attend(
        query_BNLD: ImageAttention.split(parts[0], heads: heads),
        key_BNSD: ImageAttention.split(parts[1], heads: heads),
        value_BNSD: ImageAttention.split(parts[2], heads: heads), height: x_BCHW.shape[2]))
  }

  func flops(side: Int) -> Int {
    queryKeyValue.flops(side: side) + output.flops(side: side)
      + ImageAttention.flops(queries: side * side, keys: side * side, channels: output.inputs)
  }
}
