/// Side, place, severity and change of the findings of a sentence.
struct MentionAttributes: Sendable {
  struct Values: Sendable {
    var sides: Set<Laterality> = []
    var locations: [ChestLocation] = []
    var severity: Severity?
    var change: Change?
  }

  private enum Attribute: Sendable {
    case side(Laterality)
    case location(ChestLocation)
    case bilateralLocation(ChestLocation)
    case severity(Severity)
  }

  private enum Direction: Sendable {
    case before(Change)
    case after(Change)
    case none
  }

  private let attributes: PhraseMatcher<Attribute>
  private let changes: PhraseMatcher<Direction>
  private let prepositions: Set<String>
  private let backwards: BackwardReach

  private static let reach = 10

  init(_ vocabulary: ScopeVocabulary) throws(VocabularyError) {
    var attributes: [(PhrasePattern, Attribute)] = []
    func add(_ phrases: [String], _ attribute: Attribute) throws(VocabularyError) {
      for pattern in try VocabularyReading.patterns(phrases) { attributes.append((pattern, attribute)) }
    }
    for (side, phrases) in vocabulary.laterality { try add(phrases, .side(side)) }
    for (location, phrases) in vocabulary.locations { try add(phrases, .location(location)) }
    for (location, phrases) in vocabulary.bilateralLocations { try add(phrases, .bilateralLocation(location)) }
    for (severity, phrases) in vocabulary.severity { try add(phrases, .severity(severity)) }
    self.attributes = PhraseMatcher(attributes)

    var changes: [(PhrasePattern, Direction)] = []
    for (change, phrases) in vocabulary.change {
      for pattern in try VocabularyReading.patterns(phrases.before) { changes.append((pattern, .before(change))) }
      for pattern in try VocabularyReading.patterns(phrases.after) { changes.append((pattern, .after(change))) }
    }
    for pattern in try VocabularyReading.patterns(vocabulary.none) { changes.append((pattern, .none)) }
    self.changes = PhraseMatcher(changes)
    prepositions = Set(vocabulary.prepositions)
    backwards = BackwardReach(separators: vocabulary.separators)
  }

  /// The attributes of each of `mentions`, places in `tokens` in order.
  func values(of mentions: [Range<Int>], in tokens: [ReportToken], clauses: Clauses) -> [Values] {
    var values = [Values](repeating: Values(), count: mentions.count)
    let matches = attributes.longestMatches(in: tokens)
    var isAttribute = [Bool](repeating: false, count: tokens.count)
    for match in matches { for index in match.range { isAttribute[index] = true } }
    for match in matches {
      for index in owners(of: match.range, mentions, tokens, isAttribute, clauses) {
        switch match.meaning {
        case .side(let side): values[index].sides.insert(side)
        case .location(let location): append(location, to: &values[index])
        case .bilateralLocation(let location):
          values[index].sides.insert(.bilateral)
          append(location, to: &values[index])
        case .severity(let severity): values[index].severity = values[index].severity ?? severity
        }
      }
    }
    for match in changes.longestMatches(in: tokens) { apply(match, to: &values, mentions, tokens, clauses) }
    return values
  }

  private func append(_ location: ChestLocation, to values: inout Values) {
    if !values.locations.contains(location) { values.locations.append(location) }
  }

  /// The finding that an attribute belongs to: the one that holds it; else the one before it if a preposition
  /// ties it to that; else the next one; else the one before.
  private func owners(
    of range: Range<Int>, _ mentions: [Range<Int>], _ tokens: [ReportToken], _ isAttribute: [Bool], _ clauses: Clauses
  ) -> [Int] {
    let clause = clauses.start(of: range.lowerBound)
    let next = mentions.partitioningIndex { $0.upperBound > range.lowerBound }
    if next < mentions.count, mentions[next].lowerBound < range.upperBound { return [next] }
    let previousIndex = next - 1
    let previous = previousIndex >= 0 && mentions[previousIndex].lowerBound >= clause ? previousIndex : nil
    if let previous, !isNextItem(range, after: mentions[previous], mentions, next, tokens, isAttribute) {
      let between = tokens.between(mentions[previous].upperBound, range.lowerBound)
      if between.count <= Self.reach, between.contains(where: { prepositions.contains($0.text) }) { return [previous] }
    }
    if next < mentions.count, clauses.start(of: mentions[next].lowerBound) <= range.lowerBound {
      let between = tokens.between(range.upperBound, mentions[next].lowerBound)
      if between.count <= Self.reach, !between.contains(where: { $0.text == "," && between.count > 4 }) {
        return [next]
      }
    }
    if let previous, range.lowerBound - mentions[previous].upperBound <= Self.reach { return [previous] }
    return []
  }

  /// Whether an attribute is at the beginning of the next item of a list, alone or with others ("consolidation in the left
  /// base, small right effusion").
  private func isNextItem(
    _ range: Range<Int>, after previous: Range<Int>, _ mentions: [Range<Int>], _ next: Int, _ tokens: [ReportToken],
    _ isAttribute: [Bool]
  ) -> Bool {
    let between = tokens.between(previous.upperBound, range.lowerBound)
    guard next < mentions.count, let joint = between.lastIndex(where: { $0.text == "," || $0.text == "and" }),
      !isAttribute[joint], between[(joint + 1)...].indices.allSatisfy({ isAttribute[$0] })
    else { return false }
    let rest = tokens.between(range.upperBound, mentions[next].lowerBound)
    return !rest.indices.contains { index in
      !isAttribute[index]
        && (rest[index].kind == .punctuation || rest[index].text == "and" || prepositions.contains(rest[index].text))
    }
  }

  private func apply(
    _ match: PhraseMatcher<Direction>.Match, to values: inout [Values], _ mentions: [Range<Int>],
    _ tokens: [ReportToken], _ clauses: Clauses
  ) {
    switch match.meaning {
    case .none: return
    case .before(let change):
      let index = mentions.partitioningIndex { $0.upperBound >= match.range.upperBound }
      guard index < mentions.count, mentions[index].lowerBound - match.range.upperBound <= Self.reach,
        clauses.start(of: mentions[index].lowerBound) <= match.range.lowerBound
      else { return }
      values[index].change = change
    case .after(let change):
      let reached = backwards.findings(before: match.range, mentions: mentions, tokens: tokens, clauses: clauses)
      for index in reached { values[index].change = change }
    }
  }
}
