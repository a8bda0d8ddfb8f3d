import Torch

/// The nonlinearity of a network.
public enum Activation: String, Codable, Sendable, CaseIterable {
  case silu, relu, gelu

  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    switch self {
    case .silu: try x.silu()
    case .relu: try x.relu()
    case .gelu: try x.gelu()
    }
  }
}
