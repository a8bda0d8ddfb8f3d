import DICOMTestSupport
import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// Several images under one study's name, each with a report, another report, or none.
@Suite struct StudyReportTests {
  struct Image: Sendable {
    var path: String
    var sections: [TextSection]

    init(_ path: String, findings: String = "", impression: String = "", caption: String = "") {
      self.path = path
      sections = [("caption", caption), ("findings", findings), ("impression", impression)].compactMap {
        $1.isEmpty ? nil : TextSection(name: $0, text: $1)
      }
    }
  }

  static func source(_ images: [Image], in folder: URL) throws -> ImportSource {
    let entries = try images.map { image in
      let file = folder.appendingPathComponent("src").appendingPathComponent(image.path)
      try DataFixtures.writeImage(file, seed: image.path.utf8.reduce(0) { $0 &* 31 &+ Int($1) } % 1000)
      return ImportEntry(
        path: image.path, file: file, patient: "p", study: "s", attributes: RadiographAttributes(view: .frontal),
        sections: image.sections)
    }
    return ImportSource(
      name: "source", kind: "folder", licence: "", attribution: "", vocabulary: [],
      root: folder.appendingPathComponent("src"), entries: entries, exclusions: [])
  }

  struct Stored: Equatable {
    var sections: [TextSection]
    var findings: [String: LabelState]
  }

  /// What the dataset holds of every image.
  static func stored(_ dataset: URL) throws -> [String: Stored] {
    let opened = try RadiographDataset.open(dataset)
    let records = try opened.records(matching: .everything)
    return try Dictionary(
      uniqueKeysWithValues: records.map { record in
        let findings = try opened.findings(of: record).map { ($0.name, $0.state) }
        return (
          record.path, Stored(sections: record.sections, findings: Dictionary(uniqueKeysWithValues: findings))
        )
      })
  }

  static func imported(
    _ images: [Image], batchSize: Int = 128, in folder: URL
  ) throws -> (stored: [String: Stored], summary: DatasetImport.Summary) {
    let dataset = folder.appendingPathComponent("cxr")
    let summary = try DatasetImport(
      source(images, in: folder), into: dataset, options: DataFixtures.options(batchSize: batchSize)
    ).run()
    return (try stored(dataset), summary)
  }

  static let conflicting: [Image] = [
    Image("a.png", findings: "Large effusion."), Image("b.png", findings: "Clear lungs.", impression: "No effusion."),
    Image("c.png", impression: "Cardiomegaly."), Image("d.png", caption: "Portable film."),
  ]

  @Test(arguments: [[0, 1, 2, 3], [1, 0, 3, 2], [3, 2, 1, 0], [2, 3, 0, 1]], [1, 2, 128])
  func everyImageKeepsItsOwnReport(order: [Int], batchSize: Int) throws {
    try DataFixtures.withFolder { folder in
      let images = order.map { Self.conflicting[$0] }
      let (stored, summary) = try Self.imported(images, batchSize: batchSize, in: folder)
      for image in images { #expect(stored[image.path]?.sections == image.sections) }
      #expect(stored["a.png"]?.findings["Pleural Effusion"] == .positive)
      #expect(stored["b.png"]?.findings["Pleural Effusion"] == .negative)
      let named = summary.excluded.filter { $0.reason == .conflictingReport }.map(\.path)
      #expect(named == images.dropFirst().map(\.path))
    }
  }

  @Test(arguments: [false, true], [1, 128])
  func aReportMayComeWithAnyImageOfItsStudy(isLast: Bool, batchSize: Int) throws {
    try DataFixtures.withFolder { folder in
      let report = Image("b.png", findings: "Large left pleural effusion.")
      let images = isLast ? [Image("a.png"), report] : [report, Image("c.png")]
      let (stored, summary) = try Self.imported(images, batchSize: batchSize, in: folder)
      for image in images {
        #expect(stored[image.path]?.sections == report.sections)
        #expect(stored[image.path]?.findings["Pleural Effusion"] == .positive)
      }
      #expect(!summary.excluded.contains { $0.reason == .conflictingReport })
    }
  }

  @Test func equalReportsAreOne() throws {
    try DataFixtures.withFolder { folder in
      let images = ["a.png", "b.png", "c.png"].map { Image($0, findings: "Clear lungs.", impression: "Normal.") }
      let (stored, summary) = try Self.imported(images, in: folder)
      #expect(stored.values.allSatisfy { $0.sections == images[0].sections })
      #expect(summary.excluded.isEmpty)
    }
  }

  /// A later import of the same study, of other images and another report, adds to no report that is there.
  @Test func aLaterImportMixesNothing() throws {
    try DataFixtures.withFolder { folder in
      for count in Self.conflicting.indices {
        _ = try Self.imported(Array(Self.conflicting[...count]), in: folder)
      }
      let (stored, summary) = try Self.imported(Self.conflicting, in: folder)
      #expect(summary.imported == 0 && summary.alreadyThere == 4)
      for image in Self.conflicting { #expect(stored[image.path]?.sections == image.sections) }
    }
  }

  /// An image that was listed and not there keeps the report that it comes with.
  @Test func anImageThatComesLaterHasItsOwnReport() throws {
    try DataFixtures.withFolder { folder in
      let dataset = folder.appendingPathComponent("cxr")
      var options = DataFixtures.options()
      options.missingImages = .skip
      let full = try Self.source(Self.conflicting, in: folder)
      var first = full
      for index in first.entries.indices { first.entries[index].file = nil }
      _ = try DatasetImport(first, into: dataset, options: options).run()
      let summary = try DatasetImport(full, into: dataset, options: options).run()
      #expect(summary.imported == 4)
      let stored = try Self.stored(dataset)
      for image in Self.conflicting { #expect(stored[image.path]?.sections == image.sections) }
    }
  }

  @Test func reportsBesideDICOMFilesOfOneStudy() throws {
    try DataFixtures.withFolder { folder in
      let tree = folder.appendingPathComponent("tree")
      try FileManager.default.createDirectory(at: tree, withIntermediateDirectories: true)
      for (number, text) in ["FINDINGS: Large effusion.", "FINDINGS: Clear lungs.\nIMPRESSION: No effusion."]
        .enumerated()
      {
        try DICOMBuilder.radiograph([Tag.sopInstanceUID: "1.\(number)"], width: 30 + number).file.write(
          to: tree.appendingPathComponent("\(number)"))
        try DataFixtures.write(text, to: tree.appendingPathComponent("\(number).txt"))
      }
      let dataset = folder.appendingPathComponent("cxr")
      let source = try DICOMSource.list(tree, key: DICOMSourceTests.key).source
      #expect(Set(source.entries.map(\.study)).count == 1)
      _ = try DatasetImport(source, into: dataset, options: DataFixtures.options()).run()
      let stored = try Self.stored(dataset)
      for entry in source.entries { #expect(stored[entry.path]?.sections == entry.sections) }
    }
  }
}
