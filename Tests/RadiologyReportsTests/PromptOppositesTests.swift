import Foundation
import Testing

@testable import RadiologyReports

@Suite struct PromptOppositesTests {
  private let opposites: PromptOpposites

  init() throws { opposites = try PromptOpposites.standard() }

  @Test(
    "side, sex, place, age and view are exchanged, and findings become a normal chest",
    arguments: [
      (
        "70-year-old man, AP chest radiograph: right pleural effusion",
        [
          "70-year-old woman, PA chest radiograph: left pleural effusion",
          "70-year-old woman, PA chest radiograph: clear lungs and a normal heart",
        ]
      ),
      (
        "Right lower lobe pneumonia with small effusion",
        ["Left upper lobe pneumonia with small effusion", "chest radiograph: clear lungs and a normal heart"]
      ),
      (
        "Left-sided PNEUMOTHORAX in a WOMAN, RUL",
        ["Right-sided PNEUMOTHORAX in a MAN, LLL", "man, chest radiograph: clear lungs and a normal heart"]
      ),
      (
        "Pediatric chest X-ray of a 4 year old boy with bacterial pneumonia",
        [
          "Adult chest X-ray of a 4 year old girl with viral pneumonia",
          "4-year-old adult, chest radiograph: clear lungs and a normal heart",
        ]
      ),
      (
        "Supine chest film of an adult with pneumonia",
        ["child, AP chest radiograph: clear lungs and a normal heart"]
      ),
      ("Cardiomegaly", ["chest radiograph: clear lungs and a normal heart"]),
      ("possible mass", ["chest radiograph: clear lungs and a normal heart"]),
    ])
  func findings(prompt: String, expected: [String]) {
    #expect(opposites.opposites(of: prompt) == expected)
  }

  @Test(
    "what is denied is asserted, and a normal chest becomes one that is not",
    arguments: [
      (
        "30-year-old woman, PA chest radiograph: no pleural effusion",
        [
          "30-year-old man, AP chest radiograph: no pleural effusion",
          "30-year-old man, AP chest radiograph: pleural effusion",
        ]
      ),
      (
        "No pneumothorax, no effusion", ["chest radiograph: pneumothorax, effusion"]
      ),
      (
        "PA chest film of a child, no pneumonia",
        ["adult, AP chest radiograph: pneumonia"]
      ),
      ("The lungs are clear.", ["chest radiograph: pneumonia and pleural effusion"]),
    ])
  func denials(prompt: String, expected: [String]) {
    #expect(opposites.opposites(of: prompt) == expected)
  }

  @Test(
    "a prompt that says nothing has no opposites",
    arguments: ["", "   ", "chest X-ray", "\u{FEFF}", "Ελληνικά", "copyright uppercase theleft"])
  func nothing(prompt: String) {
    #expect(opposites.opposites(of: prompt).isEmpty)
  }

  @Test("age and view are exchanged where nothing is said of findings")
  func noFindings() {
    #expect(opposites.opposites(of: "Paediatric chest X-ray, PA") == ["Adult chest X-ray, AP"])
  }

  @Test("exchanging twice gives the prompt again")
  func twice() throws {
    let prompt = "An elderly Man: LEFT lower zone mass, right apex clear; he is 80"
    let once = try #require(opposites.opposites(of: prompt).first)
    #expect(once == "An elderly Woman: RIGHT upper zone mass, left base clear; she is 80")
    #expect(opposites.opposites(of: once).first == prompt)
  }

  @Test("a prompt of 300,000 words is read in a moment")
  func long() {
    let prompt = String(repeating: "left effusion, ", count: 150_000)
    let found = opposites.opposites(of: prompt)
    #expect(found.count == PromptOpposites.limit)
    #expect(found[0] == prompt.replacingOccurrences(of: "left", with: "right"))
  }

  @Test("words that are none are refused")
  func malformed() throws {
    let (labeller, subjects) = (try FindingLabeller.standard(), try SubjectReader.standard())
    let good = Data(PackageResources.opposites_json)
    #expect(throws: VocabularyError.self) {
      try PromptOpposites(words: Data("{}".utf8), labeller: labeller, subjects: subjects)
    }
    let bad = String(decoding: good, as: UTF8.self).replacingOccurrences(
      of: "[\"left\", \"right\"]", with: "[\"left\"]")
    #expect(throws: VocabularyError.malformed(reason: "an exchange has two words, not 1")) {
      try PromptOpposites(words: Data(bad.utf8), labeller: labeller, subjects: subjects)
    }
  }
}
