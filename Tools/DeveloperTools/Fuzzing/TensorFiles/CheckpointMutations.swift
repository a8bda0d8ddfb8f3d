/// Mutations of a PyTorch checkpoint: of its bytes, its pickle, or the archive around it.
extension FuzzRandom {
  mutating func mutateCheckpoint(_ original: [UInt8], donor: [UInt8]) -> [UInt8] {
    var bytes = original
    guard var archive = FuzzArchive(original) else {
      // The older layout is all pickles but for its end.
      if chance(1, in: 2) { mutatePickle(&bytes, donor: donor) } else { mutate(&bytes, donor: donor) }
      return bytes
    }
    switch below(8) {
    case 0: mutate(&bytes, donor: donor)
    case 1: mutateRecords(&bytes)
    case 2:
      mutateEntries(&archive)
      bytes = archive.bytes
    default:
      guard let index = archive.entries.firstIndex(where: { $0.name.hasSuffix("data.pkl") }) else { return bytes }
      let donorArchive = FuzzArchive(donor)
      let donorPickle = donorArchive?.entries.first { $0.name.hasSuffix("data.pkl") }?.content ?? donor
      for _ in 0...below(3) { mutatePickle(&archive.entries[index].content, donor: donorPickle) }
      if chance(1, in: 10) { mutateEntries(&archive) }
      bytes = archive.bytes
    }
    return bytes
  }

  /// Changes numbers where the archive's own records lie.
  private mutating func mutateRecords(_ bytes: inout [UInt8]) {
    let signatures = bytes.indices.dropLast(4).filter { bytes[$0] == 0x50 && bytes[$0 + 1] == 0x4B }
    guard !signatures.isEmpty else { return }
    for _ in 0...below(3) {
      let start = pick(Array(signatures))
      overwriteInteger(&bytes, at: start + below(56))
    }
  }

  private mutating func mutateEntries(_ archive: inout FuzzArchive) {
    guard !archive.entries.isEmpty else { return }
    let index = below(archive.entries.count)
    switch below(7) {
    case 0: archive.entries.remove(at: index)
    case 1: archive.entries.append(archive.entries[index])
    case 2:
      archive.entries[index].name = pick(["archive/data.pkl", "x/data.pkl", "archive/constants.pkl", "", "/", "é"])
    case 3: archive.entries[index].method = UInt16(below(10))
    case 4: archive.entries[index].content.removeLast(below(archive.entries[index].content.count + 1))
    case 5: archive.entries[index].content += [UInt8](repeating: 0, count: below(64))
    default: archive.entries.swapAt(index, below(archive.entries.count))
    }
  }

  private mutating func mutatePickle(_ pickle: inout [UInt8], donor: [UInt8]) {
    switch below(7) {
    case 0 where !pickle.isEmpty: pickle[below(pickle.count)] = pick(Self.instructions)
    case 1, 2: pickle.insert(contentsOf: pick(Self.picklePieces), at: below(pickle.count + 1))
    case 3: replaceInteger(&pickle)
    case 4: repeatPiece(&pickle)
    default: mutate(&pickle, donor: donor)
    }
  }

  private static let instructions = Array(".(012NKMJGXBC]})tldaesuqrhjcQRbiopgIFLSVTUP".utf8) + Array(0x80...0x97)

  private static let picklePieces: [[UInt8]] =
    [
      "ctorch\nFloatStorage\n", "ctorch\nLongStorage\n", "ctorch.storage\nUntypedStorage\n", "ctorch\nfloat32\n",
      "ctorch\nSize\n", "ccollections\nOrderedDict\n)R", "ctorch._utils\n_rebuild_tensor_v2\n",
      "ctorch._utils\n_rebuild_tensor_v3\n", "ctorch._utils\n_rebuild_parameter\n", "c_codecs\nencode\n",
      "cos\nsystem\n",
      "(", ")", "]", "}", "t", "R", "Q", "b", "s", "u", "a", "e", "0", "1", "2", "N", "q\u{1}", "h\u{0}", "h\u{1}",
      "h\u{2}",
      "K\u{0}", "K\u{7F}", "X\u{0}\u{0}\u{0}\u{0}", "X\u{1}\u{0}\u{0}\u{0}0", "((((((((", "]]]]]]]]", ")aaaaaaa",
    ].map { Array($0.utf8) } + [
      [0x88], [0x89], [0x85], [0x86], [0x87], [0x94], [0x93], [0x8A, 8] + [UInt8](repeating: 0xFF, count: 7) + [0x7F],
      [0x8A, 0], [0x8A, 9], [0x8B, 0xFF, 0xFF, 0xFF, 0x7F], [0x58, 0xFF, 0xFF, 0xFF, 0xFF],
      [0x6A, 0xFF, 0xFF, 0xFF, 0xFF],
      [0x32, 0x61], [0x95] + [UInt8](repeating: 0xFF, count: 8),
    ]

  /// Turns one small integer into a large one: a shape, a stride, an offset or a count, if it hits one.
  private mutating func replaceInteger(_ pickle: inout [UInt8]) {
    let positions = pickle.indices.dropLast().filter { pickle[$0] == UInt8(ascii: "K") }
    guard !positions.isEmpty else { return }
    let position = pick(Array(positions))
    if chance(1, in: 2) {
      pickle[position + 1] = UInt8(below(32))
    } else {
      let number = withUnsafeBytes(of: interestingNumber().littleEndian, Array.init)
      pickle.replaceSubrange(position...(position + 1), with: [0x8A, 8] + number)
    }
  }

  /// Repeats a piece up to a thousand times: deep nesting and shared containers come of it.
  private mutating func repeatPiece(_ pickle: inout [UInt8]) {
    let piece = Array(pickle[range(in: pickle.count, limit: 8)])
    let times = pick([2, 10, 100, 1000])
    pickle.insert(contentsOf: (0..<times).flatMap { _ in piece }, at: below(pickle.count + 1))
  }
}
