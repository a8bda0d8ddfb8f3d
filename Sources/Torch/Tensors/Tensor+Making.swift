import CTorch

extension Tensor {
  /// A tensor with a copy of `bytes`, row by row.
  ///
  /// - Throws: ``TorchError/countMismatch(count:shape:)`` if the values do not fill the shape,
  ///   ``TorchError/invalidShape(_:)`` for an impossible one; `TorchError` if memory runs out.
  public convenience init(bytes: [UInt8], shape: [Int], dtype: DType) throws {
    try self.init(copying: bytes, elementCount: bytes.count / dtype.byteCount, shape: shape, dtype: dtype)
  }

  /// A `float32` tensor of `values`, row by row.
  ///
  /// - Throws: ``TorchError/countMismatch(count:shape:)`` if the values do not fill the shape,
  ///   ``TorchError/invalidShape(_:)`` for an impossible one; `TorchError` if memory runs out.
  public convenience init(_ values: [Float], shape: [Int]) throws {
    try self.init(copying: values, elementCount: values.count, shape: shape, dtype: .float32)
  }

  /// A `float64` tensor of `values`, row by row.
  ///
  /// - Throws: ``TorchError/countMismatch(count:shape:)`` if the values do not fill the shape,
  ///   ``TorchError/invalidShape(_:)`` for an impossible one; `TorchError` if memory runs out.
  public convenience init(_ values: [Double], shape: [Int]) throws {
    try self.init(copying: values, elementCount: values.count, shape: shape, dtype: .float64)
  }

  /// An `int64` tensor of `values`, row by row.
  ///
  /// - Throws: ``TorchError/countMismatch(count:shape:)`` if the values do not fill the shape,
  ///   ``TorchError/invalidShape(_:)`` for an impossible one; `TorchError` if memory runs out.
  public convenience init(_ values: [Int64], shape: [Int]) throws {
    try self.init(copying: values, elementCount: values.count, shape: shape, dtype: .int64)
  }

  /// A `float32` vector.
  ///
  /// - Throws: ``TorchError/countMismatch(count:shape:)`` if the values do not fill the shape,
  ///   ``TorchError/invalidShape(_:)`` for an impossible one; `TorchError` if memory runs out.
  public convenience init(_ values: [Float]) throws { try self.init(values, shape: [values.count]) }

  /// An `int64` vector of indices.
  ///
  /// - Throws: ``TorchError/countMismatch(count:shape:)`` if the values do not fill the shape,
  ///   ``TorchError/invalidShape(_:)`` for an impossible one; `TorchError` if memory runs out.
  public convenience init(indices: [Int]) throws { try self.init(indices.map(Int64.init), shape: [indices.count]) }

  private convenience init<Element>(copying values: [Element], elementCount: Int, shape: [Int], dtype: DType) throws {
    guard try Tensor.elementCount(of: shape) == elementCount else {
      throw TorchError.countMismatch(count: elementCount, shape: shape)
    }
    try self.init { out, error, functions in
      values.withUnsafeBytes { bytes in
        withUnsafeBytes(of: 0) { nothing in
          // An empty array may have no address, and the shim needs one.
          functions.from_bytes(
            bytes.baseAddress ?? nothing.baseAddress!, shape, shape.count, dtype.code, out, error)
        }
      }
    }
  }

  /// A tensor over memory that stays where it is: no copy. `owner` is kept alive until the last tensor over the
  /// memory is gone.
  ///
  /// - Parameter memory: aligned for `dtype`, at least as long as the shape needs, and never written through the
  ///   tensor unless its owner allows it.
  /// - Throws: ``TorchError/countMismatch(count:shape:)`` if the memory is too short, ``TorchError/invalidShape(_:)``
  ///   for an impossible shape.
  public convenience init(
    over memory: UnsafeRawBufferPointer, shape: [Int], dtype: DType, keepingAlive owner: AnyObject
  ) throws {
    let count = try Tensor.elementCount(of: shape)
    guard count * dtype.byteCount <= memory.count, let base = memory.baseAddress else {
      throw TorchError.countMismatch(count: memory.count / dtype.byteCount, shape: shape)
    }
    let context = Unmanaged.passRetained(owner).toOpaque()
    do {
      try self.init { out, error, functions in
        functions.over_memory(
          UnsafeMutableRawPointer(mutating: base), shape, shape.count, dtype.code, context,
          { Unmanaged<AnyObject>.fromOpaque($0).release() }, out, error)
      }
    }
  }

