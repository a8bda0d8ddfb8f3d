import Support

/// A tensor inside a mapped file: the place of its elements and how to read them. Copies nothing and keeps the file
/// alive.
public struct MappedTensor: Sendable {
  /// The file that holds the elements, little-endian.
  public let file: MappedFile
  public let dtype: StoredDType
  public let shape: [Int]
  /// Distance between neighbours along each dimension, in elements; never negative.
  public let strides: [Int]
  /// The bytes of `file` from the first element through the last. Empty for a tensor without elements.
  public let byteRange: Range<Int>
  /// The product of `shape`; 1 for a scalar.
  public let elementCount: Int

  /// The first element. Valid while `file` lives; not aligned unless `isAligned`.
  public var baseAddress: UnsafeMutableRawPointer { file.baseAddress + byteRange.lowerBound }

  /// Whether the elements lie in row-major order without gaps.
  public var isContiguous: Bool {
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() {
      if size == 0 { return true }
      if size > 1, stride != expected { return false }
      expected *= size
    }
    return true
  }

  /// Whether the first element's address suits typed access. Files of older writers need a copy if it does not.
  public var isAligned: Bool { UInt(bitPattern: baseAddress) % UInt(dtype.alignment) == 0 }

  /// Bytes of the elements packed in row-major order.
  public var byteCount: Int { elementCount * dtype.bitWidth / 8 }

  /// Gives `body` the bytes from the first element through the last as they lie in the file (see `strides`).
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(file) { try body(UnsafeRawBufferPointer(rebasing: file.bytes[byteRange])) }
  }

  /// The elements in row-major order, copied.
  public func contiguousBytes() -> [UInt8] {
    if isContiguous { return withUnsafeBytes { Array($0) } }
    let width = dtype.bitWidth / 8
    // Trailing dimensions that lie packed are copied as one run.
    var outer = shape.count
    var run = 1
    while outer > 0, shape[outer - 1] == 1 || strides[outer - 1] == run {
      outer -= 1
      run *= shape[outer]
    }
    return withUnsafeBytes { source in
      [UInt8](unsafeUninitializedCapacity: byteCount) { target, initialized in
        let destination = UnsafeMutableRawBufferPointer(target)
        var index = [Int](repeating: 0, count: outer)
        var element = 0
        while initialized < byteCount {
          let slice = source[(element * width)..<((element + run) * width)]
          UnsafeMutableRawBufferPointer(rebasing: destination[initialized...]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: slice))
          initialized += run * width
          var dimension = outer - 1
          while dimension >= 0 {
            index[dimension] += 1
            element += strides[dimension]
            if index[dimension] < shape[dimension] { break }
            element -= index[dimension] * strides[dimension]
            index[dimension] = 0
            dimension -= 1
          }
        }
      }
    }
  }
}

/// The strides of packed row-major elements.
func contiguousStrides(ofShape shape: [Int]) -> [Int] {
  var strides = shape
  var stride = 1
  for dimension in shape.indices.reversed() {
    strides[dimension] = stride
    // Sizes of zero make no elements; the product of the others may overflow without meaning.
    stride = stride.multipliedReportingOverflow(by: max(1, shape[dimension])).partialValue
  }
  return strides
}
