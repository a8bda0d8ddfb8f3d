/// A zip archive taken apart, to be changed and put together again.
struct FuzzArchive {
  var entries: [(name: String, content: [UInt8], method: UInt16)] = []

  /// Takes apart a sound archive of stored entries, as the corpus holds them; nil for anything else.
  init?(_ bytes: [UInt8]) {
    func number(_ position: Int, _ width: Int) -> Int? {
      guard position >= 0, position + width <= bytes.count else { return nil }
      return bytes[position..<(position + width)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    guard bytes.starts(with: [0x50, 0x4B, 3, 4]), let count = number(bytes.count - 12, 2),
      var position = number(bytes.count - 6, 4), bytes[bytes.count - 22] == 0x50
    else { return nil }
    for _ in 0..<count {
      guard let size = number(position + 20, 4), let nameLength = number(position + 28, 2),
        let extraLength = number(position + 30, 2), let header = number(position + 42, 4),
        let localName = number(header + 26, 2), let localExtra = number(header + 28, 2),
        let method = number(position + 10, 2)
      else { return nil }
      let start = header + 30 + localName + localExtra
      guard start + size <= bytes.count, position + 46 + nameLength <= bytes.count else { return nil }
      let name = String(decoding: bytes[(position + 46)..<(position + 46 + nameLength)], as: UTF8.self)
      entries.append((name, Array(bytes[start..<(start + size)]), UInt16(method)))
      position += 46 + nameLength + extraLength
    }
  }

  /// The archive put together, without the padding that PyTorch adds.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let name = Array(entry.name.utf8)
      let size = Self.little(UInt32(entry.content.count))
      let sizes = [UInt8](repeating: 0, count: 8) + size + size + Self.little(UInt16(name.count)) + [0, 0]
      let offset = UInt32(bytes.count)
      bytes += [0x50, 0x4B, 3, 4, 20, 0, 0, 0] + Self.little(entry.method) + sizes + name + entry.content
      directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0, 0, 0] + Self.little(entry.method) + sizes
      directory += [UInt8](repeating: 0, count: 10) + Self.little(offset) + name
    }
    let count = Self.little(UInt16(entries.count))
    let place = Self.little(UInt32(directory.count)) + Self.little(UInt32(bytes.count))
    return bytes + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count + place + [0, 0]
  }

  private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }
}
