/// The element type of a NumPy scalar or array (`numpy.dtype`).
struct NumPyElement: Equatable {
  /// NumPy's letter: `f` float, `i` and `u` integers, `b` bool, `U` text, `S` bytes, and others that are not read.
  var kind: Character
  /// Bytes of a number or of bytes; scalars of four bytes for a text.
  var size: Int
  var isBigEndian = false

  /// Reads NumPy's notation, such as `f8` or `<U5`; nil for one that is not a letter and a number.
  init?(_ text: String) {
    var rest = Substring(text)
    if let order = rest.first, "<>=|".contains(order) {
      isBigEndian = order == ">"
      rest.removeFirst()
    }
    guard let kind = rest.popFirst(), kind.isLetter, kind.isASCII, let size = Int(rest), size >= 0 else { return nil }
    self.kind = kind
    self.size = size
  }

  /// A type whose values are not read.
  static let opaque = NumPyElement(kind: "V", size: 0)

  private init(kind: Character, size: Int) {
    self.kind = kind
    self.size = size
  }

  /// What NumPy calls the type, for messages.
  var name: String {
    switch kind {
    case "f": "numpy.float\(size &* 8)"
    case "i": "numpy.int\(size &* 8)"
    case "u": "numpy.uint\(size &* 8)"
    case "c": "numpy.complex\(size &* 8)"
    case "M": "numpy.datetime64"
    case "m": "numpy.timedelta64"
    default: "numpy.dtype"
    }
  }

  /// The value of one element; nil if the type is not read or has no such value here, such as an integer of 2^63.
  func value(of bytes: [UInt8]) -> PickleValue? {
    let ordered = isBigEndian ? bytes.reversed() : bytes
    func bits<Bits: FixedWidthInteger & UnsignedInteger>(_: Bits.Type) -> Bits {
      ordered.reversed().reduce(0) { $0 << 8 | Bits($1) }
    }
    switch (kind, size, bytes.count) {
    case ("b", 1, 1): return .bool(bytes[0] != 0)
    case ("f", 2, 2): return .double(Double(float16Bits: bits(UInt16.self)))
    case ("f", 4, 4): return .double(Double(Float(bitPattern: bits(UInt32.self))))
    case ("f", 8, 8): return .double(Double(bitPattern: bits(UInt64.self)))
    case ("i", 1...8, size): return .int(Int(bits(UInt64.self).signExtended(fromBytes: size)))
    case ("u", 1...8, size): return Int(exactly: bits(UInt64.self)).map { .int($0) }
    case ("S", _, size): return .bytes(bytes)
    case ("U", _, _) where size <= bytes.count && bytes.count == 4 * size: return text(of: bytes).map { .string($0) }
    default: return nil
    }
  }

  /// The text in UTF-32; nil for numbers that are not scalars. NumPy fills the end with zeros.
  private func text(of bytes: [UInt8]) -> String? {
    var text = String.UnicodeScalarView()
    for start in stride(from: 0, to: bytes.count, by: 4) {
      let unit = bytes[start..<(start + 4)]
      let value = (isBigEndian ? Array(unit) : unit.reversed()).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      guard let scalar = Unicode.Scalar(value) else { return nil }
      text.append(scalar)
    }
    while text.last == "\0" { text.removeLast() }
    return String(text)
  }
}

extension UInt64 {
  /// The two's complement number in the lowest `count` bytes.
  fileprivate func signExtended(fromBytes count: Int) -> Int64 {
    let unused = 64 - 8 * count
    return Int64(bitPattern: self << unused) >> unused
  }
}

extension Double {
  /// A number of half precision (IEEE 754 binary16) from its bits.
  fileprivate init(float16Bits bits: UInt16) {
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Double(bits & 0x3FF) / 1024
    let magnitude: Double =
      switch exponent {
      case 0: Double(sign: .plus, exponent: -14, significand: fraction)
      case 0x1F: fraction == 0 ? .infinity : .nan
      default: Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
      }
    self = bits >> 15 == 0 ? magnitude : -magnitude
  }
}
