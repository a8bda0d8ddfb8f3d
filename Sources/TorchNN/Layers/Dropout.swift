import Torch

/// Sets elements to zero at random and scales up the others (Srivastava et al., 2014), from a generator that the
/// caller names: the same state of it gives the same elements.
public struct Dropout: Sendable {
  /// The share of elements that become zero, in `0 ..< 1`.
  public let probability: Double

  public init(_ probability: Double) { self.probability = probability }

  /// - Parameter generator: draws what is dropped while training; nil for use, which changes nothing.
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func callAsFunction(_ x: Tensor, generator: Generator?) throws -> Tensor {
    guard let generator, probability > 0 else { return x }
    let mask = try withoutGradients {
      let kept = try Tensor.rand(x.shape, generator: generator, device: x.device).ge(other: probability)
      return try kept.to(x.dtype) / (1 - probability)
    }
    return try x * mask
  }
}