  /// A tensor of one value.
  ///
  /// - Throws: ``TorchError/invalidShape(_:)`` for an impossible shape; `TorchError` if memory runs out or there is no
  ///   such device.
  public static func full(
    _ shape: [Int], value: Double, dtype: DType = .float32, device: Device = .cpu
  ) throws -> Tensor {
    try Tensor { out, error, functions in
      functions.full(shape, shape.count, value, ct_options(dtype: dtype.code, device: device.code), out, error)
    }
  }

  /// A tensor of zeros.
  ///
  /// - Throws: ``TorchError/invalidShape(_:)`` for an impossible shape; `TorchError` if memory runs out or there is no
  ///   such device.
  public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
    try full(shape, value: 0, dtype: dtype, device: device)
  }

  /// A tensor of ones.
  ///
  /// - Throws: ``TorchError/invalidShape(_:)`` for an impossible shape; `TorchError` if memory runs out or there is no
  ///   such device.
  public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
    try full(shape, value: 1, dtype: dtype, device: device)
  }

  /// A tensor whose values are whatever the memory held.
  ///
  /// - Throws: ``TorchError/invalidShape(_:)`` for an impossible shape; `TorchError` if memory runs out or there is no
  ///   such device.
  public static func empty(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
    try Tensor { out, error, functions in
      functions.empty(shape, shape.count, ct_options(dtype: dtype.code, device: device.code), out, error)
    }
  }

  /// 0, 1, ... `end` - 1.
  ///
  /// - Throws: `TorchError` for an end below the start, or if memory runs out.
  public static func arange(_ end: Int, dtype: DType = .int64, device: Device = .cpu) throws -> Tensor {
    try arange(from: 0, to: Double(end), by: 1, dtype: dtype, device: device)
  }

  /// `start`, `start` + `step` and so on, below `end`.
  ///
  /// - Throws: `TorchError` for an end below the start, or if memory runs out.
  public static func arange(
    from start: Double, to end: Double, by step: Double, dtype: DType = .float32, device: Device = .cpu
  ) throws -> Tensor {
    try Tensor { out, error, functions in
      functions.arange(start, end, step, ct_options(dtype: dtype.code, device: device.code), out, error)
    }
  }

  /// Normal numbers of mean 0 and variance 1, drawn on the CPU whatever the device.
  ///
  /// - Throws: ``TorchError/invalidShape(_:)`` for an impossible shape; `TorchError` if memory runs out or there is no
  ///   such device.
  public static func randn(
    _ shape: [Int], generator: Generator, dtype: DType = .float32, device: Device = .cpu
  ) throws -> Tensor {
    try Tensor { out, error, functions in
      functions.randn(
        shape, shape.count, generator.handle, ct_options(dtype: dtype.code, device: device.code), out, error)
    }
  }

  /// Uniform numbers in [0, 1), drawn on the CPU whatever the device.
  ///
  /// - Throws: ``TorchError/invalidShape(_:)`` for an impossible shape; `TorchError` if memory runs out or there is no
  ///   such device.
  public static func rand(
    _ shape: [Int], generator: Generator, dtype: DType = .float32, device: Device = .cpu
  ) throws -> Tensor {
    try Tensor { out, error, functions in
      functions.rand(
        shape, shape.count, generator.handle, ct_options(dtype: dtype.code, device: device.code), out, error)
    }
  }

  /// Whole numbers of `range`, as `int64`.
  ///
  /// - Throws: `TorchError` for an empty range or an impossible shape, or if memory runs out.
  public static func randint(_ range: Range<Int>, shape: [Int], generator: Generator) throws -> Tensor {
    try Tensor { out, error, functions in
      functions.randint(range.lowerBound, range.upperBound, shape, shape.count, generator.handle, out, error)
    }
  }

  /// The numbers 0 ..< `count` in random order, as `int64`.
  ///
  /// - Throws: `TorchError` for an end below the start, or if memory runs out.
  public static func randperm(_ count: Int, generator: Generator) throws -> Tensor {
    try Tensor { out, error, functions in functions.randperm(count, generator.handle, out, error) }
  }

  /// How many elements a shape holds.
  ///
  /// - Throws: ``TorchError/invalidShape(_:)`` for a negative size or a product that overflows.
  public static func elementCount(of shape: [Int]) throws -> Int {
    try shape.reduce(1) { product, size in
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { throw TorchError.invalidShape(shape) }
      return next
    }
  }

  /// Calls a function that returns one tensor.
  convenience init(
    _ body: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<ct_error>, ct_functions) -> Int32
  ) throws {
    let functions = try LibTorch.api().pointee.functions
    var out: OpaquePointer?
    try check { error in body(&out, error, functions) }
    try self.init(owning: out)
  }
}
