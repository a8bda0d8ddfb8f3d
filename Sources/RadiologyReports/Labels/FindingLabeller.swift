import Foundation

/// Reads the findings of chest radiographs off their reports, by rules that are data.
///
/// A vocabulary names findings and other abnormalities; cues around them deny them, make them uncertain, or say that
/// they changed. The method follows NegEx, NegBio and CheXpert's labeller; vocabulary and rules are our own.
public struct FindingLabeller: Sendable {
  private enum Meaning: Sendable {
    case concept(Int, uncertain: Bool)
    case denial(Int)
  }

  private struct Place {
    var range: Range<Int>
    var meaning: Meaning
  }

  private let vocabulary: FindingVocabulary
  private let matcher: PhraseMatcher<Meaning>
  private let scopes: AssertionScopes
  private let attributes: MentionAttributes

  /// The labeller with the vocabulary that comes with the program.
  ///
  /// - Throws: `VocabularyError` if that vocabulary cannot be read.
  public static func standard() throws(VocabularyError) -> FindingLabeller {
    try FindingLabeller(
      findings: Data(PackageResources.findings_json), scopes: Data(PackageResources.scopes_json))
  }

  /// - Parameters:
  ///   - findings: JSON of the form of `Resources/findings.json`.
  ///   - scopes: JSON of the form of `Resources/scopes.json`.
  /// - Throws: `VocabularyError.malformed` if either is not JSON of its form, `.malformedPhrase` with the first phrase that
  ///   cannot be read.
  public init(findings: Data, scopes: Data) throws(VocabularyError) {
    vocabulary = try VocabularyReading.decode(FindingVocabulary.self, from: findings)
    let scopeVocabulary = try VocabularyReading.decode(ScopeVocabulary.self, from: scopes)
    var phrases: [(PhrasePattern, Meaning)] = []
    for (index, concept) in vocabulary.concepts.enumerated() {
      for pattern in try VocabularyReading.patterns(concept.phrases) {
        phrases.append((pattern, .concept(index, uncertain: false)))
      }
      for pattern in try VocabularyReading.patterns(concept.uncertain ?? []) {
        phrases.append((pattern, .concept(index, uncertain: true)))
      }
    }
    for (index, denial) in vocabulary.denials.enumerated() {
      for pattern in try VocabularyReading.patterns(denial.phrases) { phrases.append((pattern, .denial(index))) }
    }
    matcher = PhraseMatcher(phrases)
    self.scopes = try AssertionScopes(scopeVocabulary)
    attributes = try MentionAttributes(scopeVocabulary)
  }

  /// The labels of a report. Give the sections that state findings: `findings`, `impression`, or the whole report if
  /// it has no sections. Any text is allowed.
  public func label(_ sections: [ReportSection]) -> ReportLabels {
    var mentions: [FindingMention] = []
    var hasText = false
    for (index, section) in sections.enumerated() {
      let sentences = ReportTokenizer.sentences(of: section.text)
      hasText = hasText || !sentences.isEmpty
      let bytes = Array(section.text.utf8)
      for tokens in sentences { mentions += self.mentions(in: tokens, bytes: bytes, section: index) }
    }
    return labels(of: mentions, hasText: hasText)
  }

  /// The labels of a text without sections.
  public func label(_ text: String) -> ReportLabels { label([ReportSection(name: .report, text: text)]) }

  private func labels(of mentions: [FindingMention], hasText: Bool) -> ReportLabels {
    var states: [Finding: FindingState] = [:]
    for finding in Finding.allCases { states[finding] = .unmentioned }
    var isNormal = hasText
    var isUndisturbed = hasText
    for mention in mentions {
      if let finding = mention.finding, Self.weight(mention.state) > Self.weight(states[finding] ?? .unmentioned) {
        states[finding] = mention.state
      }
      if mention.state == .positive || mention.state == .uncertain {
        isNormal = false
        if !isDevice(mention) { isUndisturbed = false }
      }
    }
    states[.noFinding] = !hasText ? .unmentioned : isUndisturbed ? .positive : .negative
    return ReportLabels(states: states, mentions: mentions, isNormal: isNormal)
  }

