import Foundation
import ImageFiles
import Testing

@testable import RunRecords

@Suite struct RunPageTests {
  private func rows(_ count: Int, every interval: Int = 100) -> [MetricsRow] {
    (1...count).flatMap { index -> [MetricsRow] in
      let step = index * interval
      // The least validation loss is that of the third.
      let loss = 0.5 + abs(Double(index) - 3) / 10
      return [
        MetricsRow(
          step: step - interval / 2, split: .training,
          values: [.loss: 1 / Double(index), .reconstruction: 0.4, .divergence: 3, .learningRate: 1e-3]),
        MetricsRow(
          step: step, split: .training,
          values: [.loss: 2 / Double(index), .reconstruction: 0.2, .divergence: 2, .learningRate: 1e-4],
          epoch: Double(index), seconds: Double(index) * 60, peakMemoryBytes: 2_000_000_000),
        MetricsRow(
          step: step, split: .validation, values: [.loss: loss, .structuralSimilarity: 0.9, .peakSignalToNoise: 30]),
      ]
    }
  }

  private static let columns = [
    StageColumn("Total loss", .training, .loss), StageColumn("KL divergence", .training, .divergence),
    StageColumn("SSIM, training", .training, .structuralSimilarity),
    StageColumn("SSIM, validation", .validation, .structuralSimilarity),
    StageColumn("Learning rate", .training, .learningRate),
  ]

  private func stage(
    _ name: String = "vae", columns: [StageColumn] = RunPageTests.columns, rows: [MetricsRow],
    settings: [(key: String, value: String)] = [],
    sheets: [SampleSheet] = [], sheetRows: [String] = []
  ) -> StageRecord {
    StageRecord(
      StageDescription(name: name, title: "Autoencoder", columns: columns, sheetRows: sheetRows), totalSteps: 1000,
      settings: settings, rows: rows, sheets: sheets)
  }

  private func page(_ stages: [StageRecord], name: String = "run") -> String {
    RunPage(name: name, stages: stages, program: "thorax", date: Date(timeIntervalSince1970: 0)).document()
  }

  @Test func milestonesAreValidationsWithTheMeansOfTheTrainingBefore() {
    let milestones = Milestone.list(rows(2) + [MetricsRow(step: 250, split: .training, values: [.loss: 7])])
    #expect(milestones.map(\.step) == [100, 200, 250])
    #expect(milestones[0].training[.loss] == 1.5 && milestones[0].training[.divergence] == 2.5)
    #expect(milestones[0].training[.learningRate] == 1e-4)
    #expect(milestones[1].training[.loss] == 0.75 && milestones[1].validation[.structuralSimilarity] == 0.9)
    #expect(milestones[2].training[.loss] == 7 && milestones[2].validation.isEmpty)
  }

  @Test func theTableHasTheStagesColumnsOfWhatWasMeasured() {
    let text = page([stage(rows: rows(4))])
    let heads = text.matches(of: /<th scope="col" class="n">([^<]*)<\/th>/).map { String($0.1) }
    #expect(
      heads == [
        "Epoch", "Step", "Total loss", "KL divergence", "SSIM, validation", "Learning rate",
      ])
    #expect(text.contains("<tr class=\"best\"><th scope=\"row\" class=\"n\">3</th><td class=\"n\">300</td>"))
    #expect(text.contains("Table 1. Autoencoder"))
    for fact in ["400 of 1,000", "0.5 at step 300", "4 min", "2 GB"] {
      #expect(text.contains("<dd>\(fact)</dd>"), "\(fact)")
    }
  }

  @Test func theTablesAreWrittenAsMarkdownToo() {
    let report = RunPage(
      name: "run", stages: [stage(rows: rows(3)), stage("empty", rows: []), stage("other", rows: rows(1))],
      program: "thorax")
    let lines = report.markdown.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.filter { $0.hasPrefix("Table ") }.map { $0.prefix(7) } == ["Table 1", "Table 3"])
    #expect(lines[2] == "| Epoch | Step | Total loss | KL divergence | SSIM, validation | Learning rate |")
    #expect(lines[3] == "| ---: | ---: | ---: | ---: | ---: | ---: |")
    #expect(lines[5] == "| 2 | 200 | 0.75 | 2.5 | 0.9 | 1e-4 |")
    #expect(lines[6] == "| **3** | **300** | **0.5** | **2.5** | **0.9** | **1e-4** |")
    #expect(lines[7].isEmpty && lines[8].hasPrefix("Table 3"))
  }

  @Test func theTableOfAStageWithoutColumnsHasEverything() {
    let text = page([stage("other", columns: [], rows: rows(1))])
    let heads = text.matches(of: /<th scope="col" class="n">([^<]*)<\/th>/).map { String($0.1) }
    #expect(heads.count == 2 + Set(rows(1)[0].values.keys).count + Set(rows(1)[2].values.keys).count)
    #expect(text.contains("<td class=\"n\">1e-4</td>"))
  }

  @Test func manyRowsAreThinnedAndTheBestStays() {
    let text = page([stage(rows: rows(500))])
    let count = text.components(separatedBy: "<tr>").count + text.components(separatedBy: "<tr class").count
    #expect(count < 70 && text.contains("<tr class=\"best\">") && text.contains("of 500 rows"))
  }

  @Test func everyCurveIsDrawnOnceWithBothSplits() {
    let text = page([stage(rows: rows(4))])
    #expect(text.components(separatedBy: "role=\"img\"").count - 1 == 6)
    #expect(text.contains("<title id=\"vae-chart-0-title\">Loss</title>"))
    #expect(text.contains("Validation: 0.7 at step 100, 0.6 at step 400"))
  }

  @Test func whatUsersWriteIsEscaped() {
    let evil = "<script>alert('x')</script>"
    let text = page(
      [stage(rows: rows(1), settings: [(evil, evil)], sheetRows: [evil])], name: evil)
    #expect(!text.contains("<script") && text.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"))
    #expect(!text.contains("http:") && !text.contains("https:"))
  }

  @Test func theNewestPicturesStandInThePage() throws {
    try withFolder { folder in
      for step in [100, 2000, 300, 400, 500] {
        let image = try GrayscaleImage(
          width: 1500, height: 30, pixels: Array(repeating: UInt8(step % 251), count: 45_000))
        try Data(image.pngBytes()).write(to: folder.appendingPathComponent(String(format: "step-%08d.png", step)))
      }
      try Data("broken".utf8).write(to: folder.appendingPathComponent("step-00003000.png"))
      let sheets = SampleSheet.newest(4, in: folder)
      #expect(sheets.map(\.step) == [2000, 500, 400], "one of the newest four cannot be read")
      #expect(sheets.allSatisfy { $0.width == 1024 && $0.height == 20 && $0.jpeg.starts(with: [0xFF, 0xD8]) })
      let text = page([stage(rows: rows(1), sheets: sheets, sheetRows: ["images", "their reconstructions"])])
      #expect(text.components(separatedBy: "src=\"data:image/jpeg;base64,").count - 1 == 3)
      #expect(
        text.contains("alt=\"Autoencoder, samples at step 2000. Rows from the top: images; their reconstructions\""))
    }
  }

  @Test func aRunThatHasNotBegunHasAPage() throws {
    try withFolder { folder in
      let url = folder.appendingPathComponent("report.html")
      try RunPage(name: "empty", stages: [stage(rows: [])], program: "thorax").write(to: url)
      #expect(try String(contentsOf: url, encoding: .utf8).contains("Nothing was measured yet."))
      #expect(SampleSheet.newest(4, in: folder.appendingPathComponent("none")).isEmpty)
    }
  }
}
