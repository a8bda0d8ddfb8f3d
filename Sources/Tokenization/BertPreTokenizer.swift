/// Hugging Face's `BertPreTokenizer`: words end at white space, and every punctuation mark is a word alone.
enum BertPreTokenizer {
  /// The ranges of the words in `scalars`.
  static func words(in scalars: [UInt32]) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var start = 0
    var index = 0
    while index < scalars.count {
      let isPunctuation = isPunctuation(scalars[index])
      if isPunctuation || isWhitespace(scalars[index]) {
        if start < index { words.append(start..<index) }
        if isPunctuation { words.append(index..<index + 1) }
        start = index + 1
      }
      index += 1
    }
    if start < scalars.count { words.append(start..<scalars.count) }
    return words
  }

  /// White space as Rust's `char::is_whitespace` has it.
  static func isWhitespace(_ scalar: UInt32) -> Bool {
    scalar < 0x80
      ? scalar == 0x20 || (0x09...0x0D).contains(scalar)
      : ScalarTables.whitespace.contains(scalar)
  }

  private static func isPunctuation(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
    case 0..<0x80: false
    default: ScalarTables.punctuation.contains(scalar)
    }
  }
}
