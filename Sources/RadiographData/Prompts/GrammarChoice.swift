/// One run through the grammar.
struct GrammarChoice<Generator: RandomNumberGenerator> {
  typealias Weighted = GrammarRules.Weighted

  let rules: GrammarRules
  let attributes: RadiographAttributes
  var generator: Generator
  /// What the prompt says, filled as it is written.
  private(set) var statements: [PromptStatement] = []
  /// What the image has, as the grammar names it, and labels that it does not know.
  private let positives: [String]
  private let isNormal: Bool
  private let deniable: [String]

  init(rules: GrammarRules, attributes: RadiographAttributes, generator: Generator) {
    self.rules = rules
    self.attributes = attributes
    self.generator = generator
    let labels = attributes.positives
    let present = labels.filter { !rules.normal.labels.contains($0) }
    positives = present
    isNormal = present.isEmpty && !labels.isEmpty
    let spared = Set(present.flatMap { rules.findings[$0]?.sparesDenials ?? [] }).union(present)
    let normal = isNormal
    deniable = rules.findings.keys.sorted().filter { name in
      guard let finding = rules.findings[name], finding.denialWeight > 0, !spared.contains(name) else { return false }
      // A normal radiograph has none of them; elsewhere the source must have decided that it is not there.
      return attributes.state(of: name) == .negative || (normal && attributes.state(of: name) == nil)
    }
  }

  mutating func prompt() -> String {
    guard let style = pick(rules.styles, weight: \.weight) else { return "" }
    var denials: [String] = []
    let wanted = pick(Array(style.denials.enumerated()), weight: \.element)?.offset ?? 0
    var candidates = deniable
    let findings = rules.findings
    while denials.count < wanted, let name = pick(candidates, weight: { findings[$0]?.denialWeight ?? 0 }) {
      denials.append(name)
      candidates.removeAll { $0 == name }
    }

    let group = ageGroup()
    let speaksOfPatient = chance(rules.subjectShare[group ?? "unknown"] ?? 0)
    let subjects = subjectAlternatives(group)
    let withSubject = speaksOfPatient && !subjects.isEmpty
    let templates = (withSubject ? style.subjectTemplates : style.templates).filter { template in
      let names = PromptTemplate(template.text).slotNames
      let (states, denies) = (
        names.contains("findings") || names.contains("findingSentences"),
        names.contains("denials") || names.contains("denialSentences")
      )
      guard denies == !denials.isEmpty else { return false }
      // A denial alone is understood as a normal chest.
      if denies, !states { return isNormal }
      return !states || isNormal || !positives.isEmpty
    }
    guard let template = pick(templates, weight: \.weight) else { return fallback() }
    var text = fill(template.text, style: style, denials: denials, subjects: subjects)
    text = Self.withArticles(text)
    return chance(style.capitalized) ? Self.capitalizingSentences(text) : text
  }

  /// Nothing is known of the image: its kind alone.
  private mutating func fallback() -> String {
    guard let film = pick(rules.slots["film"] ?? [], weight: \.weight) else { return "chest radiograph" }
    return Self.withArticles(fill(film.text, style: nil, denials: [], subjects: []))
  }

  private mutating func fill(
    _ text: String, style: GrammarRules.Style?, denials: [String], subjects: [Weighted]
  ) -> String {
    var result = ""
    for part in PromptTemplate(text).parts {
      switch part {
      case .text(let text): result += text
      case .slot(let name):
        result += value(of: name, style: style, denials: denials, subjects: subjects)
      }
    }
    return result
  }

  private mutating func value(
    of slot: String, style: GrammarRules.Style?, denials: [String], subjects: [Weighted]
  ) -> String {
    switch slot {
    case "findings":
      guard let style else { return "" }
      if isNormal {
        stateNormal()
        let alternatives = chance(style.standaloneNormal) ? rules.normal.standalone : rules.normal.phrases
        return pick(alternatives, weight: \.weight)?.text ?? ""
      }
      let separator = pick(style.separators, weight: \.weight)?.text ?? ", "
      return Self.joined(namedFindings().map { phrase(for: $0) }, by: separator)
    case "findingSentences":
      if isNormal {
        stateNormal()
        return pick(rules.normal.sentences, weight: \.weight)?.text ?? ""
      }
      return namedFindings().map { sentence(for: $0) }.joined(separator: " ")
    case "denials":
      deny(denials)
      let nouns = denials.map { pick(rules.findings[$0]?.nouns ?? [], weight: \.weight)?.text ?? $0 }
      return Self.joined(nouns, by: " or ")
    case "denialSentences":
      deny(denials)
      return denials.map { name -> String in
        let finding = rules.findings[name]
        let noun = pick(finding?.nouns ?? [], weight: \.weight)?.text ?? name
        return pick(finding?.denials ?? [], weight: \.weight)?.text ?? "There is no \(noun)."
      }.joined(separator: " ")
    case "subject":
      guard let subject = pick(subjects, weight: \.weight) else { return "" }
      return fill(subject.text, style: style, denials: denials, subjects: subjects)
    case "age": return "\(age())"
    case "view":
      let key = "view." + (attributes.view ?? .frontal).rawValue
      return pick(rules.slots[key] ?? [], weight: \.weight)?.text ?? "frontal"
    default:
      // A slot may be worded by view or by age group, or for all alike.
      let group = ageGroup().map { "\(slot).\($0)" }
      let alternatives = group.flatMap { rules.slots[$0] } ?? rules.slots[slot] ?? []
      guard let alternative = pick(alternatives, weight: \.weight) else { return "" }
      return fill(alternative.text, style: style, denials: denials, subjects: subjects)
    }
  }

