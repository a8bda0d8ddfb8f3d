/// Mutations of DICOM files. Half of them keep the form, so that what lies behind the first checks is reached.
extension FuzzRandom {
  mutating func mutateDICOM(_ original: [UInt8], donor: [UInt8]) -> [UInt8] {
    var bytes = original
    if chance(1, in: 8) {
      mutate(&bytes, donor: donor)
      return bytes
    }
    for _ in 0...below(3) {
      guard bytes.count > 160 else { return bytes }
      switch below(8) {
      case 0: mutateNumber(&bytes)
      case 1: mutateLength(&bytes)
      case 2: mutateRepresentation(&bytes)
      case 3: moveElement(&bytes, from: donor)
      case 4: exchangeSyntax(&bytes, for: donor)
      case 5: nest(&bytes)
      default: mutateCodestream(&bytes)
      }
    }
    if chance(1, in: 10) { takePreamble(from: &bytes) }
    return bytes
  }

  /// Leaves the data set alone, the meta information, or DICM without the preamble.
  private mutating func takePreamble(from bytes: inout [UInt8]) {
    let start = pick([128, 132, dataSetStart(of: bytes) ?? 132])
    if bytes.count > start { bytes.removeFirst(start) }
  }

  /// Where a file's data set begins; nil if that cannot be seen.
  private func dataSetStart(of file: [UInt8]) -> Int? {
    file.indices.dropFirst(132).first { index in
      index + 8 < file.count && file[index] == 8 && file[index + 1] == 0 && file[index + 3] == 0
        && (file[index + 2] == 5 || file[index + 2] == 0x16)
    }
  }

  /// The places of what looks like an explicit element's header, found without walking: the file may be broken.
  private func elements(of bytes: [UInt8], from start: Int = 132) -> [Int] {
    guard bytes.count > start + 8 else { return [] }
    return (start..<(bytes.count - 8)).filter { index in
      (65...90).contains(bytes[index + 4]) && (65...90).contains(bytes[index + 5]) && bytes[index + 1] <= 0x7F
        && (bytes[index] % 2 == 0 || bytes[index + 1] == 0x7F)
    }
  }

  /// A number of the image's description: sides, depths, tables.
  private mutating func mutateNumber(_ bytes: inout [UInt8]) {
    let found = elements(of: bytes).filter { bytes[$0 + 4] == 0x55 && bytes[$0 + 5] == 0x53 }
    guard !found.isEmpty else { return overwriteInteger(&bytes) }
    let place = pick(found) + 8
    guard place + 2 <= bytes.count else { return }
    let value = UInt16(truncatingIfNeeded: chance(1, in: 2) ? UInt64(below(20)) : interestingNumber())
    bytes[place] = UInt8(value & 0xFF)
    bytes[place + 1] = UInt8(value >> 8)
  }

  private mutating func mutateLength(_ bytes: inout [UInt8]) {
    let found = elements(of: bytes)
    guard !found.isEmpty else { return overwriteInteger(&bytes) }
    let place = pick(found) + pick([6, 8])
    for offset in 0..<pick([2, 4]) where place + offset < bytes.count {
      bytes[place + offset] = chance(1, in: 3) ? 0xFF : UInt8(truncatingIfNeeded: interestingNumber())
    }
  }

  private mutating func mutateRepresentation(_ bytes: inout [UInt8]) {
    let found = elements(of: bytes)
    guard !found.isEmpty else { return }
    let place = pick(found) + 4
    let name = pick(["SQ", "UN", "OW", "OB", "US", "SS", "DS", "IS", "UT", "LO", "AT", "FD", "zz"])
    bytes.replaceSubrange(place..<(place + 2), with: name.utf8)
  }

  /// A piece that starts with an element of another file goes between two elements.
  private mutating func moveElement(_ bytes: inout [UInt8], from donor: [UInt8]) {
    let (from, to) = (elements(of: donor), elements(of: bytes))
    guard !from.isEmpty, !to.isEmpty else { return }
    let start = pick(from)
    let end = min(donor.count, start + 8 + below(300))
    bytes.insert(contentsOf: donor[start..<end], at: pick(to))
  }

  /// Another file's meta information before this file's data set: a syntax that it is not in.
  private mutating func exchangeSyntax(_ bytes: inout [UInt8], for donor: [UInt8]) {
    guard let start = dataSetStart(of: bytes), let donated = dataSetStart(of: donor) else { return }
    bytes.replaceSubrange(..<start, with: donor[..<donated])
  }

  /// Items inside of items, some without a length, most without an end.
  private mutating func nest(_ bytes: inout [UInt8]) {
    let found = elements(of: bytes)
    guard !found.isEmpty else { return }
    let sequence: [UInt8] = pick([
      [0x28, 0, 0x10, 0x30], [0x28, 0, 0, 0x30], [0x08, 0, 0x18, 0x22], [0x09, 0, 0x10, 0x10], [0x54, 0, 0x20, 0x02],
    ])
    let header = sequence + Array(pick(["SQ", "UN"]).utf8) + [0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
    let item: [UInt8] = [0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]
    let level = header + item
    let depth = pick([1, 2, 5, 31, 33, 200])
    bytes.insert(contentsOf: (0..<depth).flatMap { _ in level }, at: pick(found))
  }

  /// Something in the second half, where the pixels are; a marker's length with preference.
  private mutating func mutateCodestream(_ bytes: inout [UInt8]) {
    let half = bytes.count / 2
    let markers = (half..<(bytes.count - 4)).filter { bytes[$0] == 0xFF && bytes[$0 + 1] >= 0x4F }
    if !markers.isEmpty, chance(2, in: 3) {
      let place = pick(markers) + 1 + below(24)
      if place < bytes.count {
        bytes[place] = chance(1, in: 2) ? UInt8(truncatingIfNeeded: interestingNumber()) : UInt8(below(8))
      }
    } else {
      bytes[half + below(bytes.count - half)] ^= 1 << UInt8(below(8))
    }
  }
}
