/// A word, a number or a mark of punctuation of a report, in lower case.
struct ReportToken: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case word
    case number
    case punctuation
  }

  let text: String
  let kind: Kind
  /// Where it is in the text, in bytes of UTF-8.
  let range: Range<Int>
}

extension [ReportToken] {
  /// The tokens from `start` up to `end`; empty if those overlap.
  func between(_ start: Int, _ end: Int) -> ArraySlice<ReportToken> {
    start < end && start >= 0 && end <= count ? self[start..<end] : []
  }
}

/// Divides text into sentences of tokens, in time linear in its length.
///
/// Hyphens and apostrophes divide words and are dropped ("right-sided" is two words); so is every mark that stands
/// for something that de-identification took out, since the words around it say what there is to say.
enum ReportTokenizer {
  /// A sentence that does not end is ended here, which bounds the work that each token can cause.
  static let longestSentence = 160
  /// Bytes of a word that are kept: no word of a vocabulary is longer.
  private static let longestWord = 64

  static func sentences(of text: String) -> [[ReportToken]] {
    var builder = SentenceBuilder()
    var word = ""
    var start = 0
    var offset = 0
    var isNumber = false
    var previous: Unicode.Scalar = " "
    let scalars = text.unicodeScalars

    func flush(_ end: Int) {
      guard !word.isEmpty else { return }
      builder.append(word, isNumber ? .number : .word, start..<end)
      word = ""
    }

    var index = scalars.startIndex
    while index < scalars.endIndex {
      let scalar = scalars[index]
      let width = UTF8.width(scalar)
      let next = scalars.index(after: index)
      let following: Unicode.Scalar = next < scalars.endIndex ? scalars[next] : " "
      let isDecimalPoint = scalar == "." && isDigit(previous) && isDigit(following)
      if isDigit(scalar) || isDecimalPoint && !word.isEmpty {
        if !isDecimalPoint && word.isEmpty { (start, isNumber) = (offset, true) }
        if word.utf8.count < longestWord { word.unicodeScalars.append(scalar) }
      } else if isLetter(scalar) {
        if word.isEmpty { start = offset }
        isNumber = false
        if word.utf8.count < longestWord { appendLowercased(scalar, to: &word) }
      } else {
        flush(offset)
        if let mark = punctuation(scalar) {
          builder.append(String(mark), .punctuation, offset..<(offset + width))
          if endsSentence(mark, following: following) { builder.endSentence() }
        } else if scalar.properties.isWhitespace, scalar == "\n" || scalar == "\r", isNewline(following) {
          builder.endSentence()
        }
      }
      previous = scalar
      offset += width
      index = next
    }
    flush(offset)
    builder.endSentence()
    return builder.sentences
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII
      ? ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
      : scalar.properties.isAlphabetic
  }

  private static func isNewline(_ scalar: Unicode.Scalar) -> Bool { scalar == "\n" || scalar == "\r" }

  private static func appendLowercased(_ scalar: Unicode.Scalar, to word: inout String) {
    if ("A"..."Z").contains(scalar) {
      word.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value) + 32))
    } else if scalar.isASCII {
      word.unicodeScalars.append(scalar)
    } else {
      for lower in scalar.properties.lowercaseMapping.unicodeScalars { word.unicodeScalars.append(lower) }
    }
  }

  private static func punctuation(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    switch scalar {
    case ".", ",", ";", ":", "?", "!", "/", "(", ")": scalar
    case "\u{2013}", "\u{2014}": ";"
    default: nil
    }
  }

  private static func endsSentence(_ mark: Unicode.Scalar, following: Unicode.Scalar) -> Bool {
    switch mark {
    case ".": !isDigit(following)
    case "!": true
    default: false
    }
  }
}

private struct SentenceBuilder {
  var sentences: [[ReportToken]] = []
  private var current: [ReportToken] = []

  /// Words whose full stop ends no sentence.
  private static let shortened: Set<String> = ["dr", "mr", "mrs", "ms", "approx", "vs", "no", "st"]

  mutating func append(_ text: String, _ kind: ReportToken.Kind, _ range: Range<Int>) {
    if kind == .word, isMark(text) { return }
    current.append(ReportToken(text: text, kind: kind, range: range))
    if current.count >= ReportTokenizer.longestSentence { close() }
  }

  mutating func endSentence() {
    if current.count >= 2, current[current.count - 1].text == ".",
      Self.shortened.contains(current[current.count - 2].text), current[current.count - 2].text != "no"
    {
      current.removeLast()
      return
    }
    close()
  }

  private mutating func close() {
    if current.contains(where: { $0.kind != .punctuation }) { sentences.append(current) }
    current = []
  }

  private func isMark(_ word: String) -> Bool {
    word.utf8.count >= 3 && word.utf8.allSatisfy { $0 == UInt8(ascii: "x") }
  }
}
