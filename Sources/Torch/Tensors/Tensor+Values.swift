import CTorch

extension Tensor {
  /// All elements as bytes, row by row, in the tensor's own type.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func bytes() throws -> [UInt8] {
    try values(of: dtype, as: UInt8.self, count: count * dtype.byteCount)
  }

  /// All elements, converted to `Float`, row by row.
  ///
  /// - Throws: ``TorchError/unexpectedDType(_:wanted:)`` if the elements have another type; `TorchError` if they cannot
  ///   be copied.
  public func floats() throws -> [Float] {
    try to(.float32).values(of: .float32, as: Float.self, count: count)
  }

  /// All elements, converted to `Double`, row by row.
  ///
  /// - Throws: ``TorchError/unexpectedDType(_:wanted:)`` if the elements have another type; `TorchError` if they cannot
  ///   be copied.
  public func doubles() throws -> [Double] {
    try to(.float64).values(of: .float64, as: Double.self, count: count)
  }

  /// All elements of an `int64` tensor, row by row.
  ///
  /// - Throws: ``TorchError/unexpectedDType(_:wanted:)`` if the elements have another type; `TorchError` if they cannot
  ///   be copied.
  public func int64s() throws -> [Int64] {
    guard dtype == .int64 else { throw TorchError.unexpectedDType(dtype, wanted: .int64) }
    return try values(of: .int64, as: Int64.self, count: count)
  }

  /// The one element of a tensor that has one.
  ///
  /// - Throws: `TorchError` if the tensor has more than one element, or none.
  public func item() throws -> Double {
    let functions = try LibTorch.api().pointee.functions
    var value = 0.0
    try check { functions.item(handle, &value, $0) }
    return value
  }

  private func values<Element: BitwiseCopyable>(
    of dtype: DType, as type: Element.Type, count: Int
  ) throws -> [Element] {
    let functions = try LibTorch.api().pointee.functions
    guard count > 0 else { return [] }
    return try Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      try check { functions.copy_bytes(handle, base, count * MemoryLayout<Element>.stride, $0) }
      initialized = count
    }
  }

  // MARK: Conversions

  /// The same values in another type; the tensor itself if it already has it.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func to(_ dtype: DType) throws -> Tensor {
    if self.dtype == dtype { return self }
    return try Tensor { out, error, functions in functions.to_dtype(handle, dtype.code, out, error) }
  }

  /// The same values on another device; the tensor itself if it is already there.
  ///
  /// - Throws: `TorchError` if there is no such device or its memory runs out.
  public func to(_ device: Device) throws -> Tensor {
    if self.device == device { return self }
    return try Tensor { out, error, functions in functions.to_device(handle, device.code, out, error) }
  }

  /// The same values, lying in memory as `memoryFormat` says.
  ///
  /// - Throws: `TorchError` if LibTorch refuses the operands or memory runs out.
  public func contiguous(memoryFormat: MemoryFormat = .contiguous) throws -> Tensor {
    try Tensor { out, error, functions in functions.contiguous(handle, memoryFormat.code, out, error) }
  }
}
