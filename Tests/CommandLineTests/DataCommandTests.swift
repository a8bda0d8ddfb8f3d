import Foundation
import Testing

extension BadInput {
  private static let table = "Image Index,Finding Labels,Patient ID\n1.png,No Finding,1\n"
  /// A PNG of one white pixel.
  private static let pixel =
    Data(
      base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==")
    ?? Data()

  static let data: [BadInput] = [
    BadInput("import without output", ["data", "import", "nih", "src"], status: 64, says: "--output"),
    BadInput("import of nothing", ["data", "import", "nih", "--output", "d"], status: 64, says: "sources"),
    BadInput("unknown importer", ["data", "import", "x", "src", "--output", "d"], status: 64, says: "x"),
    BadInput(
      "tree of DICOM files is not there", ["data", "import", "dicom", "src", "--output", "d"], status: 66, says: "src"),
    BadInput(
      "DICOM tree without a radiograph", ["data", "import", "dicom", "src", "--output", "d"],
      files: [
        "src/a.dcm": Data(repeating: 7, count: 200), "src/b.dcm": Data(repeating: 0, count: 128) + Data("DICM".utf8),
      ],
      status: 65, says: "unreadable"),
    BadInput(
      "boxes for another importer", ["data", "import", "folder", "src", "--annotations", "b.json", "--output", "d"],
      files: ["src/1.png": pixel], status: 64, says: "--annotations is for nih"),
    BadInput(
      "boxes that are not there", ["data", "import", "nih", "src", "--annotations", "b.json", "--output", "d"],
      files: ["src/Data_Entry_2017.csv": Data(table.utf8), "src/images/1.png": pixel], status: 66, says: "b.json"),
    BadInput(
      "boxes that are cut off", ["data", "import", "nih", "src", "--annotations", "b.json", "--output", "d"],
      files: [
        "src/Data_Entry_2017.csv": Data(table.utf8), "src/images/1.png": pixel, "b.json": Data("[{\"image\": \"1".utf8),
      ], status: 65, says: "b.json"),
    BadInput("source is not there", ["data", "import", "nih", "src", "--output", "d"], status: 66, says: "src"),
    BadInput(
      "table without a mapping", ["data", "import", "table", "src", "--output", "d"],
      files: ["src/t.csv": Data("f".utf8)],
      status: 64, says: "--mapping"),
    BadInput(
      "mapping without a table", ["data", "import", "nih", "src", "--mapping", "chexpert", "--output", "d"], status: 64,
      says: "nih takes no mapping"),
    BadInput(
      "mapping is not there", ["data", "import", "table", "src", "--mapping", "m.yaml", "--output", "d"],
      files: ["src/t.csv": Data("f".utf8)], status: 66, says: "m.yaml"),
    BadInput(
      "mapping with an unknown key", ["data", "import", "table", "src", "--mapping", "m.yaml", "--output", "d"],
      files: ["src/t.csv": Data("f".utf8), "m.yaml": Data("path: f\ncolour: g\n".utf8)], status: 65, says: "colour"),
    BadInput(
      "mapping with an absent column", ["data", "import", "table", "src", "--mapping", "m.yaml", "--output", "d"],
      files: ["src/t.csv": Data("g\n1.png\n".utf8), "m.yaml": Data("table: t.csv\npath: f\n".utf8)], status: 65,
      says: "no column f"),
    BadInput(
      "official split of a source without", ["data", "import", "kermany", "src", "--official-split", "--output", "d"],
      status: 64, says: "kermany has no official split"),
    BadInput(
      "official split without its lists", ["data", "import", "nih", "src", "--official-split", "--output", "d"],
      files: ["src/Data_Entry_2017.csv": Data(table.utf8), "src/images/1.png": pixel], status: 66,
      says: "train_val_list.txt"),
    BadInput(
      "Kaggle's folder without its tables", ["data", "import", "kaggle", "src", "--output", "d"],
      files: ["src/1.png": pixel], status: 66, says: "indiana_reports.csv"),
    BadInput(
      "archive of reports that is text", ["data", "import", "openi", "src/NLMCXR_reports.tgz", "--output", "d"],
      files: ["src/NLMCXR_reports.tgz": Data("<html>".utf8)], status: 65, says: "no tar archive"),
    BadInput(
      "reports are not there", ["data", "import", "openi", "src", "--output", "d"], files: ["src/1.png": pixel],
      status: 66, says: "NLMCXR_reports.tgz"),
    BadInput(
      "images of reports in the output", ["data", "import", "openi", "src", "d", "--output", "d"],
      files: ["src/1.xml": Data("<a/>".utf8)], status: 64, says: "share a folder"),
    BadInput(
      "source without its table", ["data", "import", "nih", "src", "--output", "d"],
      files: ["src/images/1.png": pixel], status: 66, says: "Data_Entry_2017"),
    BadInput(
      "listed image is not there", ["data", "import", "nih", "src", "--output", "d"],
      files: ["src/Data_Entry_2017.csv": Data(table.utf8)], status: 66, says: "--missing-images skip"),
    BadInput(
      "table is binary", ["data", "import", "nih", "src", "--output", "d"],
      files: ["src/Data_Entry_2017.csv": Data([0, 1, 2, 255])], status: 65, says: "NUL"),
    BadInput(
      "folder without images", ["data", "import", "kermany", "src", "--output", "d"],
      files: ["src/readme.txt": Data("x".utf8)], status: 65, says: "NORMAL and PNEUMONIA"),
    BadInput(
      "images that cannot be read", ["data", "import", "folder", "src", "--output", "d"],
      files: ["src/1.png": Data("x".utf8), "src/2.jpg": Data("y".utf8)], status: 65,
      says: "2 unreadable, the first is 1.png"),
    BadInput(
      "two folders of one name", ["data", "import", "folder", "a/x", "b/x", "--output", "d"],
      files: ["a/x/1.png": pixel, "b/x/1.png": pixel], status: 64, says: "two sources would be called x ("),
    BadInput(
      "a name for a publisher's collection", ["data", "import", "kermany", "src", "--output", "d", "--name", "x"],
      files: ["src/1.png": pixel], status: 64, says: "--name"),
    BadInput(
      "size 0", ["data", "import", "folder", "src", "--output", "d", "--size", "0"], files: ["src/1.png": pixel],
      status: 64, says: "image size 0"),
    BadInput(
      "size absurd", ["data", "import", "folder", "src", "--output", "d", "--size", "1000000000"],
      files: ["src/1.png": pixel], status: 64, says: "image size 1000000000"),
    BadInput(
      "size a fraction", ["data", "import", "folder", "src", "--output", "d", "--size", "25.6"],
      files: ["src/1.png": pixel], status: 64, says: "is not a whole number"),
    BadInput(
      "seed of a split beyond 64 bits",
      ["data", "import", "folder", "src", "--output", "d", "--seed", "18446744073709551616"],
      files: ["src/1.png": pixel], status: 64, says: "the largest is 18446744073709551615"),
    BadInput(
      "split of two", ["data", "import", "folder", "src", "--output", "d", "--split", "70/30"],
      files: ["src/1.png": pixel], status: 64, says: "70/30"),
    BadInput(
      "split of NaN", ["data", "import", "folder", "src", "--output", "d", "--split", "nan/1/1"],
      files: ["src/1.png": pixel], status: 64, says: "nan/1/1"),
    BadInput(
      "seed negative", ["data", "import", "folder", "src", "--output", "d", "--seed=-1"], files: ["src/1.png": pixel],
      status: 64, says: "-1"),
    BadInput(
      "sections unknown", ["data", "import", "folder", "src", "--output", "d", "--sections", "all"],
      files: ["src/1.png": pixel], status: 64, says: "all"),
    BadInput(
      "output is someone's folder", ["data", "import", "folder", "src", "--output", "d"],
      files: ["src/1.png": pixel, "d/diary.txt": Data("mine".utf8)], status: 73, says: "not a dataset's"),
    BadInput(
      "output is a file", ["data", "import", "folder", "src", "--output", "d"],
      files: ["src/1.png": pixel, "d": Data("mine".utf8)], status: 73, says: "cannot create"),
    BadInput(
      "output in the source", ["data", "import", "folder", "src", "--output", "src/d"], files: ["src/1.png": pixel],
      status: 64, says: "share a folder"),
    BadInput("inspect what is not there", ["data", "inspect", "d"], status: 66, says: "no dataset in"),
    BadInput(
      "inspect what is not a dataset", ["data", "inspect", "d", "--json"],
      files: ["d/index.sqlite": Data(repeating: 65, count: 4096)], status: 65, says: "damaged dataset"),
  ]
}

@Suite(.serialized) struct DataCommandTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  @Test(arguments: BadInput.data)
  func badInputIsAnsweredWithOneLine(input: BadInput) throws {
    try withTemporaryFolder { folder in
      for (name, content) in input.files {
        let url = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try content.write(to: url)
      }
      let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
      let result = try Program.run(input.arguments, in: folder)
      #expect(!result.wasKilled && result.status == input.status, "\(result.errors)")
      #expect(result.output.isEmpty)
      #expect(result.errorLines.count == 1 && result.errors.hasPrefix("error: "), "\(result.errors)")
      #expect(result.errors.contains(input.says), "\(result.errors)")
      #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == before)
      for (name, content) in input.files {
        #expect(try Data(contentsOf: folder.appendingPathComponent(name)) == content)
      }
    }
  }

