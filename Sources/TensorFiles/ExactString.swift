/// A dictionary key that tells strings apart by their bytes.
///
/// `String` compares by canonical equivalence, so "é" as one scalar and as two would be one key; in a file of tensors
/// they are two names.
struct ExactString: Hashable {
  let string: String

  init(_ string: String) {
    self.string = string
  }

  static func == (left: Self, right: Self) -> Bool {
    left.string.utf8.elementsEqual(right.string.utf8)
  }

  func hash(into hasher: inout Hasher) {
    for byte in string.utf8 { hasher.combine(byte) }
    hasher.combine(UInt8(0xFF))
  }
}