  private func isDevice(_ mention: FindingMention) -> Bool {
    mention.finding == .supportDevices || mention.concept == "surgical material"
  }

  private static func weight(_ state: FindingState) -> Int {
    switch state {
    case .unmentioned: 0
    case .negative: 1
    case .uncertain: 2
    case .positive: 3
    }
  }

  private func mentions(in tokens: [ReportToken], bytes: [UInt8], section: Int) -> [FindingMention] {
    let places = places(in: tokens)
    guard !places.isEmpty else { return [] }
    let concepts = places.filter { if case .concept = $0.meaning { true } else { false } }
    let ranges = concepts.map(\.range)
    let states = scopes.states(of: ranges, in: tokens)
    let values = attributes.values(of: ranges, in: tokens, clauses: scopes.clauses(of: tokens, around: ranges))

    var found: [FindingMention] = []
    for (index, place) in concepts.enumerated() {
      guard case .concept(let concept, let uncertain) = place.meaning else { continue }
      guard vocabulary.concepts[concept].abnormal ?? true else { continue }
      found.append(
        mention(
          of: vocabulary.concepts[concept], at: place.range, tokens, bytes, section,
          state: uncertain && states[index] == .positive ? .uncertain : states[index], values: values[index]))
    }
    for place in places {
      guard case .denial(let denial) = place.meaning else { continue }
      let range = tokens[place.range.lowerBound].range.lowerBound..<tokens[place.range.upperBound - 1].range.upperBound
      for finding in vocabulary.denials[denial].denies {
        found.append(
          FindingMention(
            concept: "normal", finding: finding, state: .negative, locations: [],
            text: String(decoding: bytes[range], as: UTF8.self), section: section, range: range))
      }
    }
    return found.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  private func mention(
    of concept: FindingVocabulary.Concept, at place: Range<Int>, _ tokens: [ReportToken], _ bytes: [UInt8],
    _ section: Int, state: FindingState, values: MentionAttributes.Values
  ) -> FindingMention {
    let range = tokens[place.lowerBound].range.lowerBound..<tokens[place.upperBound - 1].range.upperBound
    let sides = values.sides
    let side: Laterality? = sides.count > 1 ? .bilateral : sides.first
    return FindingMention(
      concept: concept.name, finding: concept.finding,
      state: values.change == .resolved && state == .positive ? .negative : state, laterality: side,
      locations: values.locations, severity: values.severity, change: values.change,
      text: String(decoding: bytes[range], as: UTF8.self), section: section, range: range)
  }

  /// The vocabulary's phrases in a sentence, less those inside longer ones; what overlaps and means the same is one.
  private func places(in tokens: [ReportToken]) -> [Place] {
    let matches = matcher.matches(in: tokens).map { Place(range: $0.range, meaning: $0.meaning) }
      .sorted { ($0.range.lowerBound, $1.range.upperBound) < ($1.range.lowerBound, $0.range.upperBound) }
    var places: [Place] = []
    var longest = 0..<0
    for match in matches {
      if match.range.upperBound <= longest.upperBound, match.range != longest { continue }
      if let last = places.last, last.range.upperBound > match.range.lowerBound, Self.same(last, match) {
        places[places.count - 1].range = last.range.lowerBound..<max(last.range.upperBound, match.range.upperBound)
      } else {
        places.append(match)
      }
      if case .concept = match.meaning, match.range.upperBound > longest.upperBound { longest = match.range }
    }
    return places
  }

  private static func same(_ one: Place, _ other: Place) -> Bool {
    switch (one.meaning, other.meaning) {
    case (.concept(let a, let first), .concept(let b, let second)): a == b && first == second
    case (.denial(let a), .denial(let b)): a == b
    default: false
    }
  }
}
