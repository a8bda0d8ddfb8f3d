import Foundation
import Testing

@testable import RadiologyReports

/// A sentence of ours, a finding, and what the sentence says of it.
struct LabelledSentence: CustomTestStringConvertible {
  var text: String
  var finding: Finding
  var state: FindingState
  var testDescription: String { text }

  init(_ text: String, _ finding: Finding, _ state: FindingState) {
    (self.text, self.finding, self.state) = (text, finding, state)
  }
}

@Suite struct FindingLabellerTests {
  private let labeller: FindingLabeller

  init() throws { labeller = try FindingLabeller.standard() }

  @Test(arguments: [
    LabelledSentence("The mediastinum is widened.", .enlargedCardiomediastinum, .positive),
    LabelledSentence("The heart is mildly enlarged.", .cardiomegaly, .positive),
    LabelledSentence("Enlarged cardiac silhouette.", .cardiomegaly, .positive),
    LabelledSentence("Patchy airspace disease in the right base.", .lungOpacity, .positive),
    LabelledSentence("A 9 mm nodule projects over the left apex.", .lungLesion, .positive),
    LabelledSentence("Moderate pulmonary vascular congestion.", .edema, .positive),
    LabelledSentence("Dense consolidation of the lingula.", .consolidation, .positive),
    LabelledSentence("Left lower lobe pneumonia.", .pneumonia, .positive),
    LabelledSentence("Bibasilar atelectatic bands.", .atelectasis, .positive),
    LabelledSentence("Tiny apical pneumothorax.", .pneumothorax, .positive),
    LabelledSentence("Both pleural effusions have grown.", .pleuralEffusion, .positive),
    LabelledSentence("Calcified pleural plaques.", .pleuralOther, .positive),
    LabelledSentence("Healed fractures of two ribs.", .fracture, .positive),
    LabelledSentence("A pacemaker with two leads is in place.", .supportDevices, .positive),
    LabelledSentence("The trachea is midline.", .pneumothorax, .unmentioned),
  ])
  func findingsAreNamed(sentence: LabelledSentence) {
    #expect(labeller.label(sentence.text)[sentence.finding] == sentence.state)
  }

  @Test(arguments: [
    LabelledSentence("No pneumothorax.", .pneumothorax, .negative),
    LabelledSentence("There is no focal consolidation, effusion, or pneumothorax.", .pneumothorax, .negative),
    LabelledSentence("No consolidation or effusion is seen.", .pleuralEffusion, .negative),
    LabelledSentence("The lungs are free of infiltrate or edema.", .edema, .negative),
    LabelledSentence("Negative for fracture.", .fracture, .negative),
    LabelledSentence("Cardiomegaly without edema.", .edema, .negative),
    LabelledSentence("Cardiomegaly without edema.", .cardiomegaly, .positive),
    LabelledSentence("Pleural effusion is not identified.", .pleuralEffusion, .negative),
    LabelledSentence("Effusion and pneumothorax are not seen.", .pleuralEffusion, .negative),
    LabelledSentence("An effusion is absent.", .pleuralEffusion, .negative),
    LabelledSentence("No evidence of pneumonia or heart failure.", .edema, .negative),
    LabelledSentence("The chest tube has been removed.", .supportDevices, .negative),
    LabelledSentence("The heart is not enlarged.", .cardiomegaly, .negative),
    LabelledSentence("Neither effusion nor pneumothorax.", .pneumothorax, .negative),
  ])
  func denialsReachTheirFindings(sentence: LabelledSentence) {
    #expect(labeller.label(sentence.text)[sentence.finding] == sentence.state)
  }

