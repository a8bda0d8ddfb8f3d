import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// A source with something wrong in it: what lies in the folder, and what listing and importing must say.
struct BadSource: CustomTestStringConvertible {
  enum Outcome {
    /// Reasons of what is left out or noted, sorted, and the images that are imported.
    case counted([ImportExclusion.Reason], imported: Int)
    /// The case of `DatasetError`, and a part of its line.
    case refused(String, saying: String)
  }

  let name: String
  let outcome: Outcome
  /// Makes the source in an empty folder, and lists it.
  let list: @Sendable (URL) throws -> ImportSource
  var testDescription: String { name }

  init(_ name: String, _ outcome: Outcome, list: @escaping @Sendable (URL) throws -> ImportSource) {
    self.name = name
    self.outcome = outcome
    self.list = list
  }
}

extension BadSource {
  private static let nihHeader =
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position\n"

  private static func nih(_ rows: String, _ images: [String] = ["1.png"]) -> @Sendable (URL) throws -> ImportSource {
    nih(Data((nihHeader + rows).utf8), images)
  }

  private static func nih(_ table: Data, _ images: [String]) -> @Sendable (URL) throws -> ImportSource {
    { folder in
      try write(images, in: folder)
      try table.write(to: folder.appendingPathComponent("Data_Entry_2017.csv"))
      return try NIHSource.list(folder)
    }
  }

  private static func write(_ images: [String], in folder: URL) throws {
    for (seed, name) in images.enumerated() {
      try DataFixtures.writeImage(folder.appendingPathComponent("images/\(name)"), seed: seed)
    }
  }

  private static func utf16(_ text: String) -> Data {
    Data([0xFF, 0xFE]) + (text.data(using: .utf16LittleEndian) ?? Data())
  }

  static let tables: [BadSource] = [
    BadSource(
      "doubled row", .counted([.duplicateRow], imported: 1),
      list: nih("1.png,Mass,0,1,58,F,PA\n1.png,Mass,0,1,58,F,PA\n")),
    BadSource(
      "path above the root", .counted([.outsideSource], imported: 1),
      list: nih("1.png,Mass,0,1,58,F,PA\n../1.png,Mass,0,1,58,F,PA\n")),
    BadSource(
      "absolute path", .counted([.outsideSource], imported: 1),
      list: nih("1.png,Mass,0,1,58,F,PA\n/etc/passwd,Mass,0,1,58,F,PA\n")),
    BadSource(
      "listed and absent", .counted([.missingImage], imported: 1),
      list: nih("1.png,Mass,0,1,58,F,PA\n2.png,Mass,0,1,58,F,PA\n")),
    BadSource(
      "present and unlisted", .counted([.unlisted], imported: 1),
      list: nih("1.png,Mass,0,1,58,F,PA\n", ["1.png", "2.png"])),
    BadSource(
      "row without a patient", .counted([.malformedRow], imported: 1),
      list: nih("1.png,Mass,0,1,58,F,PA\n2.png,Mass,0,,58,F,PA\n")),
    BadSource("unknown label", .counted([.unknownLabel], imported: 1), list: nih("1.png,Mass|Unicorn,0,1,58,F,PA\n")),
    BadSource("age with a unit", .counted([], imported: 1), list: nih("1.png,Mass,0,1,045Y,F,PA\n")),
    BadSource("age of days", .counted([], imported: 1), list: nih("1.png,Mass,0,1,0 days,F,PA\n")),
    BadSource("age 999", .counted([.implausibleAge], imported: 1), list: nih("1.png,Mass,0,1,999,F,PA\n")),
    BadSource("negative age", .counted([.implausibleAge], imported: 1), list: nih("1.png,Mass,0,1,-3,F,PA\n")),
    BadSource(
      "one name for a man and a woman", .counted([.conflictingPatient], imported: 2),
      list: nih("1.png,Mass,0,1,58,F,PA\n2.png,Mass,1,1,58,M,PA\n", ["1.png", "2.png"])),
    BadSource(
      "Latin-1", .counted([.unknownLabel], imported: 1),
      list: nih(
        Data(nihHeader.utf8) + Data("1.png,Mass|".utf8) + Data([0xD6, 0x64, 0x65, 0x6D]) + Data(",0,1,58,F,PA\n".utf8),
        ["1.png"])),
    BadSource("UTF-16", .counted([], imported: 1), list: nih(utf16(nihHeader + "1.png,Mass,0,1,58,F,PA\n"), ["1.png"])),
    BadSource(
      "missing column", .refused("malformedTable", saying: "no column Patient ID"),
      list: nih(Data("Image Index,Finding Labels\n1.png,Mass\n".utf8), ["1.png"])),
    BadSource("NUL", .refused("malformedTable", saying: "NUL"), list: nih("1.png\0,Mass,0,1,58,F,PA\n")),
    BadSource(
      "open quote", .refused("malformedTable", saying: "opens on line 2"), list: nih("\"1.png,Mass,0,1,58,F,PA\n")),
    BadSource(
      "a cell of 10 MB", .refused("malformedTable", saying: "row 2 has a cell above 1048576 bytes"),
      list: nih("1.png,\(String(repeating: "x", count: 10_000_000)),0,1,58,F,PA\n")),
    BadSource(
      "a quote that swallows 10 MB", .refused("malformedTable", saying: "row 2 has a cell above"),
      list: nih("1.png,\"Mass,0,1,58,F,PA\n" + String(repeating: "x,y\n", count: 2_500_000))),
    BadSource(
      "table without rows", .refused("noImages", saying: "1 there and not listed, the first is images/1.png"),
      list: nih("")),
    BadSource(
      "table and folder without anything", .refused("sourceEmpty", saying: "nothing to import"), list: nih("", [])),
    BadSource("empty table", .refused("malformedTable", saying: "empty"), list: nih(Data(), ["1.png"])),
  ]

