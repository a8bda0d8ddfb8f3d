extension MappedTensor {
  /// Whether no element is NaN or infinite; true for types that have no such values, such as integers.
  ///
  /// Reads every byte once and makes no tensor. Types of less than 16 bits (fp8, fp4) are not looked into: nothing is
  /// computed with them, see ``StoredDType/isComputable``.
  public var isEntirelyFinite: Bool {
    guard let lanes = FloatLanes(dtype) else { return true }
    if isContiguous { return withUnsafeBytes(lanes.areFinite) }
    return contiguousBytes().withUnsafeBytes(lanes.areFinite)
  }
}

extension StoredDType {
  /// Whether weights of this type can be computed with: IEEE floats of 16, 32 or 64 bits, and bfloat16.
  public var isComputable: Bool { FloatLanes(self) != nil }
}

/// Floats of one type side by side in words of 64 bits. One is NaN or infinite if all bits of its exponent are set;
/// then adding the exponent's lowest bit carries into the sign's place, which the mask left empty.
private struct FloatLanes {
  /// The bits of the exponents.
  let exponents: UInt64
  /// The lowest bit of each exponent.
  let ones: UInt64
  /// The sign bit of each float.
  let signs: UInt64

  init?(_ dtype: StoredDType) {
    switch dtype {
    case .float16: self.init(exponents: 0x7C00_7C00_7C00_7C00, ones: 0x0400_0400_0400_0400, signs: Self.signs16)
    case .bfloat16: self.init(exponents: 0x7F80_7F80_7F80_7F80, ones: 0x0080_0080_0080_0080, signs: Self.signs16)
    case .float32: self.init(exponents: 0x7F80_0000_7F80_0000, ones: 0x0080_0000_0080_0000, signs: Self.signs32)
    case .float64: self.init(exponents: 0x7FF0_0000_0000_0000, ones: 0x0010_0000_0000_0000, signs: 1 << 63)
    default: return nil
    }
  }

  private init(exponents: UInt64, ones: UInt64, signs: UInt64) {
    self.exponents = exponents
    self.ones = ones
    self.signs = signs
  }

  private static let signs16: UInt64 = 0x8000_8000_8000_8000
  private static let signs32: UInt64 = 0x8000_0000_8000_0000

  /// Whether all floats in `bytes` are finite.
  func areFinite(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let (exponents, ones, signs) = (exponents, ones, signs)
    let words = bytes.count / 8
    var start = 0
    while start < words {
      // A block at a time, so that the loop inside has no exit and runs in vector registers.
      let end = min(words, start + 4096)
      var carries: UInt64 = 0
      for word in start..<end {
        let bits = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self))
        carries |= (bits & exponents) &+ ones
      }
      if carries & signs != 0 { return false }
      start = end
    }
    // The rest is filled with zeros, which are finite.
    let rest = bytes[(8 * words)...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return ((rest & exponents) &+ ones) & signs == 0
  }
}
