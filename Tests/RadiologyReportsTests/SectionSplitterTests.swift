@testable import RadiologyReports
import Testing

@Suite struct SectionSplitterTests {
  private func names(_ report: String) -> [String] { SectionSplitter.sections(of: report).map(\.name.rawValue) }

  @Test func headingsDivideAReport() {
    let sections = SectionSplitter.sections(
      of: """
        EXAM: Chest, two views
        HISTORY: Cough.
        COMPARISON: None.
        TECHNIQUE: Frontal and lateral.
        FINDINGS: The lungs are clear.
        The heart is normal.
        IMPRESSION: No acute disease.
        """)
    #expect(
      sections == [
        ReportSection(name: .examination, text: "Chest, two views"),
        ReportSection(name: .history, text: "Cough."),
        ReportSection(name: .comparison, text: "None."),
        ReportSection(name: .technique, text: "Frontal and lateral."),
        ReportSection(name: .findings, text: "The lungs are clear.\nThe heart is normal."),
        ReportSection(name: .impression, text: "No acute disease."),
      ])
  }

  @Test(arguments: [
    "Findings:\nClear.", "findings: Clear.", "FINDINGS\nClear.", "**FINDINGS:** Clear.", "  Findings :  Clear.",
    "## Findings\nClear.", "FINDINGS - Clear.", "\r\nFINDINGS:\r\nClear.", "Observations: Clear.",
  ])
  func aHeadingMayBeWrittenInManyWays(report: String) {
    let sections = SectionSplitter.sections(of: report)
    #expect(sections.map(\.name) == [.findings])
    #expect(sections.first?.text.contains("Clear.") == true)
    #expect(sections.first?.text.lowercased().contains("findings") == false)
  }

  @Test(arguments: [
    "FINDINGS/IMPRESSION: Clear.", "FINDINGS AND IMPRESSION: Clear.", "Findings and Impression:\nClear.",
    "IMPRESSION/FINDINGS: Clear.", "FINDINGS & IMPRESSION: Clear.", "Findings / Conclusion: Clear.",
  ])
  func joinedHeadingsAreOneSection(report: String) {
    #expect(SectionSplitter.sections(of: report) == [ReportSection(name: .findingsAndImpression, text: "Clear.")])
  }

  @Test(arguments: [
    "The lungs are clear. Findings are unchanged.", "Impression of a small effusion remains.",
    "In comparison: the effusion grew.", "Findings of edema: see above.", "History of asthma, lungs clear.",
    "Chest: the lungs are clear.", "There are findings: nodules.",
  ])
  func aSentenceIsNoHeading(report: String) {
    #expect(SectionSplitter.sections(of: report) == [ReportSection(name: .report, text: report)])
  }

  @Test func reportsOnOneLineAreDivided() {
    let sections = SectionSplitter.sections(
      of: "INDICATION: Fever. FINDINGS: Left base opacity. IMPRESSION: 1. Pneumonia. 2. No effusion.")
    #expect(sections.map(\.name) == [.indication, .findings, .impression])
    #expect(sections.map(\.text) == ["Fever.", "Left base opacity.", "1. Pneumonia. 2. No effusion."])
  }

  @Test func intensiveCareReportsAreDivided() {
    let report = """
                                       FINAL REPORT
       EXAMINATION:  CHEST (PORTABLE AP)

       INDICATION:  ___ year old woman with hypoxia  // eval for edema

       TECHNIQUE:  Portable AP

       COMPARISON:  Radiograph ___.

       FINDINGS:

       Lines are in place.  There is no
       pneumothorax.

       IMPRESSION:

       1.  No pneumothorax.
       2.  Mild edema.
      """
    let sections = SectionSplitter.sections(of: report)
    #expect(sections.map(\.name) == [.examination, .indication, .technique, .comparison, .findings, .impression])
    #expect(sections[4].text == "Lines are in place.  There is no\n pneumothorax.")
  }

  @Test func whatStandsBeforeTheFirstHeadingAndAfterTheLastIsKept() {
    #expect(names("Portable view.\nIMPRESSION: Clear.\nADDENDUM: Discussed.") == ["report", "impression", "addendum"])
    #expect(names("FINAL REPORT\nThe lungs are clear.") == ["report"])
    #expect(names("WET READ: No edema.\nFINAL REPORT\nIMPRESSION: No edema.") == ["report", "impression"])
  }

  @Test func aReportWithoutTextHasNoSections() {
    #expect(SectionSplitter.sections(of: "").isEmpty)
    #expect(SectionSplitter.sections(of: "FINDINGS:\n\nIMPRESSION:  ").isEmpty)
  }

  @Test func trainingTextTakesTheParts() {
    let sections = SectionSplitter.sections(
      of: "IMPRESSION: Edema.\nHISTORY: Fever.\nFINDINGS: Opacities.\nADDENDUM: Seen on CT.")
    #expect(TextParts.findingsAndImpression.text(of: sections) == "Opacities. Edema. Seen on CT.")
    #expect(TextParts.findings.text(of: sections) == "Opacities.")
    #expect(TextParts.impression.text(of: sections) == "Edema. Seen on CT.")
  }

  @Test func textWithoutHeadingsIsEveryPart() {
    let plain = SectionSplitter.sections(of: "Lungs clear.")
    let joined = SectionSplitter.sections(of: "HISTORY: Fever.\nFINDINGS/IMPRESSION: Lungs clear.")
    for parts in TextParts.allCases {
      #expect(parts.text(of: plain) == "Lungs clear.")
      #expect(parts.text(of: joined) == "Lungs clear.")
    }
    #expect(TextParts.findings.text(of: SectionSplitter.sections(of: "IMPRESSION: Edema.")).isEmpty)
    #expect(TextParts.findings.text(of: SectionSplitter.sections(of: "HISTORY: Fever.")).isEmpty)
  }
}
