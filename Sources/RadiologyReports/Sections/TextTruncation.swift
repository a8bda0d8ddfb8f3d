/// A training text cut to what the text encoder takes.
public struct TruncatedText: Sendable, Equatable {
  public enum Cut: String, Sendable, Codable {
    /// Everything fits.
    case none
    /// Whole sentences were left out.
    case sentences
    /// One sentence alone is too long, and was cut between words.
    case words
  }

  public var text: String
  public var cut: Cut
  /// The sentences that were left out, or the words of one, in the order of the report.
  public var removed: [String]
  /// What the caller's counter says of `text`.
  public var tokens: Int

  public var isCut: Bool { cut != .none }
}

/// Cuts texts at the border of a sentence.
public enum TextTruncation {
  /// The text of `sections` within `limit` tokens. Sentences are left out from the end of what comes before the
  /// impression first, then from the end of the impression, so that the impression outlives the findings.
  ///
  /// - Parameters:
  ///   - sections: what the text is made of, in order (`TextParts.selected`).
  ///   - limit: the tokens that the encoder takes, special tokens as the counter counts them; at 0 or less the text is
  ///     empty.
  ///   - countTokens: the tokens of a text. More text must not have fewer tokens. It is called some 20 times, not once
  ///     a sentence.
  public static func truncate(
    _ sections: [ReportSection], limit: Int, countTokens: (String) -> Int
  ) -> TruncatedText {
    let isImpression: (ReportSection) -> Bool = { [.impression, .addendum].contains($0.name) }
    let findings = sections.filter { !isImpression($0) }.flatMap { Sentences.split($0.text) }
    let impression = sections.filter(isImpression).flatMap { Sentences.split($0.text) }
    return truncate(findings: findings, impression: impression, limit: limit, countTokens: countTokens)
  }

  /// The same for a text of one part.
  public static func truncate(_ text: String, limit: Int, countTokens: (String) -> Int) -> TruncatedText {
    truncate(findings: [], impression: Sentences.split(text), limit: limit, countTokens: countTokens)
  }

  private static func truncate(
    findings: [String], impression: [String], limit: Int, countTokens: (String) -> Int
  ) -> TruncatedText {
    func text(_ first: Int, _ second: Int) -> String {
      (findings.prefix(first) + impression.prefix(second)).joined(separator: " ")
    }
    func fits(_ text: String) -> Bool { text.isEmpty || countTokens(text) <= limit }
    func result(_ first: Int, _ second: Int) -> TruncatedText {
      let kept = text(first, second)
      let removed = Array(findings.dropFirst(first) + impression.dropFirst(second))
      return TruncatedText(
        text: kept, cut: removed.isEmpty ? .none : .sentences, removed: removed,
        tokens: kept.isEmpty ? 0 : countTokens(kept))
    }
    let (all, whole) = (findings.count, impression.count)
    if fits(text(all, whole)), limit > 0 || text(all, whole).isEmpty { return result(all, whole) }
    guard limit > 0 else { return result(0, 0) }
    if !impression.isEmpty, fits(text(0, whole)) {
      return result(largest(in: 0...all) { fits(text($0, whole)) }, whole)
    }
    let sentences = impression.isEmpty ? findings : impression
    let kept = largest(in: 0...sentences.count) { fits(sentences.prefix($0).joined(separator: " ")) }
    if kept > 0 { return impression.isEmpty ? result(kept, 0) : result(0, kept) }
    return cutSentence(sentences, before: impression.isEmpty ? [] : findings, limit: limit, countTokens: countTokens)
  }

  /// The first words of a sentence that alone is too long.
  private static func cutSentence(
    _ sentences: [String], before: [String], limit: Int, countTokens: (String) -> Int
  ) -> TruncatedText {
    let words = (sentences.first ?? "").split(whereSeparator: \.isWhitespace)
    func text(_ count: Int) -> String { words.prefix(count).joined(separator: " ") }
    let kept = largest(in: 0...words.count) { $0 == 0 || countTokens(text($0)) <= limit }
    let rest = words.dropFirst(kept).joined(separator: " ")
    let removed = before + (rest.isEmpty ? [] : [rest]) + sentences.dropFirst()
    return TruncatedText(
      text: text(kept), cut: kept == 0 ? .sentences : .words, removed: removed,
      tokens: kept == 0 ? 0 : countTokens(text(kept)))
  }

  /// The largest number of `range` that meets a condition which all smaller ones meet too; the least if none does.
  private static func largest(in range: ClosedRange<Int>, where condition: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low + 1) / 2
      if condition(middle) { low = middle } else { high = middle - 1 }
    }
    return low
  }
}

/// Divides a text into its sentences, white space between them left out.
enum Sentences {
  static func split(_ text: String) -> [String] {
    let pieces = TextPieces.split(text)
    var sentences: [String] = []
    var current: [TextPiece] = []

    func close() {
      if let first = current.first {
        var pieces = current
        pieces[0] = TextPiece(space: "", text: first.text, kind: first.kind)
        let sentence = TextPieces.join(pieces)
        if !sentence.isEmpty { sentences.append(sentence) }
      }
      current = []
    }

    for (index, piece) in pieces.enumerated() {
      if piece.text.isEmpty { continue }
      current.append(piece)
      guard [".", "!", "?"].contains(piece.text) else { continue }
      let next = index + 1 < pieces.count ? pieces[index + 1] : nil
      if let next, next.isGlued { continue }
      // The number of a list's item.
      if piece.text == ".", current.count == 2, current[0].kind == .number { continue }
      if piece.text == ".", current.count >= 2, isShortened(current[current.count - 2]) { continue }
      close()
    }
    close()
    return sentences
  }

  private static func isShortened(_ piece: TextPiece) -> Bool {
    ["dr", "mr", "mrs", "approx", "vs", "e.g", "i.e"].contains(piece.lowercased)
  }
}
