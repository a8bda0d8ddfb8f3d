import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// What an import makes of reports: sections, findings, and the texts that training reads.
@Suite struct ReportReadingTests {
  private static let report = """
    EXAM: Chest, two views.
    FINDINGS: There is a moderate left pleural effusion, unchanged. The heart is mildly enlarged. No pneumothorax.
    IMPRESSION: Left pleural effusion. Possible pneumonia of the left lower lobe.
    """

  @Test func freeTextIsDividedIntoItsSections() {
    let sections = ReportText.sections(of: Self.report)
    #expect(sections.map(\.name) == ["examination", "findings", "impression"])
    #expect(sections[2].text == "Left pleural effusion. Possible pneumonia of the left lower lobe.")
    #expect(ReportText.sections(of: "Clear lungs.") == [TextSection(name: "report", text: "Clear lungs.")])
    #expect(ReportText.sections(of: "FINDINGS: a\nIMPRESSION: b\nFINDINGS: c").map(\.text) == ["a\nc", "b"])
    #expect(ReportText.sections(of: " \n").isEmpty)
  }

  @Test func findingsComeWithSideSeverityChangeAndPlace() throws {
    let findings = try ReportReader().findings(in: ReportText.sections(of: Self.report))
    func finding(_ name: String) -> StudyFinding? { findings.first { $0.name == name } }
    let effusion = try #require(finding("Pleural Effusion"))
    #expect(effusion.state == .positive && effusion.laterality == "left")
    #expect(effusion.severity == "moderate" && effusion.change == "unchanged")
    #expect(finding("Cardiomegaly")?.state == .positive && finding("Cardiomegaly")?.severity == "mild")
    #expect(finding("Pneumothorax") == StudyFinding(name: "Pneumothorax", state: .negative))
    let pneumonia = try #require(finding("Pneumonia"))
    #expect(pneumonia.state == .uncertain && pneumonia.locations == ["lower lobe"])
    #expect(finding("Fracture") == nil)
    #expect(try ReportReader().findings(in: [TextSection(name: "indication", text: "Pneumonia?")]).isEmpty)
  }

  @Test func importsStoreFindingsAndCountThem() throws {
    try DataFixtures.withFolder { folder in
      let (source, output) = (folder.appendingPathComponent("s"), folder.appendingPathComponent("d"))
      try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
      let images = try SourceFolder(DataFixtures.nih) { ImageScanner.extensions.contains($0) }.files.prefix(2)
      for (name, image) in zip(["a", "b"], images) {
        try FileManager.default.copyItem(
          at: DataFixtures.nih.appendingPathComponent(image), to: source.appendingPathComponent("\(name).png"))
      }
      try Data("Large right pleural effusion.".utf8).write(to: source.appendingPathComponent("a.txt"))
      try Data("No pleural effusion.".utf8).write(to: source.appendingPathComponent("b.txt"))
      _ = try DatasetImport(FolderSource.list(source), into: output, options: DataFixtures.options()).run()
      let dataset = try RadiographDataset.open(output)
      let records = try dataset.records()
      #expect(
        try dataset.findings(of: records[0]).first { $0.name == "Pleural Effusion" }
          == StudyFinding(name: "Pleural Effusion", state: .positive, laterality: "right", severity: "severe"))
      let count = try #require(try dataset.summary().reported["Pleural Effusion"])
      #expect(count.positive == 1 && count.negative == 1 && count.uncertain == 0)
      let again = try DatasetImport(FolderSource.list(source), into: output, options: DataFixtures.options()).run()
      #expect(again.imported == 0)
      #expect(try RadiographDataset.open(output).summary().reported == dataset.summary().reported)
    }
  }

  @Test func captionsAreCleanedAndCutAtTheEndOfASentence() throws {
    let record = RadiographRecord(
      id: 1, source: "s", path: "a.png", patient: "s/p", study: "1", split: .train,
      attributes: RadiographAttributes(),
      sections: [
        TextSection(name: "indication", text: "Cough."),
        TextSection(name: "findings", text: "XXXX lungs are clear .. The heart is normal. No effusion."),
        TextSection(name: "impression", text: "Normal chest."),
      ], originalSize: nil, contentHash: nil, slot: nil)
    let writer = try CaptionWriter.standard()
    let whole = writer.captions(of: record, count: 3, seed: 0)
    #expect(whole.cut == 0 && whole.texts.count == 3)
    #expect(!whole.texts[0].contains("XXXX") && !whole.texts[0].contains("..") && !whole.texts[0].contains("Cough"))
    #expect(whole.texts[2] == "Normal chest.")
    let words = CaptionWriter.TokenLimit(maximum: 8) { $0.split(separator: " ").count }
    let cut = writer.captions(of: record, count: 3, seed: 0, limit: words)
    #expect(cut.texts[0].hasSuffix("Normal chest.") && cut.texts[0].split(separator: " ").count <= 8)
    #expect(cut.cut == 2, "all of it, and the findings alone, are too long; the impression is not")
  }
}
