/// The grammar's words for where in the chest a finding is. `Resources/prompts.json` holds them.
struct PlaceRules: Decodable, Sendable {
  typealias Weighted = GrammarRules.Weighted

  /// Words before a finding, by side: `left`, `right`, `bilateral`.
  let sides: [String: [Weighted]]
  /// Words behind a finding, by side: "on the left".
  let sidesBehind: [String: [Weighted]]
  /// Names of parts of the lung, in sets that a finding chooses from.
  let zones: [String: ZoneSet]
  /// How often a known side, zone and size is put into words.
  let sideShare: Double
  let zoneShare: Double
  let sizeShare: Double
  /// Sentences around a phrase, such as "There is a(n) {phrase}.": for one thing, for a thing that is not counted, and
  /// for several.
  let sentences: Sentences

  /// By the zones joined with `+`: `lower`, `middle+lower`.
  struct ZoneSet: Decodable, Sendable {
    /// Before a finding: "lower zone", "basilar".
    let before: [String: [Weighted]]
    /// Behind "in the", or "in both" and then with an s.
    let behind: [String: [Weighted]]
  }

  struct Sentences: Decodable, Sendable {
    let one: [Weighted]
    let mass: [Weighted]
    let several: [Weighted]
  }

  /// What of a place may be said of a finding.
  struct Usage: Decodable, Sendable {
    /// Whether its side may be named.
    let sides: Bool
    /// The sets of zones that its place is named by.
    let zones: [String]?
    /// Words for its size, by `small`, `moderate`, `large`; a size without words is not said.
    let sizes: [String: [Weighted]]?
    /// Its name where a place stands beside it, if not any of its nouns.
    let nouns: [Weighted]?
    /// Its name on both sides.
    let plurals: [Weighted]?
    /// Whether one of it is "a" or "an".
    let isCounted: Bool?
    /// What may follow if it is on one side, and how often.
    let endings: [Weighted]?
    let endingShare: Double?
  }

  func check(_ findings: [String: GrammarRules.Finding]) throws(DatasetError) {
    for side in ["left", "right", "bilateral"] where sides[side]?.isEmpty ?? true || sidesBehind[side]?.isEmpty ?? true
    {
      throw .malformedGrammar(reason: "no words for the side \(side)")
    }
    guard !sentences.one.isEmpty, !sentences.mass.isEmpty, !sentences.several.isEmpty else {
      throw .malformedGrammar(reason: "no sentences around a place")
    }
    for (name, finding) in findings {
      for set in finding.places?.zones ?? [] where zones[set] == nil {
        throw .malformedGrammar(reason: "finding \(name) names its place by unknown zones \(set)")
      }
    }
  }
}