  private static let reports = "uid,MeSH,Problems,image,indication,comparison,findings,impression\n"
  private static let good = "1,normal,normal,Two views,,None.,The lungs are free of opacity.,Nothing acute.\n"

  private static func kaggle(_ table: String, _ projections: String) -> @Sendable (URL) throws -> ImportSource {
    { folder in
      try write(["1_IM-0001-1001.dcm.png"], in: folder)
      try DataFixtures.write(table, to: folder.appendingPathComponent("indiana_reports.csv"))
      try DataFixtures.write(
        "uid,filename,projection\n" + projections, to: folder.appendingPathComponent("indiana_projections.csv"))
      return try KaggleSource.list(folder)
    }
  }

  private static let projection = "1,1_IM-0001-1001.dcm.png,Frontal\n"

  static let indiana: [BadSource] = [
    BadSource("report twice", .counted([.duplicateRow], imported: 1), list: kaggle(reports + good + good, projection)),
    BadSource(
      "image twice", .counted([.duplicateRow], imported: 1), list: kaggle(reports + good, projection + projection)),
    BadSource(
      "report without an image", .counted([.noImage], imported: 1),
      list: kaggle(reports + good + good.replacingOccurrences(of: "1,normal", with: "2,normal"), projection)),
    BadSource(
      "image without a report", .counted([.missingImage, .noText], imported: 1),
      list: kaggle(reports + good, projection + "2,2_IM-0002-1001.dcm.png,Frontal\n")),
    BadSource(
      "commas without quotes", .counted([.malformedRow], imported: 1),
      list: kaggle(
        reports + good + "2,normal,normal,Two views,,None.,Heart, lungs, and bones are fine.,Nothing.\n", projection)),
    BadSource(
      "projection of another word", .counted([.unknownView], imported: 1),
      list: kaggle(reports + good, projection + "1,1_IM-0001-2001.dcm.png,Oblique\n")),
    BadSource(
      "projection out of the root", .counted([.outsideSource], imported: 1),
      list: kaggle(reports + good, projection + "1,../../x.png,Frontal\n")),
    BadSource("no table of projections", .refused("sourceMissing", saying: "indiana_projections.csv")) { folder in
      try DataFixtures.write(reports + good, to: folder.appendingPathComponent("indiana_reports.csv"))
      return try KaggleSource.list(folder)
    },
    BadSource(
      "column missing in Kaggle's table", .refused("malformedTable", saying: "no column findings"),
      list: kaggle("uid,Problems,indication,comparison\n", projection)),
  ]

