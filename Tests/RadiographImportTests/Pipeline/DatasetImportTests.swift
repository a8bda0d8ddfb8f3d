import Foundation
import ImageFiles
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct DatasetImportTests {
  @Test func nihIsReadAsItsPublisherShipsIt() throws {
    try DataFixtures.withFolder { folder in
      let summary = try DatasetImport(NIHSource.list(DataFixtures.nih), into: folder, options: DataFixtures.options())
        .run()
      #expect(summary.imported == 13)
      #expect(summary.excluded.map(\.path) == ["00002658_002.png"])
      #expect(summary.excluded.map(\.reason) == [.duplicate])

      let dataset = try RadiographDataset.open(folder)
      let records = try dataset.records()
      #expect(records.count == 12)
      #expect(try dataset.records(matching: .everything).count == 13)
      #expect(dataset.storedImageCount == 12)
      let first = try #require(records.first)
      #expect(first.path == "00000061_012.png" && first.patient == "nih/61" && first.study == "12")
      #expect(
        first.attributes.positives == ["Edema", "Effusion", "Infiltration", "Pleural_Thickening", "Pneumonia"])
      #expect(first.attributes.state(of: "Cardiomegaly") == .negative)
      #expect(first.attributes.state(of: "Viral Pneumonia") == nil)
      #expect(first.attributes.age == AgeRange(77) && first.attributes.sex == .male)
      #expect(first.attributes.view == .anteroposterior)
      #expect(first.originalSize?.width == 256)
    }
  }

  @Test func kermanyIsReadAsItsPublisherShipsIt() throws {
    try DataFixtures.withFolder { folder in
      let source = try KermanySource.list(DataFixtures.kermany)
      let summary = try DatasetImport(source, into: folder, options: DataFixtures.options()).run()
      #expect(summary == DatasetImport.Summary(imported: 12, alreadyThere: 0, excluded: [], made: .dataset))
      let records = try RadiographDataset.open(folder).records()
      let virus = try #require(records.first { $0.path == "PNEUMONIA/person1003_virus_1685.jpeg" })
      #expect(virus.attributes.positives == ["Pneumonia", "Viral Pneumonia"])
      #expect(virus.attributes.age == AgeRange(1, 5) && virus.attributes.sex == nil)
      // The same child had a bacterial pneumonia at another time: both images are one patient's.
      let bacteria = try #require(records.first { $0.path == "PNEUMONIA/person1003_bacteria_2934.jpeg" })
      #expect(bacteria.patient == virus.patient && bacteria.split == virus.split)
    }
  }

  @Test func thePublishersTrainAndTestFoldersAreReadToo() throws {
    try DataFixtures.withFolder { folder in
      for (place, file) in [
        ("train/NORMAL", "NORMAL/IM-0001-0001.jpeg"), ("test/PNEUMONIA", "PNEUMONIA/person1001_bacteria_2932.jpeg"),
        ("__MACOSX/NORMAL", "NORMAL/IM-0003-0001.jpeg"), ("other", "NORMAL/IM-0005-0001.jpeg"),
      ] {
        let target = folder.appendingPathComponent("chest_xray/\(place)")
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        let from = DataFixtures.kermany.appendingPathComponent(file)
        try FileManager.default.copyItem(at: from, to: target.appendingPathComponent(from.lastPathComponent))
      }
      let source = try KermanySource.list(folder)
      #expect(
        source.entries.map(\.path) == [
          "chest_xray/test/PNEUMONIA/person1001_bacteria_2932.jpeg", "chest_xray/train/NORMAL/IM-0001-0001.jpeg",
        ])
      #expect(source.exclusions.map(\.reason) == [.unlisted])
    }
  }

  @Test func theFullNIHArchivesFoldersAreReadToo() throws {
    try DataFixtures.withFolder { folder in
      let table = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position\n"
      try DataFixtures.write(
        table + "1.png,No Finding,0,1,058Y,F,PA\n2.png,Effusion,0,2,011M,M,AP\n2.png,Mass,0,2,011M,M,AP\n",
        to: folder.appendingPathComponent("Data_Entry_2017.csv"))
      try DataFixtures.writeImage(folder.appendingPathComponent("images_001/images/1.png"), seed: 1)
      try DataFixtures.writeImage(folder.appendingPathComponent("images_002/images/2.png"), seed: 2)
      try DataFixtures.writeImage(folder.appendingPathComponent("images_002/images/3.png"), seed: 3)
      let source = try NIHSource.list(folder)
      #expect(source.entries.map(\.path) == ["1.png", "2.png"])
      #expect(source.entries.allSatisfy { $0.file != nil })
      #expect(source.entries.map(\.attributes.age) == [AgeRange(58), AgeRange(11.0 / 12)])
      #expect(source.exclusions.map(\.reason) == [.duplicateRow, .unlisted])
    }
  }

  @Test func pixelsAreTheImageResampledAndSpread() throws {
    try DataFixtures.withFolder { folder in
      _ = try DatasetImport(NIHSource.list(DataFixtures.nih), into: folder, options: DataFixtures.options(size: 64))
        .run()
      let dataset = try RadiographDataset.open(folder)
      for record in try dataset.records().prefix(3) {
        let file = DataFixtures.nih.appendingPathComponent("images/\(record.path)")
        let expected = try GrayPlane(DecodedImage(contentsOf: file.path)).square(size: 64).minMaxNormalized().grayscale
        #expect(try dataset.image(of: record) == expected)
        #expect(expected.pixels.min() == 0 && expected.pixels.max() == 255)
      }
    }
  }

  @Test func sourcesAppendAndRepeatingChangesNothing() throws {
    try DataFixtures.withFolder { folder in
      let options = DataFixtures.options()
      let sources = try [NIHSource.list(DataFixtures.nih), KermanySource.list(DataFixtures.kermany)]
      for source in sources { _ = try DatasetImport(source, into: folder, options: options).run() }
      let before = try DataFixtures.contents(of: folder)
      for source in sources {
        let summary = try DatasetImport(source, into: folder).run()
        #expect(summary.imported == 0 && summary.alreadyThere == source.entries.count)
      }
      let after = try DataFixtures.contents(of: folder)
      #expect(before == after)
      #expect(try RadiographDataset.open(folder).records().count == 24)
    }
  }

  @Test(arguments: [0, 1, 2, 5])
  func anInterruptedImportGoesOnToTheSameDataset(batches: Int) async throws {
    let source = try NIHSource.list(DataFixtures.nih)
    let options = DataFixtures.options(batchSize: 2)
    let whole = try DataFixtures.withFolder { folder in
      _ = try DatasetImport(source, into: folder, options: options).run()
      return try DataFixtures.contents(of: folder)
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let interrupted = Task {
      if batches == 0 { withUnsafeCurrentTask { $0?.cancel() } }
      _ = try DatasetImport(source, into: folder, options: options).run { progress in
        if progress.done == batches * 2 { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }
    await #expect(throws: CancellationError.self) { try await interrupted.value }
    // What a kill in the middle of a batch leaves: pixels that no row points to.
    let shard = folder.appendingPathComponent("pixels-00000.u8")
    let file = FileManager.default.fileExists(atPath: shard.path) ? try Data(contentsOf: shard) : Data()
    try (file + Data(repeating: 7, count: 40_000)).write(to: shard)
    _ = try DatasetImport(source, into: folder, options: options).run()
    let resumed = try DataFixtures.contents(of: folder)
    #expect(resumed == whole)
  }

  @Test func aMovedDatasetOpens() throws {
    try DataFixtures.withFolder { folder in
      let here = folder.appendingPathComponent("here")
      let there = folder.appendingPathComponent("there")
      _ = try DatasetImport(KermanySource.list(DataFixtures.kermany), into: here, options: DataFixtures.options()).run()
      try FileManager.default.moveItem(at: here, to: there)
      let dataset = try RadiographDataset.open(there)
      let record = try #require(try dataset.records().first)
      #expect(try dataset.pixels(of: record).count == 32 * 32)
    }
  }

  @Test func theSourceIsNeverTouched() throws {
    func listing() throws -> [String] {
      try FileManager.default.subpathsOfDirectory(atPath: DataFixtures.nih.path).sorted().map { path in
        let attributes = try FileManager.default.attributesOfItem(atPath: DataFixtures.nih.path + "/" + path)
        return "\(path) \(String(describing: attributes[.modificationDate])) \(String(describing: attributes[.size]))"
      }
    }
    let before = try listing()
    try DataFixtures.withFolder { folder in
      _ = try DatasetImport(NIHSource.list(DataFixtures.nih), into: folder, options: DataFixtures.options()).run()
    }
    #expect(try listing() == before)
  }

  @Test func aFolderBringsItsCaptionsAndItsTable() throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      for (index, name) in ["a.png", "b.png", "sub/c.png", "d.png"].enumerated() {
        try DataFixtures.writeImage(source.appendingPathComponent(name), seed: index)
      }
      try DataFixtures.write("  Clear lungs.\r\n", to: source.appendingPathComponent("a.txt"))
      try DataFixtures.write(
        "\u{FEFF}file_name,findings,impression,patient,view\r\n"
          + "b.png,\"Heart, lungs: \"\"clear\"\".\",Normal.,p1,PA\r\nsub/c.png,,,p1,LATERAL\r\n../x.png,,,p2,PA\r\n",
        to: source.appendingPathComponent("metadata.csv"))
      let output = folder.appendingPathComponent("dataset")
      let summary = try DatasetImport(FolderSource.list(source), into: output, options: DataFixtures.options()).run()
      #expect(summary.imported == 4)
      #expect(
        Set(summary.excluded.map { "\($0.path) \($0.reason.rawValue)" }) == [
          "row 4 outside-source", "sub/c.png non-frontal", "sub/c.png no-text", "d.png no-text",
        ])
      let records = try RadiographDataset.open(output).records()
      #expect(records.map(\.path) == ["a.png", "b.png"])
      #expect(records[0].sections == [TextSection(name: "caption", text: "Clear lungs.")])
      let writer = try CaptionWriter.standard()
      #expect(
        writer.captions(of: records[1], count: 4, seed: 1).texts == [
          "Heart, lungs: \"clear\". Normal.", "Heart, lungs: \"clear\".", "Normal.", "Heart, lungs: \"clear\". Normal.",
        ])
    }
  }

  // Runs only where the full data lies beside the checkout; the fixtures above hold the same layouts.
  @Test(.enabled(if: DataFixtures.shared != nil, "\(DataFixtures.reasonToSkip)"))
  func theFullDataIsListedWhole() throws {
    let data = try #require(DataFixtures.shared).appendingPathComponent("data")
    let nih = try NIHSource.list(data.appendingPathComponent("nih"))
    #expect(nih.entries.count == 834 && nih.entries.allSatisfy { $0.file != nil } && nih.exclusions.isEmpty)
    #expect(Set(nih.entries.map(\.patient)).count == 580)
    let kermany = try KermanySource.list(data.appendingPathComponent("kermany"))
    #expect(kermany.entries.count == 4949 && kermany.exclusions.isEmpty)
    #expect(kermany.entries.count { $0.attributes.positives.contains("Pneumonia") } == 3615)
  }
}
