/// The grammar's file, decoded. `Resources/prompts.json` says what each part means.
struct GrammarRules: Decodable, Sendable {
  /// What the texts of a training begin with whose image was enlarged from a small file.
  let lowResolution: String
  /// Wording that a template may use by name: `{film}`.
  let slots: [String: [Weighted]]
  /// Words for the patient, by group: `child.M`, `adult`, ...
  let subjects: [String: [Weighted]]
  /// How often a prompt says who the patient is, by age group.
  let subjectShare: [String: Double]
  let normal: Normal
  let findings: [String: Finding]
  let places: PlaceRules
  let styles: [Style]

  /// An alternative: a string, or a string with a weight.
  struct Weighted: Decodable, Sendable {
    let text: String
    let weight: Double

    init(from decoder: any Decoder) throws {
      if let text = try? decoder.singleValueContainer().decode(String.self) {
        self.text = text
        weight = 1
        return
      }
      let container = try decoder.container(keyedBy: CodingKeys.self)
      text = try container.decode(String.self, forKey: .text)
      weight = try container.decode(Double.self, forKey: .weight)
    }

    private enum CodingKeys: CodingKey { case text, weight }
  }

  struct Normal: Decodable, Sendable {
    /// The labels that say that nothing is wrong.
    let labels: [String]
    /// Noun phrases, which may follow "showing".
    let phrases: [Weighted]
    /// Said as it is: "normal chest radiograph", "lungs are clear".
    let standalone: [Weighted]
    let sentences: [Weighted]
  }

  struct Finding: Decodable, Sendable {
    /// Another finding that this one says more exactly: where both are there, one of them is named.
    let refines: String?
    /// Bare names, for positives and after "no".
    let nouns: [Weighted]
    /// Noun phrases that describe it where it is.
    let phrases: [Weighted]
    /// What of its place is said if it is known; nothing if nil.
    let places: PlaceRules.Usage?
    let sentences: [Weighted]
    /// Sentences that deny it.
    let denials: [Weighted]?
    /// How often it is chosen for a denial; 0 where denying it is not natural.
    let denialWeight: Double
    /// Findings that are not denied beside it, since its wording or its nature holds them.
    let sparesDenials: [String]?
  }

  struct Style: Decodable, Sendable {
    let name: String
    let weight: Double
    /// How many findings it denies: weights of 0, 1, 2, ...
    let denials: [Double]
    /// Between findings, and between phrases.
    let separators: [Weighted]
    let capitalized: Double
    /// How often a normal radiograph is called so by one of `Normal.standalone`.
    let standaloneNormal: Double
    let templates: [Weighted]
    /// Templates that say who the patient is.
    let subjectTemplates: [Weighted]
  }

  /// The slots that the interpreter fills.
  static let computedSlots: Set<String> = [
    "subject", "findings", "denials", "findingSentences", "denialSentences", "view",
  ]

  func check() throws(DatasetError) {
    guard !styles.isEmpty, !findings.isEmpty, !normal.phrases.isEmpty, !normal.standalone.isEmpty,
      !normal.sentences.isEmpty
    else {
      throw .malformedGrammar(reason: "styles, findings and the normal phrases must not be empty")
    }
    try places.check(findings)
    for style in styles {
      guard style.weight >= 0, !style.templates.isEmpty, !style.subjectTemplates.isEmpty, !style.separators.isEmpty
      else { throw .malformedGrammar(reason: "style \(style.name) lacks templates or separators") }
    }
    for (name, finding) in findings
    where finding.nouns.isEmpty || finding.phrases.isEmpty || finding.sentences.isEmpty {
      throw .malformedGrammar(reason: "finding \(name) lacks nouns, phrases or sentences")
    }
    let templates =
      styles.flatMap { $0.templates + $0.subjectTemplates } + slots.values.joined() + subjects.values.joined()
    let known = Self.computedSlots.union(slots.keys).union(["age"])
    for template in templates {
      for name in PromptTemplate(template.text).slotNames where !known.contains(name) {
        throw .malformedGrammar(reason: "unknown slot {\(name)} in \"\(template.text)\"")
      }
    }
    guard slots.values.allSatisfy({ !$0.isEmpty }), subjects.values.allSatisfy({ !$0.isEmpty }) else {
      throw .malformedGrammar(reason: "a slot without alternatives")
    }
  }
}

/// A text with slots in braces.
struct PromptTemplate {
  enum Part: Equatable {
    case text(String)
    case slot(String)
  }

  let parts: [Part]

  init(_ text: String) {
    var parts: [Part] = []
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
      parts.append(.slot(String(rest[rest.index(after: open)..<close])))
      rest = rest[rest.index(after: close)...]
    }
    if !rest.isEmpty { parts.append(.text(String(rest))) }
    self.parts = parts
  }

  var slotNames: [String] {
    parts.compactMap { part in
      if case .slot(let name) = part { name } else { nil }
    }
  }
}
