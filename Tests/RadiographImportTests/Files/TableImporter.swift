import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// An importer that takes the names of images from a table: how its source is laid out around some rows.
struct TableImporter: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// Whether a name in the table is held against the whole path of a file.
  let byPath: Bool
  let texts: Bool
  /// Makes the tables of images by their names, `patients` and texts, and lists the source.
  let list: @Sendable (URL, [(name: String, text: String)]) throws -> ImportSource

  static let all = [
    TableImporter(testDescription: "folder", byPath: true, texts: true) { folder, rows in
      try write(rows, "file_name,text\n", to: folder, "metadata.csv")
      return try FolderSource.list(folder)
    },
    TableImporter(testDescription: "folder, sep=;", byPath: true, texts: true) { folder, rows in
      try DataFixtures.write(
        "\u{FEFF}sep=;\r\nfile_name;text\r\n" + rows.map { "\"\($0.name)\";\"\($0.text)\"\r\n" }.joined(),
        to: folder.appendingPathComponent("metadata.csv"))
      return try FolderSource.list(folder)
    },
    TableImporter(testDescription: "table", byPath: true, texts: true) { folder, rows in
      try write(rows, "file,what\n", to: folder, "list.csv")
      return try TableSource.list(
        folder,
        mapping: TableMapping(yaml: Data("{table: list.csv, path: file, sections: {findings: what}}".utf8), path: "m"))
    },
    TableImporter(testDescription: "JSON Lines", byPath: true, texts: true) { folder, rows in
      let lines = try rows.map { row in
        String(decoding: try JSONEncoder().encode(["file": row.name, "what": row.text]), as: UTF8.self) + "\n"
      }
      try DataFixtures.write(lines.joined(), to: folder.appendingPathComponent("list.jsonl"))
      return try TableSource.list(
        folder,
        mapping: TableMapping(yaml: Data("{table: list.jsonl, path: file, sections: {findings: what}}".utf8), path: "m")
      )
    },
    TableImporter(testDescription: "nih", byPath: false, texts: false) { folder, rows in
      let table = rows.enumerated().map { "\"\($1.name)\",Mass,\($0),\($0)\n" }.joined()
      try DataFixtures.write(
        "Image Index,Finding Labels,Follow-up #,Patient ID\n" + table,
        to: folder.appendingPathComponent("Data_Entry_2017.csv"))
      return try NIHSource.list(folder)
    },
    TableImporter(testDescription: "kaggle", byPath: false, texts: true) { folder, rows in
      let reports = rows.enumerated().map { "\($0),normal,,,\"\($1.text)\",\"\($1.text)\"\n" }.joined()
      try DataFixtures.write(
        "uid,Problems,indication,comparison,findings,impression\n" + reports,
        to: folder.appendingPathComponent("indiana_reports.csv"))
      let images = rows.enumerated().map { "\($0),\"\($1.name)\",Frontal\n" }.joined()
      try DataFixtures.write(
        "uid,filename,projection\n" + images, to: folder.appendingPathComponent("indiana_projections.csv"))
      return try KaggleSource.list(folder)
    },
  ]

  private static func write(
    _ rows: [(name: String, text: String)], _ header: String, to folder: URL, _ name: String
  ) throws {
    let text = rows.map { "\"\($0.name)\",\"\($0.text)\"\n" }.joined()
    try DataFixtures.write(header + text, to: folder.appendingPathComponent(name))
  }
}
