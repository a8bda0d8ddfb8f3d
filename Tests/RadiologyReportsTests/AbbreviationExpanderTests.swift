import Foundation
@testable import RadiologyReports
import Testing

@Suite struct AbbreviationExpanderTests {
  private let expander: AbbreviationExpander

  init() throws { expander = try AbbreviationExpander.standard() }

  @Test func theTableHasEnough() {
    #expect(expander.count >= 120)
  }

  @Test(arguments: [
    ("RLL opacity and LLL collapse.", "Right lower lobe opacity and left lower lobe collapse."),
    ("rll pneumonia", "Right lower lobe pneumonia"),
    ("Two PICCs and an ETT.", "Two peripherally inserted central catheters and an endotracheal tube."),
    ("S/p CABG w/ clips, w/o edema.", "Status post coronary artery bypass graft with clips, without edema."),
    ("Findings c/w CHF.", "Findings consistent with congestive heart failure."),
    ("Scoliosis of the T-spine.", "Scoliosis of the thoracic spine."),
    ("Bilat effusions, b/l edema.", "Bilateral effusions, bilateral edema."),
    ("R lung and L base", "Right lung and left base"),
  ])
  func clearOnesAreWrittenOut(text: String, expected: String) {
    #expect(expander.expanded(text) == expected)
  }

  @Test(arguments: [
    ("PA and lateral views", "Posteroanterior and lateral views"),
    ("The main PA is large.", "The main pulmonary artery is large."),
    ("A PA catheter is in place, single view.", "A pulmonary artery catheter is in place, single view."),
    ("Talked to the PA.", "Talked to the PA."),
    ("Severe MS with a large left atrium.", "Severe mitral stenosis with a large left atrium."),
    ("MS with weakness", "Multiple sclerosis with weakness"),
    ("Altered MS.", "Altered mental status."),
    ("Dose 2 MS.", "Dose 2 MS."),
    ("Line tip in the RA.", "Line tip in the right atrium."),
    ("RA with erosions of the joints", "Rheumatoid arthritis with erosions of the joints"),
    ("RA.", "RA."),
    ("NG tube", "Nasogastric tube"),
    ("The AP window is clear.", "The AP window is clear."),
    ("Single AP view", "Single anteroposterior view"),
    ("Blunted CP angle", "Blunted costophrenic angle"),
    ("L1 and R2", "L1 and R2"),
  ])
  func contextDecides(text: String, expected: String) {
    #expect(expander.expanded(text) == expected)
  }

  @Test func whatIsExplainedStays() {
    let text = "Chronic obstructive pulmonary disease (COPD) is known."
    #expect(expander.expanded(text) == text)
  }

  @Test func capitalsDoNotMakeWordsAbbreviations() {
    let text = "THE CATHETER TIPS ARE UNCHANGED AS ABOVE WITH THE APICAL CAP AND AORTIC VALVE."
    #expect(expander.expanded(text) == text)
  }

  @Test func unitsAndVertebraeStay() {
    let text = "A 5 mm nodule, 3.2 cm from T8, 20 mL and 4 mg."
    #expect(expander.expanded(text) == text)
  }

  @Test func expansionsAreListed() {
    #expect(expander.expansions(in: "RUL and 2 cm") == [.init(short: "RUL", long: "right upper lobe")])
    #expect(expander.expansions(in: "Talked to the PA.").isEmpty)
  }

  @Test func aTableThatIsNoneIsAnError() {
    #expect {
      try AbbreviationExpander(json: Data("{}".utf8))
    } throws: {
      VocabularyError.isMalformed($0)
    }
    #expect(throws: VocabularyError.malformed(reason: "abbreviation X has no meaning")) {
      try AbbreviationExpander(json: Data(#"{"abbreviations": [{"short": "X"}]}"#.utf8))
    }
  }
}
