import DICOMTestSupport
import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// "nan", "XXXX" and the like are no report in any importer.
@Suite struct MissingTextTests {
  static let placeholders = ["nan", "NaN", "None", "NULL", "N/A", "XXXX", "XXXX.", "-", ".", "\u{A0}"]

  /// The texts to train on, by image.
  static func texts(_ source: ImportSource) -> [String: [String]] {
    Dictionary(
      source.entries.map {
        ($0.path, $0.sections.filter { $0.name != "examination" && !$0.name.hasPrefix("mesh") }.map(\.text))
      },
      uniquingKeysWith: { $0 + $1 })
  }

  @Test(arguments: placeholders) func cellsOfAFolder(placeholder: String) throws {
    try DataFixtures.withFolder { folder in
      try DataFixtures.write(
        "file_name,text,findings,impression\na.png,\(placeholder),\(placeholder),\(placeholder)\n"
          + "b.png,,Clear lungs.,\(placeholder)\nc.png,\(placeholder),,\n",
        to: folder.appendingPathComponent("metadata.csv"))
      for (seed, name) in ["a", "b", "c"].enumerated() {
        try DataFixtures.writeImage(folder.appendingPathComponent(name + ".png"), seed: seed)
      }
      // A text beside the image takes the place of what is none.
      try DataFixtures.write("Left effusion.", to: folder.appendingPathComponent("c.txt"))
      try DataFixtures.write(placeholder, to: folder.appendingPathComponent("a.txt"))
      let source = try FolderSource.list(folder)
      #expect(Self.texts(source) == ["a.png": [], "b.png": ["Clear lungs."], "c.png": ["Left effusion."]])

      var options = DataFixtures.options()
      options.sections = ["findings"]
      let dataset = folder.deletingLastPathComponent().appendingPathComponent(folder.lastPathComponent + "-cxr")
      defer { try? FileManager.default.removeItem(at: dataset) }
      let summary = try DatasetImport(source, into: dataset, options: options).run()
      #expect(summary.excluded.filter { $0.reason == .noText }.map(\.path) == ["a.png"])
      let opened = try RadiographDataset.open(dataset)
      let record = try #require(try opened.records(matching: .everything).first { $0.path == "a.png" })
      #expect(try opened.findings(of: record).isEmpty)
    }
  }

  @Test(arguments: placeholders) func cellsAndFilesOfATable(placeholder: String) throws {
    try DataFixtures.withFolder { folder in
      let rows = [
        ["path": "a.png", "findings": placeholder, "report": placeholder, "file": "a.txt"],
        ["path": "b.png", "findings": "Clear lungs.", "report": "", "file": ""],
        ["path": "c.png", "findings": "", "report": "FINDINGS: \(placeholder)\nIMPRESSION: Normal.", "file": ""],
      ]
      let lines = try rows.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
      try DataFixtures.write(lines.joined(separator: "\n"), to: folder.appendingPathComponent("t.jsonl"))
      try DataFixtures.write(placeholder, to: folder.appendingPathComponent("a.txt"))
      let mapping = "table: t.jsonl\npath: path\nsections: {findings: findings}\ntext: report\ntext_file: file\n"
      let source = try TableSource.list(folder, mapping: TableMapping(yaml: Data(mapping.utf8), path: "m.yaml"))
      #expect(Self.texts(source) == ["a.png": [], "b.png": ["Clear lungs."], "c.png": ["Normal."]])
    }
  }

  @Test(arguments: placeholders) func reportsOfBothEditionsOfIndiana(placeholder: String) throws {
    try DataFixtures.withFolder { folder in
      let openi = folder.appendingPathComponent("openi")
      try DataFixtures.write(
        SourceFixtures.report(1, findings: placeholder, impression: placeholder),
        to: openi.appendingPathComponent("1.xml"))
      // What was compared with may well be nothing.
      #expect(Set(Self.texts(try OpenISource.list([openi])).values) == [["None."]])

      let kaggle = folder.appendingPathComponent("kaggle")
      try DataFixtures.write(
        "uid,MeSH,Problems,image,indication,comparison,findings,impression\n"
          + "1,normal,normal,Chest,Pain.,None.,\(placeholder),\(placeholder)\n",
        to: kaggle.appendingPathComponent("indiana_reports.csv"))
      try DataFixtures.write(
        "uid,filename,projection\n1,1.png,Frontal\n", to: kaggle.appendingPathComponent("indiana_projections.csv"))
      #expect(Self.texts(try KaggleSource.list(kaggle)) == ["1.png": ["Pain.", "None."]])
    }
  }

  @Test(arguments: placeholders) func textsBesideDICOM(placeholder: String) throws {
    try DataFixtures.withFolder { folder in
      try DICOMBuilder.radiograph().file.write(to: folder.appendingPathComponent("a.dcm"))
      try DataFixtures.write(placeholder, to: folder.appendingPathComponent("a.txt"))
      try DICOMBuilder.radiograph([Tag.patientID: "P2"]).file.write(to: folder.appendingPathComponent("b.dcm"))
      try DataFixtures.write(
        "FINDINGS: \(placeholder)\nIMPRESSION: Normal.", to: folder.appendingPathComponent("b.txt"))
      let source = try DICOMSource.list(folder, key: DICOMSourceTests.key).source
      #expect(source.exclusions.isEmpty)
      #expect(Set(Self.texts(source).values) == [[], ["Normal."]])
    }
  }
}
