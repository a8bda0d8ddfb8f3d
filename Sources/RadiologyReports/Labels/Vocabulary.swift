import Foundation

/// What is wrong with a vocabulary file.
public enum VocabularyError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file is not JSON of the expected form.
  case malformed(reason: String)
  /// A phrase cannot be read.
  case malformedPhrase(String)

  public var description: String {
    switch self {
    case .malformed(let reason): "vocabulary: \(reason): correct the file"
    case .malformedPhrase(let phrase):
      "vocabulary: phrase \"\(phrase)\" cannot be read: begin with a word, and write gaps as ..1 to ..9"
    }
  }
}

/// The labeller's rules as its two files have them (`Resources/findings.json`, `Resources/scopes.json`).
struct FindingVocabulary: Sendable, Codable {
  /// Something abnormal, or something that is named so that a shorter phrase inside it is not taken for abnormal.
  struct Concept: Sendable, Codable {
    var name: String
    /// One of the fourteen; nil for other abnormalities.
    var finding: Finding?
    /// False for phrases that only keep other phrases away.
    var abnormal: Bool?
    /// Phrases that state it.
    var phrases: [String]
    /// Phrases that state it and are uncertain in themselves.
    var uncertain: [String]?
  }

  /// Phrases that say that all is well, and the findings that they deny.
  struct Denial: Sendable, Codable {
    var denies: [Finding]
    var phrases: [String]
  }

  var concepts: [Concept]
  var denials: [Denial]
}

/// Phrases that change what is meant by the findings near them.
struct ScopeVocabulary: Sendable, Codable {
  struct Directions: Sendable, Codable {
    /// Acts on what follows, to the end of the clause.
    var before: [String]
    /// Acts on what precedes.
    var after: [String]
  }

  var negation: Directions
  var uncertainty: Directions
  /// Between two findings of which one is meant ("versus"): both are uncertain.
  var alternatives: [String]
  /// What is said of a finding without asserting or denying that it is there.
  var hypothesis: Directions
  var change: [Change: Directions]
  /// Phrases that look like one of the above and are none.
  var none: [String]
  /// Phrases that end a clause.
  var boundaries: [String]
  /// Phrases that begin a new statement behind a comma or "and", which a denial before it does not reach.
  var openings: [String]
  /// Words between two findings that keep an `after` phrase from reaching the first.
  var separators: [String]
  var severity: [Severity: [String]]
  var laterality: [Laterality: [String]]
  var locations: [ChestLocation: [String]]
  /// Phrases that name a side and a place at once.
  var bilateralLocations: [ChestLocation: [String]]
  /// Words that tie a place or side to the finding before it ("in", "at").
  var prepositions: [String]
}

extension Change: CodingKeyRepresentable {}
extension Severity: CodingKeyRepresentable {}
extension Laterality: CodingKeyRepresentable {}
extension ChestLocation: CodingKeyRepresentable {}

enum VocabularyReading {
  static func decode<Value: Decodable>(_ type: Value.Type, from json: Data) throws(VocabularyError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: json)
    } catch {
      throw .malformed(reason: "\(error)".split(separator: "\n").joined(separator: " "))
    }
  }

  static func patterns(_ phrases: [String]) throws(VocabularyError) -> [PhrasePattern] {
    var patterns: [PhrasePattern] = []
    for phrase in phrases { patterns.append(try PhrasePattern(phrase)) }
    return patterns
  }
}