  private static func openi(_ entries: [SourceFixtures.TarEntry], change: @escaping @Sendable (Data) -> Data = { $0 })
    -> @Sendable (URL) throws -> ImportSource
  {
    { folder in
      try write(["CXR1_IM-001-1001.png"], in: folder)
      let url = folder.appendingPathComponent("NLMCXR_reports.tgz")
      try SourceFixtures.archive(entries, at: url)
      try change(Data(contentsOf: url)).write(to: url)
      return try OpenISource.list([folder])
    }
  }

  private static let first = SourceFixtures.TarEntry("ecgen-radiology/1.xml", SourceFixtures.report(1))

  static let archives: [BadSource] = [
    BadSource(
      "entity bomb", .counted([.malformedReport, .missingImage, .nonFrontal], imported: 1),
      list: openi([
        first,
        .init(
          "ecgen-radiology/2.xml",
          SourceFixtures.report(
            2, findings: "&b;", declaration: "<!DOCTYPE x [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;\">]>")),
      ])),
    BadSource(
      "tar with traversal names", .counted([.missingImage, .nonFrontal, .outsideSource, .outsideSource], imported: 1),
      list: openi([.init("../../2.xml", SourceFixtures.report(2)), .init("/3.xml", SourceFixtures.report(3)), first])),
    BadSource(
      "report twice in the archive", .counted([.duplicateRow, .missingImage, .nonFrontal], imported: 1),
      list: openi([first, .init("other/1.xml", SourceFixtures.report(1))])),
    BadSource(
      "report without images", .counted([.missingImage, .noImage, .nonFrontal], imported: 1),
      list: openi([first, .init("2.xml", SourceFixtures.report(2, images: []))])),
    BadSource(
      "archive cut in the middle", .refused("malformedArchive", saying: "it is cut off"),
      list: openi([first]) { $0.prefix($0.count / 2) }),
    BadSource(
      "archive that is text", .refused("malformedArchive", saying: "no tar archive"),
      list: openi([]) { _ in Data("<html>not found</html>".utf8) }),
    BadSource(
      "archive without reports", .refused("sourceEmpty", saying: "reports as XML"),
      list: openi([.init("readme.txt", "x")])),
    BadSource("no archive", .refused("sourceMissing", saying: "NLMCXR_reports.tgz")) { folder in
      try OpenISource.list([folder])
    },
    BadSource("table packed and cut", .refused("malformedArchive", saying: "cut off")) { folder in
      let packed = SourceFixtures.gzip(Array("f\na.png\nb.png\n".utf8))
      try packed.dropLast(9).write(to: folder.appendingPathComponent("t.csv.gz"))
      return try TableSource.list(folder, mapping: TableMapping(yaml: Data("{table: t.csv, path: f}".utf8), path: "m"))
    },
  ]

