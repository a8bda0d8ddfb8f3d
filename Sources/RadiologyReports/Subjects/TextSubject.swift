import Foundation

/// Whom a text names, and the view: "70-year-old woman, AP chest radiograph".
public struct TextSubject: Sendable, Equatable {
  public enum Sex: String, Sendable, Codable { case female, male }

  /// In years, as the text has it.
  public var age: Int?
  /// The first word for a person, in small letters.
  public var person: String?
  public var sex: Sex?
  /// `PA` or `AP`.
  public var view: String?
  /// A word that makes the film one of a child, such as "pediatric".
  public var childhood: String?
  /// Whether the person's word, or that of the film, is one for children.
  public var isCalledChild = false
}

/// Reads ``TextSubject`` off texts, by words that are data.
public struct SubjectReader: Sendable {
  private let words: SubjectWords

  /// With the words that come with the program.
  ///
  /// - Throws: `VocabularyError` if those cannot be read.
  public static func standard() throws(VocabularyError) -> SubjectReader {
    try SubjectReader(words: Data(PackageResources.subjects_json))
  }

  /// - Parameter words: JSON of the form of `Resources/subjects.json`.
  /// - Throws: `VocabularyError.malformed` if it is not of that form.
  public init(words: Data) throws(VocabularyError) {
    self.words = try VocabularyReading.decode(SubjectWords.self, from: words)
  }

  /// Of several persons, ages or views the first one counts.
  public func subject(of text: String) -> TextSubject {
    let tokens = ReportTokenizer.sentences(of: text).joined().map(\.text)
    let age = tokens.indices.lazy.compactMap { index -> Int? in
      guard index + 1 < tokens.count, words.ages.contains(tokens[index + 1]) else { return nil }
      return Int(tokens[index])
    }.first
    let person = tokens.first { words.people.keys.contains($0) }
    let childhood = tokens.first { words.childhood.contains($0) }
    return TextSubject(
      age: age, person: person, sex: tokens.lazy.compactMap { words.people[$0] ?? nil }.first,
      view: tokens.lazy.compactMap { words.views[$0] }.first, childhood: childhood,
      isCalledChild: childhood != nil || person.map(words.children.contains) ?? false)
  }
}

/// The words as their file has them (`Resources/subjects.json`), all in lower case.
private struct SubjectWords: Sendable, Codable {
  /// Words for the patient, and the sex that they tell.
  var people: [String: TextSubject.Sex?]
  /// Those of them that only children are called.
  var children: [String]
  /// Words that follow the number of an age.
  var ages: [String]
  /// Words that make a film one of a child.
  var childhood: [String]
  /// What names a view, and the view.
  var views: [String: String]
}
