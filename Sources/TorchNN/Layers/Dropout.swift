import Torch

/// Sets elements to zero at random and scales up the others (Srivastava et al., 2014), from a generator that the
/// caller names: the same state of it gives the same elements.
public struct Dropout: Sendable {
  /// The share of elements that become zero, in `0 ..< 1`.
  public let probability: Double

  public init(_ probability: Double) { self.probability = probability }

  /// - Parameter generators: one that draws what is dropped of all rows while training, or one for each row of the first
  ///   dimension, so that what is dropped of a row does not depend on those beside it; nil for use, which drops nothing.
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func callAsFunction(_ x: Tensor, generators: [Generator]?) throws -> Tensor {
    guard let generators, let first = generators.first, probability > 0 else { return x }
    let mask = try withoutGradients {
      let drawn =
        generators.count == 1
        ? try Tensor.rand(x.shape, generator: first, device: x.device)
        : try Tensor.cat(
          generators.map { try Tensor.rand([1] + x.shape.dropFirst(), generator: $0, device: x.device) })
      return try drawn.ge(other: probability).to(x.dtype) / (1 - probability)
    }
    return try x * mask
  }
}
