/// Mutations that know nothing of a format.
extension FuzzRandom {
  /// Applies one to four mutations; `donor` is another file to take pieces from.
  package mutating func mutate(_ bytes: inout [UInt8], donor: [UInt8]) {
    for _ in 0...below(4) { mutateOnce(&bytes, donor: donor) }
  }

  private mutating func mutateOnce(_ bytes: inout [UInt8], donor: [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = Array(donor[range(in: donor.count)])
      return
    }
    switch below(10) {
    case 0, 1: bytes[below(bytes.count)] ^= 1 << UInt8(below(8))
    case 2: bytes[below(bytes.count)] = UInt8(truncatingIfNeeded: interestingNumber())
    case 3: overwriteInteger(&bytes)
    case 4: bytes.removeLast(below(bytes.count) + 1)
    case 5: bytes.removeSubrange(range(in: bytes.count))
    case 6: bytes.insert(contentsOf: bytes[range(in: bytes.count)], at: below(bytes.count + 1))
    case 7: bytes.insert(contentsOf: donor[range(in: donor.count)], at: below(bytes.count + 1))
    case 8:
      // The head of one file and the tail of another.
      bytes.removeLast(below(bytes.count))
      bytes += donor.suffix(below(donor.count + 1))
    default: bytes += (0...below(32)).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
  }

  /// Writes an integer of 2, 4 or 8 bytes: a length, a size or an offset, if it hits one.
  package mutating func overwriteInteger(_ bytes: inout [UInt8], at position: Int? = nil) {
    let width = pick([2, 4, 8])
    guard bytes.count >= width else { return }
    let start = min(position ?? below(bytes.count), bytes.count - width)
    let value = interestingNumber()
    for index in 0..<width { bytes[start + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
  }
}
