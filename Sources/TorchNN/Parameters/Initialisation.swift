import Foundation
import Torch

/// How a fresh parameter is filled. The rules are PyTorch's, by PyTorch's names.
public enum Initialisation: Sendable, Equatable {
  case zeros
  case ones
  case constant(Double)
  /// Normal with mean 0, as `torch.nn.Embedding` (standard deviation 1) and BERT (0.02) have it.
  case normal(standardDeviation: Double)
  /// Uniform in `-bound ..< bound`.
  case uniform(bound: Double)
  /// `torch.nn.init.kaiming_uniform_(a)` with gain `sqrt(2 / (1 + a^2))` (He et al., 2015, equation 10).
  ///
  /// PyTorch's linear and convolution layers use `a = sqrt(5)`, which makes the bound `1 / sqrt(fanIn)`, for weight
  /// and bias alike.
  case kaimingUniform(fanIn: Int, a: Double = 5.squareRoot())

  /// Half the width of a uniform rule; nil for the others.
  var bound: Double? {
    switch self {
    case .uniform(let bound): bound
    case .kaimingUniform(let fanIn, let a): (6 / ((1 + a * a) * Double(max(fanIn, 1)))).squareRoot()
    default: nil
    }
  }

  /// The same rule with values `factor` times as large.
  ///
  /// Residual networks without normalisation start the last layer of every branch small, so that depth does not blow
  /// up the signal (Zhang et al., "Fixup initialization", 2019).
  public func scaled(by factor: Double) -> Initialisation {
    switch self {
    case .zeros: .zeros
    case .ones: .constant(factor)
    case .constant(let value): .constant(value * factor)
    case .normal(let deviation): .normal(standardDeviation: deviation * factor)
    case .uniform, .kaimingUniform: .uniform(bound: (bound ?? 0) * factor)
    }
  }

  /// A new float32 tensor on the CPU; draws from `generator` only if the rule is random.
  func tensor(_ shape: [Int], generator: Generator) throws -> Tensor {
    switch self {
    case .zeros: return try Tensor.zeros(shape)
    case .ones: return try Tensor.ones(shape)
    case .constant(let value): return try Tensor.full(shape, value: value)
    case .normal(let deviation): return try Tensor.randn(shape, generator: generator) * deviation
    case .uniform, .kaimingUniform:
      let bound = self.bound ?? 0
      return try Tensor.rand(shape, generator: generator) * (2 * bound) - bound
    }
  }
}
