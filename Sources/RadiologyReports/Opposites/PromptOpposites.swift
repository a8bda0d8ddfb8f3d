import Foundation

/// Makes the opposites of prompts, by rules that are data.
///
/// A prompt has two at most. One exchanges words: left and right, man and woman, upper and lower, adult and child, PA and AP.
/// The other is of that patient and view, and turns the findings: a normal chest for a prompt that names any, and for one that
/// denies them what it denies. The second stands alone where nothing but age and view can be exchanged: else a third alone of
/// the way from a prompt would lead along its findings.
public struct PromptOpposites: Sendable {
  /// The most opposites of a prompt.
  public static let limit = 2

  private let words: OppositeWords
  /// Words of the patient and of places, by the word that each stands against.
  private let exchanges: [String: String]
  /// Those, and words of age and view.
  private let allExchanges: [String: String]
  private let labeller: FindingLabeller
  private let subjects: SubjectReader

  /// With the words that come with the program.
  ///
  /// - Throws: `VocabularyError` if those cannot be read.
  public static func standard() throws(VocabularyError) -> PromptOpposites {
    try PromptOpposites(words: Data(PackageResources.opposites_json), labeller: .standard(), subjects: .standard())
  }

  /// - Parameter words: JSON of the form of `Resources/opposites.json`.
  /// - Throws: `VocabularyError.malformed` if it is not of that form.
  public init(words: Data, labeller: FindingLabeller, subjects: SubjectReader) throws(VocabularyError) {
    self.words = try VocabularyReading.decode(OppositeWords.self, from: words)
    (self.labeller, self.subjects) = (labeller, subjects)
    exchanges = try Self.table(self.words.exchanges)
    allExchanges = try exchanges.merging(Self.table(self.words.examinations)) { one, _ in one }
  }

  /// Both directions of each pair; of a word in several pairs the last.
  private static func table(_ pairs: [[String]]) throws(VocabularyError) -> [String: String] {
    var table: [String: String] = [:]
    for pair in pairs {
      guard pair.count == 2 else { throw .malformed(reason: "an exchange has two words, not \(pair.count)") }
      table[pair[0]] = pair[1]
      table[pair[1]] = pair[0]
    }
    return table
  }

  /// The opposites of a prompt: none for one that says nothing of findings, sides or the patient.
  public func opposites(of prompt: String) -> [String] {
    let other = Self.exchanged(prompt, by: allExchanges)
    guard let findings = oppositeFindings(of: prompt) else { return other == prompt ? [] : [other] }
    let turned = patient(of: other) + ": " + findings
    return Self.exchanged(prompt, by: exchanges) == prompt ? [turned] : [other, turned]
  }

  /// The text with each word that has an opposite exchanged for it, in the same letters: small, capital, or capital first.
  private static func exchanged(_ text: String, by exchanges: [String: String]) -> String {
    var result = ""
    var word = ""
    func flush() {
      result += exchanges[word.lowercased()].map { spelled($0, like: word) } ?? word
      word = ""
    }
    for character in text {
      if character.isLetter {
        word.append(character)
      } else {
        flush()
        result.append(character)
      }
    }
    flush()
    return result
  }

  private static func spelled(_ word: String, like other: String) -> String {
    guard other.first?.isUppercase == true else { return word }
    return other.count > 1 && other.allSatisfy(\.isUppercase)
      ? word.uppercased() : word.prefix(1).uppercased() + word.dropFirst()
  }

  /// What stands against the findings of a prompt; nil if it says nothing of any.
  private func oppositeFindings(of prompt: String) -> String? {
    let sections = SectionSplitter.sections(of: prompt).filter(\.name.statesFindings)
    let labels = labeller.label(sections)
    guard !labels.mentions.isEmpty else { return nil }
    guard labels.isNormal else { return words.normal }
    let denied = labels.mentions.filter { $0.concept != "normal" }.map { $0.text.lowercased() }
    return denied.isEmpty ? words.abnormal : denied.joined(separator: ", ")
  }

  /// The patient and the view that a text names, in a few words.
  private func patient(of text: String) -> String {
    let subject = subjects.subject(of: text)
    let patient = [subject.age.map { "\($0)-year-old" }, subject.person].compactMap { $0 }.joined(separator: " ")
    let film = [subject.view, subject.childhood, words.film].compactMap { $0 }.joined(separator: " ")
    return patient.isEmpty ? film : "\(patient), \(film)"
  }
}

/// The words of opposites as their file has them (`Resources/opposites.json`), all in lower case.
struct OppositeWords: Sendable, Codable {
  /// Pairs of words of which each stands for the other.
  var exchanges: [[String]]
  /// Such pairs for the patient's age and the view.
  var examinations: [[String]]
  var film: String
  /// What stands against findings.
  var normal: String
  /// What stands against a normal chest.
  var abnormal: String
}
