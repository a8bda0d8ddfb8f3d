import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct DatasetSummaryTests {
  @Test func countsAreThoseOfTheFixtures() throws {
    try DataFixtures.withFolder { folder in
      for source in try [NIHSource.list(DataFixtures.nih), KermanySource.list(DataFixtures.kermany)] {
        _ = try DatasetImport(source, into: folder, options: DataFixtures.options()).run()
      }
      let summary = try RadiographDataset.open(folder).summary()
      #expect(summary.images == 25 && summary.frontal == 25 && summary.lateral == 0 && summary.eligible == 24)
      #expect(summary.labels["No Finding"] == 8 && summary.labels["Pneumonia"] == 11 && summary.labels["Normal"] == 6)
      #expect(summary.excluded == ["duplicate": 1])
      #expect(summary.splits.train + summary.splits.validation + summary.splits.test == 24)
      #expect(summary.patients == 11 + 11 && summary.studies == 25 && summary.reports == 0)
      #expect(summary.sources.map(\.name) == ["nih", "kermany"])
      #expect(summary.ages["0-9"] == 12 && summary.ages.values.reduce(0, +) == 25)
      #expect(summary.bytes > 24 * 32 * 32)
    }
  }

  @Test func jsonHasTheContractsKeys() throws {
    try DataFixtures.withFolder { folder in
      _ = try DatasetImport(KermanySource.list(DataFixtures.kermany), into: folder, options: DataFixtures.options())
        .run()
      let data = try JSONEncoder().encode(RadiographDataset.open(folder).summary())
      let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      for key in [
        "images", "frontal", "lateral", "eligible", "patients", "studies", "reports", "splits", "labels", "excluded",
        "words", "bytes",
      ] {
        #expect(object[key] != nil, "\(key)")
      }
      #expect(Set(try #require(object["splits"] as? [String: Int]).keys) == ["train", "validation", "test"])
      #expect(Set(try #require(object["words"] as? [String: Double]).keys) == ["mean", "min", "max"])
    }
  }

  @Test func wordsAreThoseOfTheTextAskedFor() throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      for (index, name) in ["a.png", "b.png"].enumerated() {
        try DataFixtures.writeImage(source.appendingPathComponent(name), seed: index)
      }
      try DataFixtures.write(
        "file_name,findings,impression,age\na.png,one two three,four,200\nb.png,one two,,30\n",
        to: source.appendingPathComponent("metadata.csv"))
      let output = folder.appendingPathComponent("dataset")
      _ = try DatasetImport(FolderSource.list(source), into: output, options: DataFixtures.options()).run()
      let summary = try RadiographDataset.open(output).summary()
      #expect(summary.words == DatasetSummary.Words(mean: 3, min: 2, max: 4))
      #expect(
        summary.reports == 2 && summary.eligible == 1 && summary.excluded == ["no-text": 1, "implausible-age": 1])
      #expect(summary.ages == ["30-39": 1, "unknown": 1])
    }
  }

  @Test func thePageIsSelfContainedAndEscaped() throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      try DataFixtures.writeImage(source.appendingPathComponent("a<b>.png"), seed: 1)
      try DataFixtures.write("Heart & lungs <normal>.", to: source.appendingPathComponent("a<b>.txt"))
      let output = folder.appendingPathComponent("dataset")
      _ = try DatasetImport(FolderSource.list(source), into: output, options: DataFixtures.options()).run()
      let page = try DatasetPage(RadiographDataset.open(output)).html()
      #expect(page.contains("Heart &amp; lungs &lt;normal&gt;.") && page.contains("a&lt;b&gt;.png"))
      #expect(page.contains("src=\"data:image/jpeg;base64,"))
      #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("<script"))
    }
  }
}