  private func importFixtures(into name: String, in folder: URL) throws {
    for kind in ["nih", "kermany"] {
      let source = Self.fixtures.appendingPathComponent(kind).path
      let result = try Program.run(
        ["data", "import", kind, source, "--output", name, "--size", "64", "--quiet"], in: folder)
      #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    }
  }

  /// `data inspect --json`, less the size on disk, which an interruption may change by a page of the index.
  private func inspect(_ name: String, in folder: URL) throws -> String {
    let result = try Program.run(["data", "inspect", name, "--json"], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    return result.output.split(separator: "\n").filter { !$0.contains("\"bytes\"") }.joined(separator: "\n")
  }

  @Test func twoSourcesBecomeOneDataset() throws {
    try withTemporaryFolder { folder in
      try importFixtures(into: "cxr", in: folder)
      let result = try Program.run(["data", "inspect", "cxr", "--json"], in: folder)
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      #expect(object["images"] as? Int == 25)
      #expect(object["eligible"] as? Int == 24)
      #expect(object["excluded"] as? [String: Int] == ["duplicate": 1])
      let splits = try #require(object["splits"] as? [String: Int])
      #expect(splits.values.reduce(0, +) == 24 && splits.count == 3)

      let page = try Program.run(["data", "inspect", "cxr", "--html", "cxr.html"], in: folder)
      #expect(page.status == 0 && page.output == "cxr.html\n")
      let html = try String(contentsOf: folder.appendingPathComponent("cxr.html"), encoding: .utf8)
      #expect(html.contains("data:image/jpeg;base64,") && html.hasSuffix("</html>\n"))
      let nowhere = try Program.run(["data", "inspect", "cxr", "--html", "none/cxr.html"], in: folder)
      #expect(nowhere.status == 73 && nowhere.errors.contains("none/cxr.html: its folder does not exist"))
    }
  }

  @Test func anImportSaysWhatItDid() throws {
    try withTemporaryFolder { folder in
      let nih = Self.fixtures.appendingPathComponent("nih").path
      let first = try Program.run(["data", "import", "nih", nih, "--output", "cxr", "--size", "32"], in: folder)
      #expect(first.output == "cxr: 13 images imported, 0 there before; 1 with the same bytes as another image\n")
      #expect(first.errors.hasPrefix("with the same bytes as another image: 00002658_002.png"))
      let second = try Program.run(["data", "import", "nih", nih, "--output", "cxr", "--json"], in: folder)
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(second.output.utf8)) as? [String: Any])
      #expect(object["imported"] as? Int == 0 && object["already_there"] as? Int == 13)
      let other = try Program.run(["data", "import", "nih", nih, "--output", "cxr", "--size", "64"], in: folder)
      #expect(other.status == 64 && other.errors.contains("--size 32, not 64"))
    }
  }

