/// A word, a number or one mark of punctuation, with the white space before it, as cleaning steps see a text.
///
/// Joined, pieces give the text back; a step that touches none leaves every byte as it was.
struct TextPiece: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case word
    case number
    case punctuation
    /// Something that de-identification took out.
    case mark
  }

  var space: String
  var text: String
  var kind: Kind

  /// Whether nothing stands between it and the piece before.
  var isGlued: Bool { space.isEmpty }
  var startsLine: Bool { space.utf8.contains { $0 == 10 || $0 == 13 } }
  var lowercased: String { text.lowercased() }
  /// Whether it ends a sentence, or is a break that does.
  var endsSentence: Bool { kind == .punctuation && [".", "!", "?", ";", ":"].contains(text) }
  var beginsUpper: Bool { text.unicodeScalars.first?.properties.isUppercase ?? false }
  var beginsLower: Bool { text.unicodeScalars.first?.properties.isLowercase ?? false }
}

enum TextPieces {
  /// The pieces of a text; white space at its end becomes a last piece without text.
  static func split(_ text: String) -> [TextPiece] {
    var pieces: [TextPiece] = []
    var space = ""
    var word = ""
    var kind = TextPiece.Kind.word

    func flush() {
      guard !word.isEmpty else { return }
      pieces.append(TextPiece(space: space, text: word, kind: kind))
      (space, word) = ("", "")
    }

    for scalar in text.unicodeScalars {
      if scalar.properties.isWhitespace {
        flush()
        space.unicodeScalars.append(scalar)
      } else if isWordScalar(scalar) {
        if word.isEmpty { kind = isDigit(scalar) ? .number : .word }
        if kind == .number, !isDigit(scalar) { kind = .word }
        word.unicodeScalars.append(scalar)
      } else {
        flush()
        pieces.append(TextPiece(space: space, text: String(Character(scalar)), kind: .punctuation))
        space = ""
      }
    }
    flush()
    if !space.isEmpty { pieces.append(TextPiece(space: space, text: "", kind: .punctuation)) }
    return pieces
  }

  static func join(_ pieces: [TextPiece]) -> String {
    var text = ""
    for piece in pieces {
      text += piece.space
      text += piece.text
    }
    return text
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  /// Letters, digits, apostrophes within words, and what combines with letters.
  private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      return isDigit(scalar) || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "'"
    }
    let category = scalar.properties.generalCategory
    return scalar.properties.isAlphabetic || category == .nonspacingMark || category == .otherNumber
  }
}