  @Test(arguments: [
    LabelledSentence("No effusion, but there is consolidation.", .consolidation, .positive),
    LabelledSentence("No effusion; consolidation persists.", .consolidation, .positive),
    LabelledSentence("No effusion. Consolidation.", .consolidation, .positive),
    LabelledSentence("No pneumothorax, the heart is enlarged.", .cardiomegaly, .positive),
    LabelledSentence("No pneumothorax and the heart is enlarged.", .cardiomegaly, .positive),
    LabelledSentence("No pneumothorax, small left effusion.", .pleuralEffusion, .positive),
    LabelledSentence("No pneumothorax with a small effusion.", .pleuralEffusion, .positive),
    LabelledSentence("No consolidation except atelectasis.", .atelectasis, .positive),
    LabelledSentence("Left effusion, no pneumothorax.", .pleuralEffusion, .positive),
    LabelledSentence("Atelectasis in the base, and pneumothorax is not seen.", .atelectasis, .positive),
    LabelledSentence("Atelectasis with effusion not seen.", .atelectasis, .positive),
    LabelledSentence("A nodule is not seen on the lateral view.", .lungLesion, .positive),
  ])
  func denialsEndWithTheirClause(sentence: LabelledSentence) {
    #expect(labeller.label(sentence.text)[sentence.finding] == sentence.state)
  }

  @Test(arguments: [
    LabelledSentence("No change in the right effusion.", .pleuralEffusion, .positive),
    LabelledSentence("No significant interval change of cardiomegaly.", .cardiomegaly, .positive),
    LabelledSentence("Effusion without significant change.", .pleuralEffusion, .positive),
    LabelledSentence("No increase in edema.", .edema, .positive),
    LabelledSentence("Not only atelectasis.", .atelectasis, .positive),
    LabelledSentence("No new consolidation.", .consolidation, .negative),
  ])
  func whatLooksLikeADenialIsNone(sentence: LabelledSentence) {
    #expect(labeller.label(sentence.text)[sentence.finding] == sentence.state)
  }

  @Test(arguments: [
    LabelledSentence("Possible pneumonia.", .pneumonia, .uncertain),
    LabelledSentence("Opacity may represent atelectasis or pneumonia.", .pneumonia, .uncertain),
    LabelledSentence("Opacity may represent atelectasis or pneumonia.", .lungOpacity, .positive),
    LabelledSentence("Pneumonia cannot be excluded.", .pneumonia, .uncertain),
    LabelledSentence("A small effusion is not excluded.", .pleuralEffusion, .uncertain),
    LabelledSentence("Atelectasis, though pneumonia cannot be excluded in this setting.", .pneumonia, .uncertain),
    LabelledSentence("Atelectasis, though pneumonia cannot be excluded in this setting.", .atelectasis, .positive),
    LabelledSentence("Cannot exclude a small pneumothorax.", .pneumothorax, .uncertain),
    LabelledSentence("Findings suspicious for edema.", .edema, .uncertain),
    LabelledSentence("Fracture is suspected.", .fracture, .uncertain),
    LabelledSentence("Effusion suspected.", .pleuralEffusion, .uncertain),
    LabelledSentence("Atelectasis versus consolidation.", .atelectasis, .uncertain),
    LabelledSentence("Atelectasis versus consolidation.", .consolidation, .uncertain),
    LabelledSentence("Pneumonia? No effusion.", .pneumonia, .positive),
    LabelledSentence("? pneumonia", .pneumonia, .uncertain),
    LabelledSentence("Opacity concerning for pneumonia without effusion.", .pleuralEffusion, .negative),
    LabelledSentence("No finding to suggest pneumonia.", .pneumonia, .negative),
    LabelledSentence("Opacity consistent with pneumonia.", .pneumonia, .positive),
    LabelledSentence("Probable small effusion.", .pleuralEffusion, .positive),
  ])
  func doubtIsUncertain(sentence: LabelledSentence) {
    #expect(labeller.label(sentence.text)[sentence.finding] == sentence.state)
  }

  @Test(arguments: [
    LabelledSentence("Computed tomography is advised to exclude pneumonia.", .pneumonia, .unmentioned),
    LabelledSentence("Evaluate for pneumothorax.", .pneumothorax, .unmentioned),
    LabelledSentence("History of pneumonia.", .pneumonia, .unmentioned),
    LabelledSentence("Overlap of the apices could obscure a small nodule.", .lungLesion, .unmentioned),
    LabelledSentence("Fractures may not be visible.", .fracture, .unmentioned),
    LabelledSentence("Clips suggest no pericardial effusion.", .pleuralEffusion, .unmentioned),
  ])
  func whatIsOnlyConsideredIsNotMentioned(sentence: LabelledSentence) {
    #expect(labeller.label(sentence.text)[sentence.finding] == sentence.state)
  }