  @Test func linksOutOfASourceAreFollowedOnRequest() throws {
    try withTemporaryFolder { folder in
      let manager = FileManager.default
      let source = folder.appendingPathComponent("src")
      try manager.createDirectory(at: source, withIntermediateDirectories: true)
      try manager.copyItem(
        at: Self.fixtures.appendingPathComponent("kermany/NORMAL/IM-0001-0001.jpeg"),
        to: source.appendingPathComponent("own.jpeg"))
      try manager.createSymbolicLink(
        at: source.appendingPathComponent("images"),
        withDestinationURL: Self.fixtures.appendingPathComponent("kermany/PNEUMONIA"))
      let arguments = ["data", "import", "folder", "src", "--size", "32"]
      let left = try Program.run(arguments + ["--output", "left"], in: folder)
      #expect(left.status == 0 && left.output.contains("left: 1 image imported"))
      #expect(left.output.contains("1 outside of the source (--follow-links reads 1 link)"), "\(left.output)")
      #expect(left.errors.contains("outside of the source: images") && left.errors.contains("--follow-links"))

      let read = try Program.run(arguments + ["--output", "read", "--follow-links", "--json"], in: folder)
      let object = try #require(try JSONSerialization.jsonObject(with: Data(read.output.utf8)) as? [String: Any])
      #expect(object["imported"] as? Int ?? 0 > 1 && object["unfollowed_links"] as? Int == 0)
      #expect((object["excluded"] as? [String: Int])?["outside-source"] == nil)
    }
  }

  @Test func aDatasetWithImagesMayGainNone() throws {
    try withTemporaryFolder { folder in
      let source = folder.appendingPathComponent("bad")
      try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
      try Data("x".utf8).write(to: source.appendingPathComponent("1.png"))
      let nih = Self.fixtures.appendingPathComponent("nih").path
      _ = try Program.run(["data", "import", "nih", nih, "--output", "cxr", "--size", "32", "--quiet"], in: folder)
      let result = try Program.run(["data", "import", "folder", "bad", "--output", "cxr"], in: folder)
      #expect(result.status == 0 && result.output == "cxr: 0 images imported, 0 there before; 1 unreadable\n")
    }
  }
}
