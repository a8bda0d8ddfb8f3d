import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// "nan", "None" and the like name no image, no patient and no study in any table.
@Suite struct MissingCellTests {
  static let words = ["nan", "NaN", "None", "NULL", "N/A", "<NA>", "-", ""]

  /// The patient and the study of every image; rows that were left out are counted.
  private func rows(_ source: ImportSource) -> (names: [String: [String]], malformed: Int) {
    let names = source.entries.map { ($0.path, [$0.patient, $0.study]) }
    return (
      Dictionary(names) { first, _ in first }, source.exclusions.count { $0.reason == .malformedRow }
    )
  }

  @Test(arguments: words) func ofAFolder(word: String) throws {
    try DataFixtures.withFolder { folder in
      try DataFixtures.write(
        "file_name,patient,study\na.png,\(word),\(word)\nb.png,\(word),\(word)\n\(word),P,S\n",
        to: folder.appendingPathComponent("metadata.csv"))
      let found = rows(try FolderSource.list(folder))
      #expect(found.names == ["a.png": ["a.png", "a.png"], "b.png": ["b.png", "b.png"]])
      #expect(found.malformed == 1)
    }
  }

  @Test(arguments: words) func ofAMappedTable(word: String) throws {
    try DataFixtures.withFolder { folder in
      try DataFixtures.write(
        "file,person,visit,report\na,P,\(word),\(word)\nb,\(word),V,b.txt\n\(word),P,V,a.txt\n",
        to: folder.appendingPathComponent("t.csv"))
      let mapping = "table: t.csv\npath: \"scans/{file}.png\"\npatient: person\nstudy: visit\ntext_file: report\n"
      let source = try TableSource.list(folder, mapping: TableMapping(yaml: Data(mapping.utf8), path: "m.yaml"))
      let found = rows(source)
      #expect(found.names == ["scans/a.png": ["P", "scans/a.png"]])
      #expect(found.malformed == 2)
      #expect(source.exclusions.filter { $0.reason == .malformedRow }.map(\.detail) == ["no patient", "no path"])
    }
  }

  @Test(arguments: words) func ofNIH(word: String) throws {
    try DataFixtures.withFolder { folder in
      try DataFixtures.write(
        "Image Index,Finding Labels,Follow-up #,Patient ID\na.png,Mass,\(word),1\nb.png,Mass,0,\(word)\n"
          + "\(word),Mass,0,2\n", to: folder.appendingPathComponent("Data_Entry_2017.csv"))
      let found = rows(try NIHSource.list(folder))
      #expect(found.names == ["a.png": ["1", "a.png"]])
      #expect(found.malformed == 2)
    }
  }

  @Test(arguments: words) func ofKaggle(word: String) throws {
    try DataFixtures.withFolder { folder in
      try DataFixtures.write(
        "uid,Problems,indication,comparison,findings,impression\n1,normal,,,Clear.,Normal.\n"
          + "\(word),normal,,,Another's text.,Another's.\n", to: folder.appendingPathComponent("indiana_reports.csv"))
      try DataFixtures.write(
        "uid,filename,projection\n1,a.png,Frontal\n\(word),b.png,Frontal\n1,\(word),Frontal\n",
        to: folder.appendingPathComponent("indiana_projections.csv"))
      let found = rows(try KaggleSource.list(folder))
      #expect(found.names == ["a.png": ["1", "1"]])
      #expect(found.malformed == 3)
    }
  }
}
