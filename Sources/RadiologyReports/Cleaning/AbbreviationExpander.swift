import Foundation

/// Writes abbreviations out, by a table that is data (`Resources/abbreviations.json`).
///
/// An abbreviation of several meanings is written out only if a word near it decides; else it stays.
public struct AbbreviationExpander: Sendable {
  /// One abbreviation that is written out.
  public struct Expansion: Sendable, Equatable {
    public var short: String
    public var long: String
  }

  struct Sense: Sendable, Codable {
    var long: String
    /// Words of which one must follow, must stand before, or must stand within six words; in lower case. A sense
    /// without any holds everywhere.
    var next: [String]?
    var previous: [String]?
    var near: [String]?
  }

  struct Entry: Sendable, Codable {
    var short: String
    /// The one meaning; nil if there are several.
    var long: String?
    var senses: [Sense]?
    /// Whether small letters are the same.
    var anyCase: Bool?
    /// Whether its letters are a word too ("AS"), so that it stays in a text that is all capitals.
    var isWord: Bool?
  }

  private struct Table: Codable {
    var abbreviations: [Entry]
  }

  private let senses: [String: [Sense]]
  private let anyCase: [String: [Sense]]
  private let words: Set<String>
  /// How many abbreviations the table has.
  public let count: Int

  private static let window = 6
  private static let longest = 3

  /// The abbreviations that come with the program.
  ///
  /// - Throws: `VocabularyError` if they cannot be read.
  public static func standard() throws(VocabularyError) -> AbbreviationExpander {
    try AbbreviationExpander(json: Data(PackageResources.abbreviations_json))
  }

  /// - Parameter json: a table of the form of `Resources/abbreviations.json`.
  /// - Throws: `VocabularyError.malformed` if it is not JSON of that form, or an abbreviation has no meaning.
  public init(json: Data) throws(VocabularyError) {
    let table = try VocabularyReading.decode(Table.self, from: json)
    var senses: [String: [Sense]] = [:]
    var anyCase: [String: [Sense]] = [:]
    for entry in table.abbreviations {
      let all = entry.senses ?? entry.long.map { [Sense(long: $0)] } ?? []
      guard !all.isEmpty else { throw .malformed(reason: "abbreviation \(entry.short) has no meaning") }
      senses[entry.short] = all
      if entry.anyCase ?? false { anyCase[entry.short.lowercased()] = all }
    }
    (self.senses, self.anyCase, count) = (senses, anyCase, table.abbreviations.count)
    words = Set(table.abbreviations.filter { $0.isWord ?? false }.map(\.short))
  }

  public func expanded(_ text: String) -> String { expand(text).text }

  /// What `expanded` writes out, in the order of the text.
  public func expansions(in text: String) -> [Expansion] { expand(text).expansions }

  private func expand(_ text: String) -> (text: String, expansions: [Expansion]) {
    let pieces = TextPieces.split(text)
    let isCapital = Self.isCapital(text)
    var out: [TextPiece] = []
    var expansions: [Expansion] = []
    var index = 0
    while index < pieces.count {
      guard let (length, short, long) = match(pieces, at: index), !isExplained(long, by: out),
        !(isCapital && words.contains(short))
      else {
        out.append(pieces[index])
        index += 1
        continue
      }
      expansions.append(Expansion(short: short, long: long))
      var piece = pieces[index]
      let isFirst = out.last.map { $0.endsSentence && $0.text != ";" } ?? true
      piece.text = isFirst ? long.prefix(1).uppercased() + long.dropFirst() : long
      out.append(piece)
      index += length
      // "w/contrast": the slash was the abbreviation's.
      if index < pieces.count, pieces[index].isGlued, pieces[index].kind != .punctuation {
        var next = pieces[index]
        next.space = " "
        out.append(next)
        index += 1
      }
    }
    return expansions.isEmpty ? (text, []) : (TextPieces.join(out), expansions)
  }

  /// Whether most letters are capitals, as in a report that is written so throughout.
  private static func isCapital(_ text: String) -> Bool {
    var (upper, lower) = (0, 0)
    for byte in text.utf8 {
      if (65...90).contains(byte) { upper += 1 }
      if (97...122).contains(byte) { lower += 1 }
    }
    return upper > 2 * lower && upper > 12
  }

  /// The longest abbreviation at `index` whose meaning is clear.
  private func match(_ pieces: [TextPiece], at index: Int) -> (length: Int, short: String, long: String)? {
    guard pieces[index].kind != .punctuation else { return nil }
    var candidate = ""
    var found: (length: Int, short: String, long: String)?
    for length in 1...Self.longest where index + length <= pieces.count {
      let piece = pieces[index + length - 1]
      if length > 1, !piece.isGlued { break }
      candidate += piece.text
      guard candidate.utf8.count <= 12 else { break }
      if let long = meaning(of: candidate, pieces, from: index, to: index + length) {
        found = (length, candidate, long)
      }
    }
    return found
  }

  private func meaning(of short: String, _ pieces: [TextPiece], from start: Int, to end: Int) -> String? {
    if let senses = senses[short] ?? anyCase[short.lowercased()] { return sense(senses, pieces, start, end)?.long }
    guard short.utf8.count > 2, short.hasSuffix("s"), let senses = senses[String(short.dropLast())],
      let sense = sense(senses, pieces, start, end)
    else { return nil }
    return sense.long + "s"
  }

  private func sense(_ senses: [Sense], _ pieces: [TextPiece], _ start: Int, _ end: Int) -> Sense? {
    senses.first { sense in
      if sense.next == nil, sense.previous == nil, sense.near == nil { return true }
      if let next = sense.next, let word = words(pieces, from: end, step: 1, limit: 1).first, next.contains(word) {
        return true
      }
      if let previous = sense.previous, let word = words(pieces, from: start - 1, step: -1, limit: 1).first,
        previous.contains(word)
      {
        return true
      }
      guard let near = sense.near else { return false }
      return words(pieces, from: end, step: 1, limit: Self.window).contains { near.contains($0) }
        || words(pieces, from: start - 1, step: -1, limit: Self.window).contains { near.contains($0) }
    }
  }

  /// The words from `index` on, in one direction, over commas and slashes but not out of the sentence.
  private func words(_ pieces: [TextPiece], from index: Int, step: Int, limit: Int) -> [String] {
    var words: [String] = []
    var index = index
    var steps = 0
    while index >= 0, index < pieces.count, words.count < limit, steps < 2 * limit + 2 {
      let piece = pieces[index]
      if piece.endsSentence { break }
      if piece.kind != .punctuation { words.append(piece.lowercased) }
      index += step
      steps += 1
    }
    return words
  }

  /// Whether the abbreviation is only in brackets after its own meaning.
  private func isExplained(_ long: String, by out: [TextPiece]) -> Bool {
    guard out.last?.text == "(" else { return false }
    let words = TextPieces.split(long).map(\.lowercased)
    guard out.count > words.count else { return false }
    return out.dropLast().suffix(words.count).map(\.lowercased) == words
  }
}
