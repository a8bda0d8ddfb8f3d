/// Punctuation that was typed twice, or is left where words were taken out.
enum PunctuationCleaning {
  static func cleaned(_ text: String) -> String {
    var out: [TextPiece] = []
    let pieces = TextPieces.split(text)
    for (index, piece) in pieces.enumerated() {
      switch piece.text {
      case "." where !piece.isGlued && index + 1 < pieces.count && pieces[index + 1].isDecimal: out.append(piece)
      case ".", ",", ";", ":", "!", "?": addMark(piece, to: &out)
      case ")", "]": addClosing(piece, to: &out)
      default:
        var piece = piece
        if needsSpace(before: piece, after: out) { piece.space = " " }
        out.append(piece)
      }
    }
    return TextPieces.join(out)
  }

  /// A full stop outlives a comma, the first of two alike the second; no mark opens a text.
  private static func addMark(_ piece: TextPiece, to out: inout [TextPiece]) {
    var piece = piece
    guard let last = out.last else { return }
    if last.kind == .punctuation, [".", ",", ";", ":", "!", "?"].contains(last.text) {
      if last.text == "," || last.text == ";" && piece.text != "," { out[out.count - 1].text = piece.text }
      return
    }
    if last.text == "(" || last.text == "[" { return }
    piece.space = ""
    out.append(piece)
  }

  /// Brackets that hold nothing go.
  private static func addClosing(_ piece: TextPiece, to out: inout [TextPiece]) {
    let opening = piece.text == ")" ? "(" : "["
    while let last = out.last, last.text == "," { out.removeLast() }
    if out.last?.text == opening {
      out.removeLast()
      return
    }
    var piece = piece
    if !piece.startsLine { piece.space = "" }
    out.append(piece)
  }

  /// Whether a sentence or an item begins here without a space ("bilaterally.There").
  private static func needsSpace(before piece: TextPiece, after out: [TextPiece]) -> Bool {
    guard piece.isGlued, piece.kind == .word, out.count >= 2, let mark = out.last else { return false }
    let before = out[out.count - 2]
    switch mark.text {
    case ".": return piece.beginsUpper && before.text.utf8.count > 1 && before.kind == .word
    case ",", ";": return before.kind == .word
    default: return false
    }
  }
}

extension TextPiece {
  /// Digits that may follow a decimal point (" .5 cm").
  fileprivate var isDecimal: Bool { kind == .number && isGlued }
}
