/// A phrase of the vocabulary, as words with a little freedom:
///
/// | written | matches |
/// |---|---|
/// | `effusion` | that word |
/// | `effusion*` | every word that begins so |
/// | `lung|lobe` | either |
/// | `the?` | that word, or nothing |
/// | `..3` | up to three words, over no punctuation and no word that denies ("not", "no", "without") |
struct PhrasePattern: Sendable, Equatable {
  enum Part: Sendable, Equatable {
    case words(exact: Set<String>, prefixes: [String], optional: Bool)
    case gap(Int)
  }

  let source: String
  let parts: [Part]

  /// - Throws: `VocabularyError.malformedPhrase` if the phrase is empty, begins with something that may be absent, or has a gap that
  ///   is not a number from 1 to 9.
  init(_ source: String) throws(VocabularyError) {
    var parts: [Part] = []
    for piece in source.split(separator: " ") {
      if piece.hasPrefix("..") {
        guard let length = Int(piece.dropFirst(2)), (1...9).contains(length) else { throw .malformedPhrase(source) }
        parts.append(.gap(length))
        continue
      }
      let optional = piece.hasSuffix("?") && piece.count > 1
      let choices = (optional ? piece.dropLast() : piece).split(separator: "|")
      let prefixes = choices.filter { $0.hasSuffix("*") }.map { String($0.dropLast()) }
      guard !choices.isEmpty, !prefixes.contains("") else { throw .malformedPhrase(source) }
      let exact = Set(choices.filter { !$0.hasSuffix("*") }.map(String.init))
      parts.append(.words(exact: exact, prefixes: prefixes, optional: optional))
    }
    guard case .words(_, _, optional: false)? = parts.first else { throw .malformedPhrase(source) }
    self.source = source
    self.parts = parts
  }

  /// The end of the longest match that begins at `start`.
  func match(_ tokens: [ReportToken], at start: Int) -> Int? {
    match(tokens, at: start, part: 0)
  }

  private func match(_ tokens: [ReportToken], at index: Int, part: Int) -> Int? {
    guard part < parts.count else { return index }
    switch parts[part] {
    case .words(let exact, let prefixes, let optional):
      if index < tokens.count, Self.matches(tokens[index].text, exact, prefixes),
        let end = match(tokens, at: index + 1, part: part + 1)
      {
        return end
      }
      return optional ? match(tokens, at: index, part: part + 1) : nil
    case .gap(let length):
      var best = match(tokens, at: index, part: part + 1)
      var position = index
      while position < min(index + length, tokens.count), Self.mayBeSkipped(tokens[position]) {
        position += 1
        if let end = match(tokens, at: position, part: part + 1), end > best ?? 0 { best = end }
      }
      return best
    }
  }

  private static let denying: Set<String> = ["no", "not", "without", "nor", "neither"]

  private static func mayBeSkipped(_ token: ReportToken) -> Bool {
    token.kind != .punctuation && !denying.contains(token.text)
  }

  private static func matches(_ word: String, _ exact: Set<String>, _ prefixes: [String]) -> Bool {
    exact.contains(word) || prefixes.contains { word.hasPrefix($0) }
  }
}

/// Finds the phrases of one list in a sentence: by its first word each, so that a token looks at few phrases only.
struct PhraseMatcher<Meaning: Sendable>: Sendable {
  struct Match: Sendable {
    let range: Range<Int>
    let meaning: Meaning
  }

  private var byWord: [String: [Int]] = [:]
  private var byPrefix: [String: [Int]] = [:]
  private var prefixLengths: [Int] = []
  private var phrases: [(pattern: PhrasePattern, meaning: Meaning)] = []

  init(_ phrases: [(PhrasePattern, Meaning)]) {
    self.phrases = phrases.map { (pattern: $0.0, meaning: $0.1) }
    for (index, phrase) in phrases.enumerated() {
      guard case .words(let exact, let prefixes, _)? = phrase.0.parts.first else { continue }
      for word in exact { byWord[word, default: []].append(index) }
      for prefix in prefixes { byPrefix[prefix, default: []].append(index) }
    }
    prefixLengths = Set(byPrefix.keys.map(\.utf8.count)).sorted()
  }

  /// Every phrase at every place, in order of place.
  func matches(in tokens: [ReportToken]) -> [Match] {
    var matches: [Match] = []
    for (start, token) in tokens.enumerated() {
      for phrase in candidates(token.text) {
        guard let end = phrases[phrase].pattern.match(tokens, at: start) else { continue }
        matches.append(Match(range: start..<end, meaning: phrases[phrase].meaning))
      }
    }
    return matches
  }

  /// The longest phrase of each place, none of which overlap: from the left, what begins first wins. A phrase that is in
  /// the list with several meanings gives one match for each.
  func longestMatches(in tokens: [ReportToken]) -> [Match] {
    var matches: [Match] = []
    var start = 0
    while start < tokens.count {
      var end = start + 1
      var best: [Match] = []
      for phrase in candidates(tokens[start].text) {
        guard let reached = phrases[phrase].pattern.match(tokens, at: start), reached >= end else { continue }
        if reached > end { best = [] }
        end = reached
        best.append(Match(range: start..<end, meaning: phrases[phrase].meaning))
      }
      matches += best
      start = end
    }
    return matches
  }

  private func candidates(_ word: String) -> [Int] {
    var found = byWord[word] ?? []
    let length = word.utf8.count
    for size in prefixLengths where size <= length {
      guard let phrases = byPrefix[String(decoding: word.utf8.prefix(size), as: UTF8.self)] else { continue }
      found += phrases
    }
    return found
  }
}
