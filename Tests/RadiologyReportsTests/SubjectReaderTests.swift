import Foundation
import Testing

@testable import RadiologyReports

@Suite("Whom a text names, and the view")
struct SubjectReaderTests {
  @Test(
    "age, sex, view and childhood are read off",
    arguments: [
      (
        "70-year-old woman, AP chest radiograph: effusion",
        TextSubject(age: 70, person: "woman", sex: .female, view: "AP")
      ),
      ("PA film of a 3 year old boy.", TextSubject(age: 3, person: "boy", sex: .male, view: "PA", isCalledChild: true)),
      (
        "Pediatric chest radiograph of a child with pneumonia",
        TextSubject(person: "child", childhood: "pediatric", isCalledChild: true)
      ),
      // The person is the first word, the sex that of the first that tells it.
      ("An adult, female.", TextSubject(person: "adult", sex: .female)),
      ("Portable: 55 yo male", TextSubject(age: 55, person: "male", sex: .male, view: "AP")),
      ("Right effusion, 2 cm.", TextSubject()),
      ("99999999999999999999-year-old man", TextSubject(person: "man", sex: .male)),
      ("", TextSubject()),
    ])
  func subjects(text: String, expected: TextSubject) throws {
    #expect(try SubjectReader.standard().subject(of: text) == expected)
  }

  @Test("words that are none are refused")
  func malformed() {
    #expect(throws: VocabularyError.self) { try SubjectReader(words: Data("{}".utf8)) }
  }
}
