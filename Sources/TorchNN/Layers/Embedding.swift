import Torch

/// A table of vectors, looked up by index, as `torch.nn.Embedding`.
public struct Embedding {
  public let rows: Int
  public let width: Int
  public let weight: Parameter

  /// A table of `rows` vectors, `weight` of `scope`.
  ///
  /// - Throws: ``ParameterError`` for a path that is taken or a size that is not positive; `TorchError` if a value
  ///   cannot be made.
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
  /// - Throws: `TorchError` if the input's shape, type or device does not fit the weights, or memory runs out.
  public func callAsFunction(_ indices: Tensor) throws -> Tensor {
    try Tensor.embedding(weight.value, indices: indices)
  }
}