  /// The findings in a random order; of one that refines another, either.
  private mutating func namedFindings() -> [String] {
    var names = positives
    for name in positives {
      guard let broader = rules.findings[name]?.refines, names.contains(broader) else { continue }
      let dropped = chance(0.5) ? name : broader
      names.removeAll { $0 == dropped }
    }
    return names.shuffled(using: &generator)
  }

  private mutating func stateNormal() {
    statements += attributes.positives.filter { rules.normal.labels.contains($0) }
      .map { PromptStatement(name: $0, isPresent: true) }
  }

  private mutating func deny(_ names: [String]) {
    statements += names.map { PromptStatement(name: $0, isPresent: false) }
  }

  private mutating func phrase(for name: String) -> String {
    if let placed = placedPhrase(for: name) {
      statements.append(placed.statement)
      return placed.text
    }
    statements.append(PromptStatement(name: name, isPresent: true))
    guard let finding = rules.findings[name] else { return Self.plainName(name) }
    let alternatives = chance(0.35) ? finding.nouns : finding.phrases
    return pick(alternatives, weight: \.weight)?.text ?? name
  }

  private mutating func sentence(for name: String) -> String {
    if let placed = placedSentence(for: name) {
      statements.append(placed.statement)
      return placed.text
    }
    statements.append(PromptStatement(name: name, isPresent: true))
    guard let finding = rules.findings[name] else { return "There is \(Self.plainName(name))." }
    return pick(finding.sentences, weight: \.weight)?.text ?? name
  }

  // MARK: - The patient

  private func ageGroup() -> String? {
    guard let age = attributes.age else { return nil }
    switch age.upper {
    case ..<13: return "child"
    case ..<18: return "adolescent"
    case ..<65: return "adult"
    default: return "elderly"
    }
  }

  private func subjectAlternatives(_ group: String?) -> [Weighted] {
    guard let group else { return attributes.sex.flatMap { rules.subjects["unknown.\($0.rawValue)"] } ?? [] }
    let general = rules.subjects[group] ?? []
    return general + (attributes.sex.flatMap { rules.subjects["\(group).\($0.rawValue)"] } ?? [])
  }

  /// A whole year within what is known.
  private mutating func age() -> Int {
    guard let age = attributes.age else { return 0 }
    let lower = Int(age.lower)
    return Int.random(in: lower...max(lower, Int(age.upper)), using: &generator)
  }

  // MARK: - Chance and text

  mutating func chance(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &generator) < probability
  }

  mutating func pick<Element>(_ elements: [Element], weight: (Element) -> Double) -> Element? {
    let total = elements.reduce(0) { $0 + weight($1) }
    guard total > 0 else { return nil }
    var position = Double.random(in: 0..<total, using: &generator)
    for element in elements {
      position -= weight(element)
      if position < 0 { return element }
    }
    return elements.last
  }

  private static func joined(_ texts: [String], by separator: String) -> String {
    guard separator == " and " || separator == " or ", texts.count > 2, let last = texts.last else {
      return texts.joined(separator: separator)
    }
    return texts.dropLast().joined(separator: ", ") + separator + last
  }

  /// A label that the grammar does not know, as a reader would write it.
  private static func plainName(_ label: String) -> String {
    label.split(separator: "_").joined(separator: " ").lowercased()
  }

  /// `a(n)` as what follows asks for.
  private static func withArticles(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let marker = firstMarker(in: rest) {
      result += rest[..<marker.lowerBound]
      rest = rest[marker.upperBound...]
      let word = rest.drop { $0 == " " }.prefix { $0 != " " }
      let isVowel = word.first.map { "aeioAEIO".contains($0) } ?? false
      let sounds = isVowel || ["8", "11", "18"].contains(word.prefix { $0.isNumber }) || word.first == "8"
      result += sounds ? "an" : "a"
    }
    return result + rest
  }

  private static func firstMarker(in text: Substring) -> Range<Substring.Index>? {
    text.firstRange(of: "a(n)")
  }

  private static func capitalizingSentences(_ text: String) -> String {
    var result = ""
    var atStart = true
    for character in text {
      if atStart, character.isLetter || character.isNumber {
        result += character.uppercased()
        atStart = false
      } else {
        result.append(character)
        if character == "." { atStart = true }
      }
    }
    return result
  }
}
