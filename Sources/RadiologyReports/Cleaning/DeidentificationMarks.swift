/// Takes out the marks that de-identification left, and mends the grammar around them.
///
/// Marks are `XXXX` (three or more, also as part of a word), `___`, `****`, `[**...**]`, `[NAME]`, `<DATE>` and dates
/// of which a part is masked. What is mended is what only the lost word needed: a preposition, an article, a
/// conjunction, "Dr.", "dated"; if a sentence lost its subject or the noun of an adjective, the plain word
/// "structures" takes its place ("The structures are intact"), and the one word that can follow if there is only one
/// ("lymph nodes", "x-ray", "no evidence of"). Words for sides and numbers are never taken out.
enum DeidentificationMarks {
  static func removed(_ text: String) -> String {
    let marked = DeidentificationMarkReading.marked(TextPieces.split(text))
    guard marked.contains(where: { $0.kind == .mark }) else { return text }
    return TextPieces.join(GrammarMending.mended(marked))
  }
}

/// Finds the marks.
enum DeidentificationMarkReading {
  /// The longest text between brackets that can be a mark, in pieces.
  private static let longestBracket = 16

  /// The pieces with every mark as one piece of the kind `mark`.
  static func marked(_ pieces: [TextPiece]) -> [TextPiece] {
    var out: [TextPiece] = []
    var index = 0
    while index < pieces.count {
      let piece = pieces[index]
      if let end = bracketEnd(pieces, at: index) {
        out.append(TextPiece(space: piece.space, text: "", kind: .mark))
        index = end
      } else if let end = runEnd(pieces, at: index) {
        out.append(TextPiece(space: piece.space, text: "", kind: .mark))
        index = end
      } else {
        append(piece, to: &out)
        index += 1
      }
    }
    return joined(out)
  }

  /// A word, or the parts of one that holds a mark ("5XXXX").
  private static func append(_ piece: TextPiece, to out: inout [TextPiece]) {
    guard piece.kind == .word, let range = maskedRange(piece.text) else { return out.append(piece) }
    let prefix = String(piece.text[..<range.lowerBound])
    var suffix = String(piece.text[range.upperBound...])
    if suffix.hasPrefix("'") { suffix = "" }
    if !prefix.isEmpty { out.append(TextPiece(space: piece.space, text: prefix, kind: .word)) }
    out.append(TextPiece(space: prefix.isEmpty ? piece.space : "", text: "", kind: .mark))
    if !suffix.isEmpty { out.append(TextPiece(space: "", text: suffix, kind: .word)) }
  }

  /// Three or more capital X in a row.
  private static func maskedRange(_ word: String) -> Range<String.Index>? {
    var start: String.Index?
    var length = 0
    for index in word.indices {
      if word[index] == "X" {
        if length == 0 { start = index }
        length += 1
      } else if length >= 3, let start {
        return start..<index
      } else {
        length = 0
      }
    }
    guard length >= 3, let start else { return nil }
    return start..<word.endIndex
  }

  /// The end of `[**...**]`, `[NAME]` or `<DATE>` that begins at `index`.
  private static func bracketEnd(_ pieces: [TextPiece], at index: Int) -> Int? {
    let opening = pieces[index].text
    guard opening == "[" || opening == "<", index + 2 < pieces.count, pieces[index + 1].isGlued else { return nil }
    let closing = opening == "[" ? "]" : ">"
    let isStarred = opening == "[" && pieces[index + 1].text == "*"
    guard isStarred || pieces[index + 1].kind == .word || pieces[index + 1].text == "_" else { return nil }
    var position = index + 1
    while position < min(index + (isStarred ? 4 : 1) * longestBracket, pieces.count) {
      let piece = pieces[position]
      if piece.text == closing { return isStarred || piece.isGlued ? position + 1 : nil }
      if !isStarred {
        // "<5 mm" and "[sic]" are no marks: those are written in capitals.
        guard piece.kind == .number || piece.text == "_" || piece.text == "-" || piece.isCapital else { return nil }
      }
      position += 1
    }
    return nil
  }

  /// The end of a row of `_` or `*` that begins at `index`.
  private static func runEnd(_ pieces: [TextPiece], at index: Int) -> Int? {
    let text = pieces[index].text
    guard text == "_" || text == "*" || text == "#" else { return nil }
    var end = index + 1
    while end < pieces.count, pieces[end].text == text, pieces[end].isGlued { end += 1 }
    return end - index >= (text == "_" ? 2 : 3) ? end : nil
  }

  /// Marks that stand together, and the parts of a date around one, are one mark.
  private static func joined(_ pieces: [TextPiece]) -> [TextPiece] {
    var out: [TextPiece] = []
    var index = 0
    while index < pieces.count {
      guard pieces[index].kind == .mark else {
        out.append(pieces[index])
        index += 1
        continue
      }
      while out.count >= 2, let slash = out.last, slash.text == "/", slash.isGlued, out[out.count - 2].kind == .number {
        out.removeLast(2)
        if out.last?.kind == .mark { break }
      }
      var end = index + 1
      while end < pieces.count {
        if pieces[end].kind == .mark {
          end += 1
        } else if end + 1 < pieces.count, "/-,:".contains(pieces[end].text), !pieces[end].text.isEmpty,
          pieces[end + 1].kind == .mark || pieces[end].text == "/" && pieces[end + 1].kind == .number
        {
          end += 2
        } else {
          break
        }
      }
      out.append(TextPiece(space: pieces[index].space, text: "", kind: .mark))
      index = end
    }
    return out
  }
}

extension TextPiece {
  fileprivate var isCapital: Bool {
    kind == .word && text.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) }
  }
}
