/// Bullets and the numbers of lists: the items become sentences.
///
/// A number counts as a list's only if it continues one (1, 2, 3) and begins a line or follows a sentence, so that
/// measurements, ribs and vertebrae keep theirs.
enum ListMarkers {
  private static let bullets: Set<String> = ["-", "*", "\u{2022}", "\u{00B7}", "\u{25CF}", "\u{25AA}", "\u{2023}", ">"]
  /// Words that a number belongs to.
  private static let counted: Set<String> = [
    "rib", "ribs", "level", "t", "l", "c", "number", "no", "grade", "type", "stage", "least", "of", "to", "than", "and",
    "or", "segment", "vertebra", "images", "image", "series", "view", "is", "are", "with", "at", "about",
    "approximately",
  ]

  static func removed(_ text: String) -> String {
    let pieces = TextPieces.split(text)
    var out: [TextPiece] = []
    var expected = 1
    var index = 0
    while index < pieces.count {
      let length = markerLength(pieces, at: index, out: out, expected: &expected)
      guard length > 0, index + length < pieces.count else {
        out.append(pieces[index])
        index += 1
        continue
      }
      let space = pieces[index].space
      endSentence(&out)
      index += length
      var item = pieces[index]
      item.space = out.isEmpty ? "" : space.isEmpty ? " " : space
      out.append(item)
      index += 1
    }
    return TextPieces.join(out)
  }

  /// How many pieces the marker at `index` has; 0 if there is no marker.
  private static func markerLength(
    _ pieces: [TextPiece], at index: Int, out: [TextPiece], expected: inout Int
  ) -> Int {
    let piece = pieces[index]
    let startsLine = out.isEmpty || piece.startsLine
    if startsLine, bullets.contains(piece.text), index + 1 < pieces.count, !pieces[index + 1].isGlued { return 1 }
    let opened = piece.text == "(" ? 1 : 0
    guard index + opened + 2 < pieces.count else { return 0 }
    let number = pieces[index + opened]
    let close = pieces[index + opened + 1]
    let next = pieces[index + opened + 2]
    guard number.kind == .number, number.text.utf8.count <= 2, let value = Int(number.text), close.isGlued,
      opened == 1 ? close.text == ")" && number.isGlued : close.text == "." || close.text == ")",
      next.kind == .word || next.kind == .number && !next.isGlued
    else { return 0 }
    let follows = startsLine || out.last?.endsSentence == true
    guard value == 1 && follows || value == expected && (follows || begins(next, after: out)) else { return 0 }
    expected = value + 1
    return opened + 2
  }

  /// Whether an item begins in the middle of a line behind one without a full stop.
  private static func begins(_ next: TextPiece, after out: [TextPiece]) -> Bool {
    guard let last = out.last, last.kind == .word, next.beginsUpper else { return false }
    return !counted.contains(last.lowercased)
  }

  private static func endSentence(_ out: inout [TextPiece]) {
    guard let last = out.last, !last.endsSentence, last.text != ",", !last.text.isEmpty else { return }
    out.append(TextPiece(space: "", text: ".", kind: .punctuation))
  }
}
