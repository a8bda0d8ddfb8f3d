// Operators over tensors and numbers. They throw, as every operation does: one `try` covers an expression.

extension Tensor {
  /// The sum, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func + (a: Tensor, b: Tensor) throws -> Tensor { try a.add(other: b) }

  /// The difference, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func - (a: Tensor, b: Tensor) throws -> Tensor { try a.sub(other: b) }

  /// The product, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func * (a: Tensor, b: Tensor) throws -> Tensor { try a.mul(other: b) }

  /// The quotient, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func / (a: Tensor, b: Tensor) throws -> Tensor { try a.div(other: b) }

  /// The sum, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func + (a: Tensor, b: Double) throws -> Tensor { try a.add(other: b) }

  /// The difference, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func - (a: Tensor, b: Double) throws -> Tensor { try a.sub(other: b) }

  /// The product, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func * (a: Tensor, b: Double) throws -> Tensor { try a.mul(other: b) }

  /// The quotient, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func / (a: Tensor, b: Double) throws -> Tensor { try a.div(other: b) }

  /// The sum, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func + (a: Double, b: Tensor) throws -> Tensor { try b.add(other: a) }

  /// The difference, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func - (a: Double, b: Tensor) throws -> Tensor { try b.rsub(other: a) }

  /// The product, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func * (a: Double, b: Tensor) throws -> Tensor { try b.mul(other: a) }

  /// The quotient, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static func / (a: Double, b: Tensor) throws -> Tensor { try b.reciprocal().mul(other: a) }

  /// The negative, element by element.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public static prefix func - (a: Tensor) throws -> Tensor { try a.neg() }

  /// The matrix product.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func matmul(_ other: Tensor) throws -> Tensor { try matmul(other: other) }

  /// The elements in another shape of as many.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func reshape(_ shape: [Int]) throws -> Tensor { try reshape(shape: shape) }

  /// The dimensions in another order.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func permute(_ dims: [Int]) throws -> Tensor { try permute(dims: dims) }
}
