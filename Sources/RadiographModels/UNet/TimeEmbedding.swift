import Foundation
import Torch
import TorchNN

// B batch, E width of the embedding

/// Times as vectors: sinusoids (Vaswani et al., 2017, section 3.5, cosines first), linear, SiLU, linear.
struct TimeEmbedding {
  private let architecture: UNetArchitecture.TimeEmbedding
  private let linear1: Linear
  private let linear2: Linear

  init(_ scope: ParameterScope, _ architecture: UNetArchitecture.TimeEmbedding) throws {
    self.architecture = architecture
    try ArchitectureError.requireDivisible(architecture.sinusoids, by: 2, "sinusoids", "cosine and sine")
    linear1 = try Linear(scope["linear1"], architecture.sinusoids, architecture.width)
    linear2 = try Linear(scope["linear2"], architecture.width, architecture.width)
  }

  func callAsFunction(_ times_B: Tensor) throws -> Tensor {
    try linear2(linear1(sinusoids(times_B)).silu())
  }

  func sinusoids(_ times_B: Tensor) throws -> Tensor {
    let half = architecture.sinusoids / 2
    // The frequencies in the steps and the precision of PyTorch, since a time of 999 magnifies the last bit.
    let frequencies = try (Tensor.arange(half, dtype: .float32) * (-log(architecture.period)) / Double(half)).exp()
    let times = try times_B.to(.float32).unsqueeze(dim: 1) * architecture.scale
    let angles = try times * frequencies.to(times_B.device).unsqueeze(dim: 0)
    return try Tensor.cat([angles.cos(), angles.sin()], dim: 1).to(linear1.weight.value.dtype)
  }

  func flops(rows: Int) -> Int { linear1.flops(rows: rows) + linear2.flops(rows: rows) }
}
