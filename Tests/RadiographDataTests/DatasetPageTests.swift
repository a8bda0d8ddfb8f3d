import Foundation
import ImageFiles
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct DatasetPageTests {
  /// Six images of three patients with labels and reports, and one file that is no image.
  private func withDataset(_ body: (RadiographDataset) throws -> Void) throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      for index in 0..<6 { try DataFixtures.writeImage(source.appendingPathComponent("\(index).png"), seed: index) }
      try DataFixtures.write("no image", to: source.appendingPathComponent("broken.png"))
      try DataFixtures.write(
        """
        file_name,findings,impression,labels,patient,age,sex,study
        0.png,The heart is large. No effusion.,Large heart.,Cardiomegaly,p1,70,F,s0
        1.png,The heart is large. Effusion <left>.,Large heart.,Cardiomegaly|Effusion,p1,71,F,s1
        2.png,Small effusion.,Effusion.,Effusion,p2,34,M,s2
        3.png,Clear lungs.,Normal.,,p2,35,M,s3
        4.png,Clear lungs.,Normal.,,p3,8,,s4
        5.png,Large heart.,Large heart.,Cardiomegaly|Effusion,p3,8,,s5

        """, to: source.appendingPathComponent("metadata.csv"))
      let output = folder.appendingPathComponent("dataset")
      _ = try DatasetImport(FolderSource.list(source), into: output, options: DataFixtures.options()).run()
      try body(RadiographDataset.open(output))
    }
  }

  @Test func labelsAreCountedAloneTogetherAndByPart() throws {
    try withDataset { dataset in
      let labels = try LabelStatistics(dataset)
      #expect(labels.names == ["Cardiomegaly", "Effusion"])
      #expect(labels.together == [[3, 2], [2, 3]])
      #expect(labels.images.values.reduce(0, +) == 6)
      #expect(labels.positives.mapValues { $0.values.reduce(0, +) } == ["Cardiomegaly": 3, "Effusion": 3])
      let train = try dataset.records(split: .train).count { $0.attributes.positives.contains("Effusion") }
      #expect(labels.positives["Effusion"]?[.train] ?? 0 == train)
    }
  }

  @Test func wordsAreCountedByReport() throws {
    try withDataset { dataset in
      let words = try WordStatistics(dataset)
      #expect(words.lengths == [3, 3, 3, 4, 8, 8])
      #expect(words.histogram.binWidth == 1 && words.histogram.counts == [0, 0, 0, 3, 1, 0, 0, 0, 2])
      let counts = Dictionary(uniqueKeysWithValues: words.commonest)
      #expect(counts["heart"] == 3 && counts["effusion"] == 3 && counts["no"] == 1 && counts["left"] == 1)
      #expect(counts["the"] == nil && counts["is"] == nil)
    }
  }

  @Test func greyValuesAreThoseOfTheStoredPixels() throws {
    try withDataset { dataset in
      let grey = try GreyStatistics(dataset)
      let pixels = try dataset.records().flatMap { try dataset.pixels(of: $0) }.map(Double.init)
      let mean = pixels.reduce(0, +) / Double(pixels.count)
      let variance = pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(pixels.count)
      #expect(grey.interval == 1 && grey.sources.map(\.name) == ["source"])
      #expect(grey.whole.images == 6 && grey.whole.total == 6 * 32 * 32)
      #expect(abs(grey.whole.mean - mean) < 1e-9 && abs(grey.whole.deviation - variance.squareRoot()) < 1e-9)
    }
  }

  @Test func thePageHasEverySection() throws {
    try withDataset { dataset in
      let page = try DatasetPage(dataset).html()
      for id in [
        "overview", "labels", "people", "reports", "images", "samples", "exclusions", "duplicates", "sources",
        "settings",
      ] {
        #expect(page.contains("<section aria-labelledby=\"\(id)\">") && page.contains("<a href=\"#\(id)\">"), "\(id)")
      }
      #expect(page.contains("<h3>source: Cardiomegaly (3)</h3>") && page.contains("<h3>source: no label (2)</h3>"))
      #expect(page.contains("alt=\"Radiograph 1.png, Cardiomegaly, Effusion\""))
      #expect(page.contains("Effusion &lt;left&gt;.") && !page.contains("<left>"))
      #expect(page.contains("<th scope=\"row\">broken.png</th><td>unreadable</td>"))
      #expect(page.contains("<th scope=\"row\">70-79</th><td class=\"n\">2</td>"))
      #expect(page.contains("<dt>Patients in two parts</dt><dd>not looked for</dd>"))
      #expect(page.components(separatedBy: "<img ").count == page.components(separatedBy: " alt=\"").count)
      #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("<script"))
    }
  }

  @Test func whatWasExaminedIsShownWithItsImages() throws {
    try withDataset { dataset in
      let pair = DatasetExaminations.ImagePair(
        .init("source/0.png", split: .train), .init("source/1.png", split: .test), distance: 7)
      let gone = DatasetExaminations.ImagePair(
        .init("source/none.png", split: .train), .init("nonsense", split: .test), distance: 3)
      let examinations = DatasetExaminations(
        nearDuplicates: [pair, gone], leakingPatients: ["indiana/<12>"], leakingStudies: [])
      let page = try DatasetPage(dataset, examinations: examinations).html()
      #expect(page.contains("<dt>Near-duplicates across parts</dt><dd>2</dd>"))
      #expect(page.contains("<dt>Studies in two parts</dt><dd>none found</dd>"))
      #expect(page.contains("<th scope=\"row\">Patient</th><td>indiana/&lt;12&gt;</td>"))
      #expect(page.contains("source/0.png (train) and source/1.png (test), 7 bits apart<div class=\"pictures\">"))
      #expect(page.contains("alt=\"Radiograph source/1.png\""))
    }
  }

  @Test func aReportIsFoundByItsStudyAndByItsImage() throws {
    try withDataset { dataset in
      let expected = StudyText(
        source: "source", study: "s2",
        sections: [
          TextSection(name: "findings", text: "Small effusion."), TextSection(name: "impression", text: "Effusion."),
        ])
      for name in ["s2", "2.png", "2"] {
        let found = try dataset.texts(named: name)
        #expect(found == [expected], "\(name)")
      }
      let none = try dataset.texts(named: "s'; DROP TABLE studies; --")
      #expect(none.isEmpty)
    }
  }

  /// A file on disk may be short of everything; the page then says so.
  @Test func anEmptyDatasetHasAPage() throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      try DataFixtures.write("no image", to: source.appendingPathComponent("broken.png"))
      let output = folder.appendingPathComponent("dataset")
      _ = try DatasetImport(FolderSource.list(source), into: output, options: DataFixtures.options()).run()
      let page = try DatasetPage(RadiographDataset.open(output)).html()
      #expect(page.contains("No image is eligible for training.") && page.contains("No image has a positive label."))
    }
  }
}