  static let folders: [BadSource] = [
    BadSource("links out of the root", .counted([.outsideSource, .outsideSource], imported: 1)) { folder in
      let outside = folder.deletingLastPathComponent().appendingPathComponent("outside")
      try DataFixtures.writeImage(outside.appendingPathComponent("secret.png"), seed: 5)
      try write(["1.png"], in: folder)
      let manager = FileManager.default
      try manager.createSymbolicLink(
        at: folder.appendingPathComponent("link.png"), withDestinationURL: outside.appendingPathComponent("secret.png"))
      try manager.createSymbolicLink(at: folder.appendingPathComponent("more"), withDestinationURL: outside)
      try DataFixtures.write("Clear lungs.", to: folder.appendingPathComponent("images/1.txt"))
      return try FolderSource.list(folder)
    },
    BadSource("a link within the root", .counted([.duplicate], imported: 2)) { folder in
      try write(["1.png"], in: folder)
      try FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent("images/2.png"),
        withDestinationURL: folder.appendingPathComponent("images/1.png"))
      for name in ["1", "2"] {
        try DataFixtures.write("Clear lungs.", to: folder.appendingPathComponent("images/\(name).txt"))
      }
      return try FolderSource.list(folder)
    },
    BadSource("a caption that is no text", .counted([.malformedReport, .noText], imported: 1)) { folder in
      try write(["1.png"], in: folder)
      try Data([1, 0, 2]).write(to: folder.appendingPathComponent("images/1.txt"))
      return try FolderSource.list(folder)
    },
    BadSource("a caption of 10 MB", .counted([.malformedReport, .noText], imported: 1)) { folder in
      try write(["1.png"], in: folder)
      try Data(repeating: 65, count: 10_000_000).write(to: folder.appendingPathComponent("images/1.txt"))
      return try FolderSource.list(folder)
    },
    // One patient under two ids: the second copy of an image is told by its bytes, and not trained on.
    BadSource("one patient with two ids", .counted([.duplicate], imported: 2)) { folder in
      try write(["1.png"], in: folder)
      try FileManager.default.copyItem(
        at: folder.appendingPathComponent("images/1.png"), to: folder.appendingPathComponent("images/2.png"))
      try DataFixtures.write(
        "file_name,patient,text\nimages/1.png,a,Clear lungs.\nimages/2.png,b,Clear lungs.\n",
        to: folder.appendingPathComponent("metadata.csv"))
      return try FolderSource.list(folder)
    },
    BadSource("an empty folder", .refused("sourceEmpty", saying: "PNG or JPEG")) { try FolderSource.list($0) },
  ]
}

