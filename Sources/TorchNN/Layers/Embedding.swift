import Torch

/// A table of vectors, looked up by index, as `torch.nn.Embedding`.
public struct Embedding {
  public let rows: Int
  public let width: Int
  public let weight: Parameter

  public init(
    _ scope: ParameterScope, rows: Int, width: Int,
    initialisation: Initialisation = .normal(standardDeviation: 1)
  ) throws {
    self.rows = rows
    self.width = width
    weight = try scope.parameter("weight", [rows, width], initialisation)
  }

  /// - Parameter indices: whole numbers (`int64`) in `0 ..< rows`, of any shape.
  /// - Returns: the shape of `indices` with `width` added.
  public func callAsFunction(_ indices: Tensor) throws -> Tensor {
    try Tensor.embedding(weight.value, indices: indices)
  }
}
