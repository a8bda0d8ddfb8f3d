import Foundation
import ImageFiles
import RadiographModels
import RadiologyReports
import Testing
import Torch
import TorchNN

@testable import Evaluation
@testable import RadiographData

@Suite("a classifier as a judge of how near images are to prompts")
struct PromptJudgeTests {
  private static let path = "judge"

  private func judge(
    _ labels: [String] = NIHLabels.vocabulary
      + [KermanyLabels.normal, KermanyLabels.bacterial, KermanyLabels.viral, "AP view"]
  ) throws -> (judge: PromptJudge, classifier: LabelClassifier) {
    let architecture = ClassifierArchitecture(network: .small, labels: labels, side: 32)
    let classifier = try LabelClassifier(ParameterStore(generator: Generator(seed: 5)).root, architecture)
    return (try PromptJudge(OwnExtractor(classifier, hash: "h"), path: Self.path), classifier)
  }

  /// What is asked for and what is denied, in the order of the judge's labels.
  private static let readings: [(prompt: String, wanted: [String], denied: [String])] = [
    ("Large left pleural effusion.", ["Effusion"], []),
    ("No pleural effusion or pneumothorax.", [], ["Effusion", "Pneumothorax"]),
    ("Cardiomegaly without edema.", ["Cardiomegaly"], ["Edema"]),
    ("Right lower lobe pneumonia with focal consolidation", ["Consolidation", "Pneumonia"], []),
    ("Airspace opacity consistent with pneumonia.", ["Pneumonia"], []),
    ("Patchy opacity in the left base.", ["Infiltration"], []),
    ("Pulmonary infiltrate and pneumonia.", ["Infiltration", "Pneumonia"], []),
    ("A mass-like opacity in the lung.", ["Mass"], []), ("Solitary lung nodule.", ["Nodule"], []),
    ("No mass, but a nodule.", ["Nodule"], ["Mass"]),
    ("A child with bacterial pneumonia.", ["Pneumonia", "Bacterial Pneumonia"], []),
    ("Possible pneumonia.", ["Pneumonia"], []),
    ("Normal chest radiograph.", ["No Finding|Normal"], []),
    (
      "The lungs are clear. Heart size is normal.", ["No Finding|Normal"],
      ["Cardiomegaly", "Consolidation", "Infiltration"]
    ),
    ("Heart size is normal. Left pneumothorax.", ["Pneumothorax"], ["Cardiomegaly"]),
    (
      "INDICATION: Rule out pneumonia. FINDINGS: Emphysema. Fibrosis. IMPRESSION: No hernia.",
      ["Emphysema", "Fibrosis"],
      ["Hernia"]
    ),
    ("Pleural thickening, AP view.", ["Pleural_Thickening"], []),
  ]

  @Test("findings are read with their negation, by the labels of the judge", arguments: readings)
  func reads(prompt: String, wanted: [String], denied: [String]) throws {
    let asked = try judge().judge.asked(by: prompt)
    #expect(asked.filter(\.isPresent).map { $0.labels.joined(separator: "|") } == wanted, "\(prompt)")
    #expect(asked.filter { !$0.isPresent }.map { $0.labels.joined(separator: "|") } == denied, "\(prompt)")
  }

  @Test("every wording of the training prompts' grammar asks for its label, and every denial denies it")
  func readsTheGrammar() throws {
    let (judge, grammar) = (try judge().judge, try PromptGrammar.standard())
    // Signs that the reader takes for no statement about the finding.
    let unread = ["The costophrenic angles are sharp.", "The costophrenic angles are clear."]
    for (name, words) in grammar.rules.findings where NIHLabels.findings.contains(name) {
      for text in words.nouns.map({ "Chest X-ray showing \($0.text)." }) + words.sentences.map(\.text) {
        let asked = try judge.asked(by: text)
        #expect(asked.contains(AskedLabel(labels: [name], isPresent: true)), "\(name): \(text): \(asked)")
        #expect(!asked.contains { $0.labels == ["No Finding", "Normal"] }, "\(text)")
      }
      for text in (words.denials ?? []).map(\.text) where !unread.contains(text) {
        #expect(try judge.asked(by: text).contains(AskedLabel(labels: [name], isPresent: false)), "\(name): \(text)")
      }
    }
    let normal = grammar.rules.normal
    for text in normal.standalone.map(\.text) + normal.sentences.map(\.text) + normal.phrases.map(\.text) {
      let asked = try judge.asked(by: text)
      #expect(asked.contains(AskedLabel(labels: ["No Finding", "Normal"], isPresent: true)), "\(text)")
      #expect(asked.filter(\.isPresent).count == 1, "\(text)")
    }
  }

  @Test("CheXpert's labels are known by their names")
  func chexpert() throws {
    let names = Finding.allCases.map(\.rawValue)
    let judge = try judge(names).judge
    #expect(judge.known == names)
    let asked = try judge.asked(by: "Pacemaker with a lead in place; support device. Rib fracture, no effusion.")
    #expect(asked.filter(\.isPresent).flatMap(\.labels) == ["Fracture", "Support Devices"])
    #expect(asked.filter { !$0.isPresent }.flatMap(\.labels) == ["Pleural Effusion"])
  }

  @Test("the score is the sum of log p and log (1 - p), and the greater of labels that mean the same")
  func scores() throws {
    let (judge, classifier) = try judge(["Effusion", "No Finding", "Normal", "Pneumothorax"])
    let images = try (1...3).map { try ExtractorReference.picture($0, width: 32, height: 32, kind: 9) }
    let probabilities = try images.map { image in
      let pixels = try Tensor(image.pixels.map { Float($0) }, shape: [1, 1, 32, 32])
      return try classifier(pixels).sigmoid().doubles()
    }
    let findings = try judge.scores(of: images, prompt: "Effusion, no pneumothorax.")
    expectEqual(findings, probabilities.map { log($0[0]) + log(1 - $0[3]) }, within: 1e-5)
    let normal = try judge.scores(of: images, prompt: "Normal chest.")
    expectEqual(normal, probabilities.map { log(max($0[1], $0[2])) }, within: 1e-5)
    #expect(Set(findings).count == 3 && findings.allSatisfy { $0 < 0 })

    // No overflow where a probability is 0 in double precision.
    let question = [PromptJudge.Question(columns: [0], isPresent: true)]
    #expect(PromptJudge.score(of: [-1e6], question) == -1e6)
    #expect(PromptJudge.score(of: [1e6], question) == 0)
  }

  @Test("a prompt of which the judge knows nothing is refused by one line that says what it knows")
  func refusals() throws {
    let judge = try judge(["Effusion", "No Finding", "female"]).judge
    for prompt in ["a cat", "", "Rib fracture.", "HISTORY: effusion", "45-year-old woman", "abnormal chest"] {
      let error = #expect(
        throws: MeasurementError.blindToPrompt(judge: Self.path, prompt: prompt, known: ["Effusion", "No Finding"])
      ) { try judge.asked(by: prompt) }
      #expect(error?.description.hasSuffix("ask for, or deny, one of Effusion, No Finding") == true)
      #expect(throws: MeasurementError.self) { try judge.scores(of: [], prompt: prompt) }
    }
    let text = MeasurementError.blindToPrompt(judge: "a\nb", prompt: "x\n\u{1B}[31m", known: []).description
    #expect(!text.contains("\n") && !text.contains("\u{1B}"))
  }
}
