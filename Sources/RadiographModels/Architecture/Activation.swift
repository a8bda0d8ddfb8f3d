import Torch
import TorchNN

/// The nonlinearity of a network.
public enum Activation: String, Codable, Sendable, CaseIterable {
  case silu, relu, gelu

  /// The activation of every element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    switch self {
    case .silu: try x.silu()
    case .relu: try x.relu()
    case .gelu: try x.gelu()
    }
  }

  /// The result of a normalisation with the activation applied, in one pass if the library can.
  func callAsFunction(_ norm: GroupNorm, _ x: Tensor) throws -> Tensor {
    switch self {
    case .silu: try norm.silu(x)
    case .relu, .gelu: try self(norm(x))
    }
  }

  /// The result of a convolution with the activation applied, in one pass if the library can.
  func callAsFunction(_ convolution: Conv2d, _ x: Tensor) throws -> Tensor {
    switch self {
    case .silu: try convolution(x, activation: .silu)
    case .relu: try convolution(x, activation: .relu)
    case .gelu: try convolution(x).gelu()
    }
  }
}