  @Test(arguments: [
    LabelledSentence("Heart size is normal.", .cardiomegaly, .negative),
    LabelledSentence("Heart size is at the upper limits of normal.", .cardiomegaly, .negative),
    LabelledSentence(
      "The cardiomediastinal silhouette is within normal limits.", .enlargedCardiomediastinum, .negative),
    LabelledSentence("The lungs are clear.", .lungOpacity, .negative),
    LabelledSentence("The bones are intact.", .fracture, .negative),
    LabelledSentence("The lungs are hyperinflated but clear.", .consolidation, .negative),
  ])
  func statementsOfHealthDeny(sentence: LabelledSentence) {
    #expect(labeller.label(sentence.text)[sentence.finding] == sentence.state)
  }

  @Test func onePositiveMentionDecides() {
    let labels = labeller.label([
      ReportSection(name: .findings, text: "No large effusion. Possible edema."),
      ReportSection(name: .impression, text: "Small effusion. No edema."),
    ])
    #expect(labels[.pleuralEffusion] == .positive)
    #expect(labels[.edema] == .uncertain)
    #expect(labels[.noFinding] == .negative)
  }

  @Test(arguments: [
    ("The lungs are clear. Normal heart size. No effusion.", FindingState.positive, true),
    ("No acute disease.", .positive, true), ("Clear lungs. A pacemaker is in place.", .positive, false),
    ("Clear lungs. Sternotomy wires.", .positive, false), ("Clear lungs. Thoracic scoliosis.", .negative, false),
    ("Calcified granuloma.", .negative, false), ("Possible edema.", .negative, false), ("", .unmentioned, false),
    ("XXXX", .unmentioned, false),
  ])
  func normalIsWhatNamesNothingAbnormal(text: String, noFinding: FindingState, isNormal: Bool) {
    let labels = labeller.label(text)
    #expect(labels[.noFinding] == noFinding)
    #expect(labels.isNormal == isNormal)
  }

  @Test func mentionsTellWhereTheyStand() throws {
    let text = "Caf\u{E9}. Left Pleural Effusion."
    let mention = try #require(labeller.label(text).mentions.first)
    #expect(mention.text == "Pleural Effusion")
    #expect(String(decoding: Array(text.utf8)[mention.range], as: UTF8.self) == "Pleural Effusion")
    #expect(mention.section == 0 && mention.concept == "pleural effusion")
  }

  @Test func marksOfDeidentificationAreReadOver() {
    #expect(labeller.label("No XXXX of pleural XXXX effusion.")[.pleuralEffusion] == .negative)
  }

  @Test func everyFindingHasAState() {
    #expect(labeller.label("Anything.").states.count == 14)
    #expect(Finding.allCases.count == 14)
  }

  @Test func labelsAreCodable() throws {
    let labels = labeller.label("Mild left effusion.")
    let json = try JSONEncoder().encode(labels)
    #expect(try JSONDecoder().decode(ReportLabels.self, from: json) == labels)
    #expect(String(decoding: json, as: UTF8.self).contains("\"Pleural Effusion\":\"positive\""))
  }

  @Test func aVocabularyThatIsNoneIsAnError() {
    let empty = Data(#"{"concepts": [], "denials": []}"#.utf8)
    for findings in [Data("[]".utf8), empty] {
      #expect {
        try FindingLabeller(findings: findings, scopes: Data("{}".utf8))
      } throws: {
        VocabularyError.isMalformed($0)
      }
    }
    for phrase in ["", "..2 heart", "heart ..x", "the? heart", "* heart", "heart ..99"] {
      #expect(throws: VocabularyError.malformedPhrase(phrase)) { try PhrasePattern(phrase) }
    }
  }
}