@Suite struct SourceBadInputTests {
  @Test(arguments: BadSource.tables + BadSource.indiana + BadSource.archives + BadSource.folders)
  func isCountedOrRefused(bad: BadSource) throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("source")
      let output = folder.appendingPathComponent("dataset")
      try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
      var options = DataFixtures.options()
      options.missingImages = .skip
      var before: [String] = []
      do {
        let listing = try bad.list(source)
        before = try contents(of: source)
        let summary = try DatasetImport(listing, into: output, options: options).run()
        guard case .counted(let reasons, let imported) = bad.outcome else {
          Issue.record("not refused")
          return
        }
        #expect(summary.excluded.map(\.reason.rawValue).sorted() == reasons.map(\.rawValue).sorted())
        #expect(summary.imported == imported)
        #expect(summary.excluded.allSatisfy { !$0.path.contains(folder.path) && !$0.detail.contains(folder.path) })
      } catch let error as DatasetError {
        guard case .refused(let kind, let saying) = bad.outcome else {
          Issue.record("refused: \(error)")
          return
        }
        #expect(DataFixtures.caseName(error) == kind, "\(error)")
        #expect("\(error)".contains(saying) && !"\(error)".contains("\n") && "\(error)".contains(": "), "\(error)")
        #expect(!FileManager.default.fileExists(atPath: output.path), "a refused source makes no dataset")
      }
      if !before.isEmpty { #expect(try contents(of: source) == before, "the source is only read") }
    }
  }

  private func contents(of folder: URL) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted().map { path in
      let data = try? Data(contentsOf: folder.appendingPathComponent(path))
      return "\(path) \(data?.hashValue ?? 0)"
    }
  }

  /// Two people of one name, in two sources, are two patients.
  @Test func onePatientsNameInTwoSourcesIsTwoPatients() throws {
    try DataFixtures.withFolder { folder in
      let output = folder.appendingPathComponent("dataset")
      for (seed, name) in ["one", "two"].enumerated() {
        let source = folder.appendingPathComponent(name)
        try DataFixtures.writeImage(source.appendingPathComponent("1.png"), seed: seed)
        try DataFixtures.write(
          "file_name,patient,text\n1.png,Doe,Clear lungs.\n", to: source.appendingPathComponent("metadata.csv"))
        _ = try DatasetImport(FolderSource.list(source), into: output, options: DataFixtures.options()).run()
      }
      #expect(Set(try RadiographDataset.open(output).records().map(\.patient)) == ["one/Doe", "two/Doe"])
    }
  }

  private static let ages: [(String, Double)] = [
    ("058Y", 58), ("45", 45), ("45.5", 45.5), ("011M", 0.916_666_666), ("009D", 0.024_640_657), ("0 days", 0),
    ("6 weeks old", 0.114_989_733), ("90+", 90), (">89", 89), (" 7 Years ", 7), ("120", 120),
  ]

  @Test(arguments: ages)
  func agesAreReadWithTheirUnits(text: String, years: Double) {
    guard case .age(let age) = AgeText.read(text) else {
      Issue.record("no age in \(text)")
      return
    }
    #expect(abs(age.lower - years) < 1e-8 && age.lower == age.upper)
  }

  @Test(arguments: ["999", "-1", "045X", "1e9", "inf", "Y", "12.3.4", "414", "121", "5 5"])
  func agesOfNobodyAreTold(text: String) { #expect(AgeText.read(text) == .implausible) }

  @Test(arguments: ["", " ", "NA", "unknown", "None"])
  func agesThatAreNotGivenAreUnknown(text: String) { #expect(AgeText.read(text) == .unknown) }

  @Test func nihsOwnListsDecideOnRequest() throws {
    try DataFixtures.withFolder { folder in
      let header = "Image Index,Finding Labels,Patient ID\n"
      let rows = (1...60).map { "\($0).png,No Finding,\(($0 + 1) / 2)\n" }.joined()
      try DataFixtures.write(header + rows, to: folder.appendingPathComponent("Data_Entry_2017_v2020.csv"))
      #expect { try NIHSource.list(folder, official: OfficialSplit()) } throws: {
        DataFixtures.caseName($0) == "sourceMissing"
      }
      let names = (1...60).map { "\($0).png" }
      try DataFixtures.write(
        names[..<50].joined(separator: "\r\n"), to: folder.appendingPathComponent("train_val_list.txt"))
      // Patient 25 is on both lists, patient 30 on none.
      try DataFixtures.write(
        names[49..<58].joined(separator: "\n") + "\n", to: folder.appendingPathComponent("test_list.txt"))
      let source = try NIHSource.list(folder, official: OfficialSplit(seed: 3, validationShare: 0.3))
      let splits = Dictionary(grouping: source.entries, by: \.patient).mapValues { Set($0.map(\.split)) }
      #expect(splits.values.allSatisfy { $0.count == 1 })
      #expect(splits["25"] == [.test] && splits["26"] == [.test] && splits["30"] == [nil])
      #expect(source.exclusions.map(\.reason) == [.conflictingPatient])
      let train = splits.filter { $0.value == [.train] }.count
      let validation = splits.filter { $0.value == [.validation] }.count
      #expect(train + validation == 24 && validation >= 2 && train >= 10)
      let again = try NIHSource.list(folder, official: OfficialSplit(seed: 3, validationShare: 0.3))
      #expect(again.entries.map(\.split) == source.entries.map(\.split))
      let other = try NIHSource.list(folder, official: OfficialSplit(seed: 4, validationShare: 0.3))
      #expect(other.entries.map(\.split) != source.entries.map(\.split))
      #expect(try NIHSource.list(folder).entries.allSatisfy { $0.split == nil })
    }
  }
}
