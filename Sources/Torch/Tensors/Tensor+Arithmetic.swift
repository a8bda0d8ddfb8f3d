// Operators over tensors and numbers. They throw, as every operation does: one `try` covers an expression.

extension Tensor {
  public static func + (a: Tensor, b: Tensor) throws -> Tensor { try a.add(other: b) }
  public static func - (a: Tensor, b: Tensor) throws -> Tensor { try a.sub(other: b) }
  public static func * (a: Tensor, b: Tensor) throws -> Tensor { try a.mul(other: b) }
  public static func / (a: Tensor, b: Tensor) throws -> Tensor { try a.div(other: b) }

  public static func + (a: Tensor, b: Double) throws -> Tensor { try a.add(other: b) }
  public static func - (a: Tensor, b: Double) throws -> Tensor { try a.sub(other: b) }
  public static func * (a: Tensor, b: Double) throws -> Tensor { try a.mul(other: b) }
  public static func / (a: Tensor, b: Double) throws -> Tensor { try a.div(other: b) }

  public static func + (a: Double, b: Tensor) throws -> Tensor { try b.add(other: a) }
  public static func - (a: Double, b: Tensor) throws -> Tensor { try b.rsub(other: a) }
  public static func * (a: Double, b: Tensor) throws -> Tensor { try b.mul(other: a) }
  public static func / (a: Double, b: Tensor) throws -> Tensor { try b.reciprocal().mul(other: a) }

  public static prefix func - (a: Tensor) throws -> Tensor { try a.neg() }

  public func matmul(_ other: Tensor) throws -> Tensor { try matmul(other: other) }
  public func reshape(_ shape: [Int]) throws -> Tensor { try reshape(shape: shape) }
  public func permute(_ dims: [Int]) throws -> Tensor { try permute(dims: dims) }
}
