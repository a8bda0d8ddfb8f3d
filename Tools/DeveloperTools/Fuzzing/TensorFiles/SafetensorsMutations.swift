/// Mutations of a safetensors file that keep enough of its form to reach behind the first checks.
extension FuzzRandom {
  mutating func mutateSafetensors(_ original: [UInt8], donor: [UInt8]) -> [UInt8] {
    var bytes = original
    guard chance(3, in: 4), let (header, data) = splitSafetensors(original) else {
      mutate(&bytes, donor: donor)
      return bytes
    }
    var text = header
    var rest = data
    for _ in 0...below(3) { mutateHeader(&text, donor: splitSafetensors(donor)?.header ?? donor) }
    if chance(1, in: 8) { mutate(&rest, donor: donor) }
    let length = chance(1, in: 10) ? interestingNumber() : UInt64(text.count)
    return withUnsafeBytes(of: length.littleEndian, Array.init) + text + rest
  }

  private func splitSafetensors(_ bytes: [UInt8]) -> (header: [UInt8], data: [UInt8])? {
    guard bytes.count >= 8 else { return nil }
    let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(bytes.count - 8) else { return nil }
    let end = 8 + Int(length)
    return (Array(bytes[8..<end]), Array(bytes[end...]))
  }

  private mutating func mutateHeader(_ text: inout [UInt8], donor: [UInt8]) {
    switch below(8) {
    case 0, 1, 2: replaceNumber(&text)
    case 3: replaceQuoted(&text)
    case 4: duplicateEntry(&text)
    case 5: text.insert(contentsOf: pick(Self.headerPieces), at: below(text.count + 1))
    case 6:
      let depth = pick([1, 2, 127, 128, 129, 5000])
      let bracket = UInt8(ascii: pick(["[", "{", "]", "}"]))
      text.insert(contentsOf: [UInt8](repeating: bracket, count: depth), at: below(text.count + 1))
    default: mutate(&text, donor: donor)
    }
  }

  private static let headerPieces: [[UInt8]] =
    [
      "\"", "\\", "\\u", "\\ud83e", "\\udec1", "\\u0000", ",", ":", "[", "]", "{", "}", "{}", "[]", "0", "-1", "1.0",
      "1e9",
      "null", "true", " ", "\n", "\"__metadata__\":{\"a\":\"b\"},", "\"x\":1,", "\"dtype\":\"F32\",", "\"shape\":[],",
      "\"data_offsets\":[0,0],", "\u{80BA}", "\u{0}", "9223372036854775807", "9223372036854775808",
      "\"y\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},",
    ].map { Array($0.utf8) } + [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x9F]]

  private mutating func replaceNumber(_ text: inout [UInt8]) {
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    let starts = text.indices.filter { isDigit(text[$0]) && ($0 == 0 || !isDigit(text[$0 - 1])) }
    guard !starts.isEmpty else { return }
    let start = pick(starts)
    let end = text[start...].firstIndex { !isDigit($0) } ?? text.count
    let old = Int(String(decoding: text[start..<end], as: UTF8.self)) ?? 0
    let number = chance(1, in: 2) ? UInt64(max(0, old &+ below(9) &- 4)) : interestingNumber()
    text.replaceSubrange(start..<end, with: String(number).utf8)
  }

  private mutating func replaceQuoted(_ text: inout [UInt8]) {
    let quotes = text.indices.filter { text[$0] == UInt8(ascii: "\"") }
    guard quotes.count >= 2 else { return }
    let index = below(quotes.count - 1)
    let words = [
      "F32", "F4", "F6_E2M3", "BF16", "C64", "BOOL", "f32", "dtype", "shape", "data_offsets", "__metadata__", "",
    ]
    text.replaceSubrange((quotes[index] + 1)..<quotes[index + 1], with: pick(words).utf8)
  }

  private mutating func duplicateEntry(_ text: inout [UInt8]) {
    let commas = text.indices.filter { text[$0] == UInt8(ascii: ",") }
    guard commas.count >= 2 else { return }
    let first = below(commas.count - 1)
    let last = first + 1 + below(min(8, commas.count - first - 1))
    text.insert(contentsOf: text[commas[first]..<commas[last]], at: pick(commas))
  }
}
