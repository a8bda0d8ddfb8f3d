/// Strings that try a tokenizer: the same ones, from the same seed, as `Tools/reference/generated_strings.py`.
enum GeneratedStrings {
  private static let words = [
    "right", "Lower", "lobe", "PNEUMONIA", "cardiomegaly", "effusion", "pneumothorax", "no", "Acute", "XXXX", "opacity",
    "don't", "unaffable", "hyperinflation", "bronchovascular", "T-spine", "5mm", "costophrenic", "[SEP]", "[CLS]",
    "[MASK]", "[UNK]", "[PAD]", "[sep]", "##ing", "[", "\u{130}stanbul", "STRASSE", "\u{38C}\u{3A3}\u{39F}\u{3A3}",
    "\u{153}uvre", "na\u{EF}ve", "\u{C5}ngstr\u{F6}m",
  ]
  private static let ranges: [(first: UInt32, last: UInt32)] = [
    (0x21, 0x7E), (0x20, 0x20), (0x00, 0x1F), (0x7F, 0xA0), (0xA1, 0x24F), (0x250, 0x2FF), (0x300, 0x36F),
    (0x370, 0x52F), (0x590, 0x6FF), (0x700, 0x8FF), (0x900, 0xDFF), (0xE00, 0x109F), (0x1100, 0x11FF),
    (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x2BFF), (0x3000, 0x30FF), (0x3400, 0x4DFF), (0x4E00, 0x9FFF),
    (0xA000, 0xABFF), (0xAC00, 0xD7A3), (0xD800, 0xDFFF), (0xE000, 0xF8FF), (0xF900, 0xFAFF), (0xFB00, 0xFEFF),
    (0xFF00, 0xFFFF), (0x10000, 0x11FFF), (0x1B000, 0x1D7FF), (0x1E000, 0x1EFFF), (0x1F000, 0x1FAFF),
    (0x20000, 0x2FFFF), (0xE0000, 0xE01FF), (0xF0000, 0x10FFFF), (0x0, 0x10FFFF),
  ]
  private static let sequences: [[UInt32]] = [
    [0x1F468, 0x200D, 0x1F469, 0x200D, 0x1F467], [0x1F44D, 0x1F3FD], [0x2764, 0xFE0F], [0x1F1E9, 0x1F1EA],
    [0x65, 0x301, 0x323], [0x1112, 0x1161, 0x11AB], [0x302E, 0x1D165, 0x20D0, 0x334], [0xD83D], [0xDE00],
    [0xDE00, 0xD83D], [0xFEFF], [0x0D, 0x0A],
  ]

  /// The string of this index as UTF-16 code units, among them unpaired surrogates.
  static func codeUnits(of index: Int) -> [UInt16] {
    var random = SplitMix64(state: UInt64(index) * 1_000_003 + 17)
    var units: [UInt16] = []
    for _ in 0..<random.below(24) {
      switch random.below(8) {
      case 0, 1:
        units += Array(words[random.below(words.count)].utf16)
        if random.below(4) > 0 { units.append(0x20) }
      case 2, 3, 4:
        let range = ranges[random.below(ranges.count)]
        for _ in 0..<1 + random.below(8) { append(random.scalar(in: range), to: &units) }
      case 5:
        for scalar in sequences[random.below(sequences.count)] { append(scalar, to: &units) }
      case 6:
        let range = ranges[random.below(ranges.count)]
        let scalar = random.scalar(in: range)
        let count = random.below(4) > 0 ? 1 + random.below(8) : 90 + random.below(20)
        for _ in 0..<count { append(scalar, to: &units) }
      default:
        for _ in 0..<1 + random.below(12) { units.append(UInt16(0x41 + random.below(26) + 32 * random.below(2))) }
      }
    }
    return units
  }

  private static func append(_ scalar: UInt32, to units: inout [UInt16]) {
    if scalar < 0x10000 {
      units.append(UInt16(scalar))
    } else {
      units.append(UInt16(0xD800 + (scalar - 0x10000) >> 10))
      units.append(UInt16(0xDC00 + (scalar - 0x10000) & 0x3FF))
    }
  }
}

/// Steele, Lea & Flood 2014.
private struct SplitMix64 {
  var state: UInt64

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ z >> 31) % UInt64(bound))
  }

  mutating func scalar(in range: (first: UInt32, last: UInt32)) -> UInt32 {
    range.first + UInt32(below(Int(range.last - range.first) + 1))
  }
}
