import Foundation
import ImageFiles
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// Names in tables, written otherwise than the files are named.
@Suite struct ListedNamesTests {
  private static let composed = "images/Aufnahme-Gr\u{F6}\u{DF}e-\u{E9}.png"
  private static let decomposed = "images/Aufnahme-Gro\u{308}\u{DF}e-e\u{301}.png"

  /// Lists a source of files, each of its own pixels, and of rows of one text each.
  private func list(
    _ importer: TableImporter, files: [String], rows: [String], _ body: (ImportSource, URL) throws -> Void
  ) throws {
    try DataFixtures.withFolder { root in
      let folder = root.appendingPathComponent("source")
      for (seed, name) in files.enumerated() {
        try DataFixtures.writeImage(URL(fileURLWithPath: folder.path + "/" + name), seed: 7 * seed)
      }
      let listed = rows.enumerated().map {
        (name: $1.replacingOccurrences(of: "ROOT", with: folder.path), text: "Text \($0).")
      }
      try body(try importer.list(folder, listed), folder)
    }
  }

  private static let spellings: [(String, String)] = [
    ("images/a.png", "images/a.png"), ("images/a.png", "./images/a.png"), ("images/a.png", "images//a.png"),
    ("images/a.png", "images/./a.png"), ("images/a.png", "other/../images/a.png"), ("images/a.png", "images\\a.png"),
    ("images/a.png", ".\\images\\a.png"), ("images/a.png", "images\\\\a.png"), ("images/a.png", "  images/a.png  "),
    ("images/a.png", "images/a.png\u{A0}"), ("images/a.png", "ROOT/images/a.png"),
    ("images/a.png", "../source/images/a.png"), ("images/a.png", "images/A.PNG"), ("images/a.PNG", "images/a.png"),
    ("images/a.jpg", "images/a.png"), ("images/a.jpeg", "images/a.jpg"), ("images/a.JPG", "images/a.png"),
    ("images/a.png", "images/a.dcm"), ("images/a.png", "images/a"), ("images/a.png", "images/a.tif"),
    ("images/a.dcm.png", "images/a.dcm"), ("images/\u{E9}.png", "images/e\u{301}.png"),
    ("images/e\u{301}.png", "images/\u{E9}.png"), ("images/\u{C9}.PNG", "images\\e\u{301}.png"),
  ]

  @Test(arguments: TableImporter.all, spellings)
  func aNameIsFoundHoweverItIsSpelt(importer: TableImporter, spelling: (file: String, name: String)) throws {
    try list(importer, files: [spelling.file, "images/other.png"], rows: [spelling.name]) { source, folder in
      let entry = try #require(source.entries.first { $0.file?.lastPathComponent != "other.png" })
      #expect(entry.file?.path.utf8.elementsEqual((folder.path + "/" + spelling.file).utf8) == true)
      if importer.texts { #expect(entry.sections.first?.text == "Text 0.") }
      if importer.byPath { #expect(entry.path.utf8.elementsEqual(spelling.file.utf8)) }
      // `nih` notes that files end otherwise than its table says.
      let others = source.exclusions.filter { $0.reason != .otherEnding }
      #expect(others.allSatisfy { $0.reason == .unlisted && $0.path == "images/other.png" })
    }
  }

  @Test(arguments: TableImporter.all, [false, true])
  func bothFormsOfAnAccentAreTwoFiles(importer: TableImporter, isExchanged: Bool) throws {
    let files = [Self.composed, Self.decomposed]
    let rows = isExchanged ? files.reversed() : files
    try list(importer, files: files, rows: rows) { source, folder in
      #expect(source.entries.count == 2 && source.exclusions.isEmpty)
      for (number, row) in rows.enumerated() {
        let entry = try #require(
          source.entries.first { $0.file?.path.utf8.elementsEqual((folder.path + "/" + row).utf8) == true })
        if importer.texts { #expect(entry.sections.first?.text == "Text \(number).") }
      }
      let output = folder.deletingLastPathComponent().appendingPathComponent("dataset")
      #expect(try DatasetImport(source, into: output, options: DataFixtures.options()).run().imported == 2)
      let dataset = try RadiographDataset.open(output)
      let records = try dataset.records(requiresText: false)
      #expect(records.count == 2)
      for (number, row) in rows.enumerated() where importer.byPath {
        let record = try #require(records.first { $0.path.utf8.elementsEqual(row.utf8) })
        #expect(record.sections.map(\.text) == ["Text \(number)."])
        let preprocessing = dataset.settings.preprocessing
        let pixels = try preprocessing(DecodedImage(contentsOf: folder.path + "/" + row))
        #expect(try dataset.image(of: record) == pixels)
      }
      // Given again, it changes nothing.
      let again = try DatasetImport(source, into: output, options: DataFixtures.options()).run()
      #expect(again.imported == 0 && again.alreadyThere == 2)
    }
  }

  @Test(arguments: TableImporter.all)
  func twoRowsThatMeanOneFileAreOneImage(importer: TableImporter) throws {
    for rows in [
      ["images/a.png", "images/a.png"], ["images/a.png", "./images/a.png"], ["images\\a.png", "images/a.png"],
      ["images/a.png", "images/A.PNG"], ["images/A.PNG", "images/a.png"],
    ] {
      try list(importer, files: ["images/a.png"], rows: rows) { source, _ in
        #expect(source.entries.count == 1 && source.entries[0].file != nil, "\(rows)")
        // The report of the row that is left out has no image.
        #expect(source.exclusions.map(\.reason).filter { $0 != .noImage } == [.duplicateRow], "\(rows)")
        // The row that has the file's own name is the image's, wherever it stands.
        let own = rows.firstIndex { $0.hasSuffix("a.png") } ?? 0
        if importer.texts { #expect(source.entries[0].sections.first?.text == "Text \(own).", "\(rows)") }
      }
    }
  }

  @Test(arguments: TableImporter.all)
  func letterCaseTellsFilesApartThatBothAreThere(importer: TableImporter) throws {
    try list(importer, files: ["images/A.png", "images/a.png"], rows: ["images/a.png", "images/A.png"]) { source, _ in
      let files = source.entries.map { ($0.file?.lastPathComponent ?? "", $0.sections) }
      let texts = Dictionary(files) { first, _ in first }
      #expect(Set(texts.keys) == ["A.png", "a.png"] && source.exclusions.isEmpty)
      if importer.texts {
        #expect(texts["a.png"]?.first?.text == "Text 0." && texts["A.png"]?.first?.text == "Text 1.")
      }
    }
  }

  @Test(arguments: TableImporter.all)
  func ofSeveralFormatsTheOneWithoutLossIsTaken(importer: TableImporter) throws {
    try list(importer, files: ["images/a.jpg", "images/a.jpeg", "images/a.png"], rows: ["images/a.tif"]) { source, _ in
      let entry = try #require(source.entries.first { $0.attributes.positives == ["Mass"] || !$0.sections.isEmpty })
      #expect(entry.file?.lastPathComponent == "a.png")
    }
  }

  @Test(arguments: TableImporter.all)
  func aNameThatFitsTwoFilesEquallyIsNamed(importer: TableImporter) throws {
    try list(importer, files: ["images/aB.png", "images/Ab.png"], rows: ["images/ab.png"]) { source, _ in
      let named = try #require(source.exclusions.first { $0.reason == .ambiguousName })
      #expect(named.detail.contains("Ab.png") && named.detail.contains("aB.png"))
      #expect(source.entries.allSatisfy { $0.sections.isEmpty && $0.attributes.positives.isEmpty })
    }
  }

  @Test(arguments: TableImporter.all)
  func aFileIsNotGivenAwayWhileARowNamesIt(importer: TableImporter) throws {
    // The first row's own file is missing; the most similar one is the second row's.
    try list(importer, files: ["images/a.jpg"], rows: ["images/a.png", "images/a.jpg"]) { source, _ in
      let withFile = source.entries.filter { $0.file != nil }
      #expect(source.entries.count == 2 && withFile.count == 1)
      if importer.texts { #expect(withFile.first?.sections.first?.text == "Text 1.") }
    }
  }

  @Test(arguments: [
    "/etc/passwd", "../a.png", "images/../../a.png", "..\\..\\a.png", "C:\\images\\a.png", "\\\\server\\share\\a.png",
    "ROOT/../a.png", "ROOTX/a.png", "..", ".", "/",
  ])
  func namesThatLeadOutAreLeftOut(name: String) throws {
    for importer in TableImporter.all {
      try list(importer, files: ["images/b.png"], rows: [name, "images/b.png"]) { source, _ in
        let reasons = source.exclusions.map(\.reason).filter { $0 != .noImage }
        #expect(reasons == [.outsideSource], "\(importer.testDescription)")
        #expect(source.entries.map { $0.file?.lastPathComponent } == ["b.png"])
      }
    }
  }

  @Test func aNULInANameIsRefusedByName() throws {
    let jsonLines = try #require(TableImporter.all.first { $0.testDescription == "JSON Lines" })
    try list(jsonLines, files: ["a.png"], rows: ["a.png\0", "a.png"]) { source, _ in
      #expect(source.exclusions.map(\.reason) == [.outsideSource] && source.entries.count == 1)
    }
  }

  /// Texts beside images go by the same rules.
  @Test func aTextBesideAnImageIsFoundHoweverItIsSpelt() throws {
    for (image, text) in [
      ("a.png", "a.txt"), ("a.png", "a.TXT"), ("A.png", "a.txt"), ("\u{E9}.png", "e\u{301}.txt"),
      ("e\u{301}.jpg", "\u{E9}.txt"),
    ] {
      try DataFixtures.withFolder { folder in
        try DataFixtures.writeImage(URL(fileURLWithPath: folder.path + "/" + image), seed: 1)
        try DataFixtures.write("Clear lungs.", to: URL(fileURLWithPath: folder.path + "/" + text))
        let source = try FolderSource.list(folder)
        #expect(source.entries.map { $0.sections.map(\.text) } == [["Clear lungs."]], "\(image) \(text)")
      }
    }
  }

  @Test func eachImageHasTheTextOfItsOwnForm() throws {
    try DataFixtures.withFolder { folder in
      for (seed, name) in ["\u{E9}", "e\u{301}", "x"].enumerated() {
        try DataFixtures.writeImage(URL(fileURLWithPath: folder.path + "/\(name).png"), seed: seed)
      }
      try DataFixtures.write("Composed.", to: URL(fileURLWithPath: folder.path + "/\u{E9}.txt"))
      let one = try FolderSource.list(folder)
      // The text is the composed image's own, and no other's.
      #expect(one.entries.map { $0.sections.count }.sorted() == [0, 0, 1])
      #expect(one.entries.first { !$0.sections.isEmpty }?.path.utf8.elementsEqual("\u{E9}.png".utf8) == true)
      try DataFixtures.write("Decomposed.", to: URL(fileURLWithPath: folder.path + "/e\u{301}.txt"))
      let two = try FolderSource.list(folder)
      for entry in two.entries where entry.path != "x.png" {
        let isComposed = entry.path.utf8.elementsEqual("\u{E9}.png".utf8)
        #expect(entry.sections.map(\.text) == [isComposed ? "Composed." : "Decomposed."])
      }
    }
  }

  @Test func aReportNamedInATableIsFoundHoweverItIsSpelt() throws {
    for name in ["reports/r.txt", "reports\\R.TXT", "./reports//r.txt", "reports/r"] {
      try DataFixtures.withFolder { folder in
        try DataFixtures.writeImage(folder.appendingPathComponent("a.png"), seed: 1)
        try DataFixtures.write("FINDINGS: Clear lungs.", to: folder.appendingPathComponent("reports/r.txt"))
        try DataFixtures.write("file,report\na.png,\(name)\n", to: folder.appendingPathComponent("t.csv"))
        let source = try TableSource.list(
          folder, mapping: TableMapping(yaml: Data("{table: t.csv, path: file, text_file: report}".utf8), path: "m"))
        #expect(source.entries.map { $0.sections.map(\.text) } == [["Clear lungs."]], "\(name)")
      }
    }
  }

  @Test func tablesAreFoundInOtherLetterCase() throws {
    try DataFixtures.withFolder { folder in
      try DataFixtures.writeImage(folder.appendingPathComponent("a.png"), seed: 1)
      try DataFixtures.write("file_name,text\na.png,Clear lungs.\n", to: folder.appendingPathComponent("Metadata.CSV"))
      #expect(try FolderSource.list(folder).entries.map(\.sections.count) == [1])
      let mapping = try TableMapping(yaml: Data("{table: metadata.csv, path: file_name, text: text}".utf8), path: "m")
      #expect(try TableSource.list(folder, mapping: mapping).entries.map(\.sections.count) == [1])
    }
  }

  /// One person whose name was typed in both forms is one patient, also in a dataset that has the name decomposed.
  @Test func onePatientInBothFormsIsOne() throws {
    try DataFixtures.withFolder { root in
      let folder = root.appendingPathComponent("source")
      for seed in 0..<2 { try DataFixtures.writeImage(folder.appendingPathComponent("\(seed).png"), seed: 9 * seed) }
      try DataFixtures.write(
        "file_name,text,patient\n0.png,Clear lungs.,M\u{FC}ller\n1.png,Clear lungs.,Mu\u{308}ller\n",
        to: folder.appendingPathComponent("metadata.csv"))
      let source = try FolderSource.list(folder)
      #expect(Set(source.entries.map(\.patient)).count == 1)
      let output = root.appendingPathComponent("dataset")
      var first = source
      first.entries.removeLast()
      first.entries[0].patient = "Mu\u{308}ller"
      _ = try DatasetImport(first, into: output, options: DataFixtures.options()).run()
      _ = try DatasetImport(source, into: output).run()
      #expect(try RadiographDataset.open(output).summary().patients == 1)
    }
  }

  @Test func aReportIsShownByItsImagesNameInEitherForm() throws {
    for stored in ["\u{E9}.png", "e\u{301}.png"] {
      try DataFixtures.withFolder { root in
        let source = root.appendingPathComponent("source")
        try DataFixtures.writeImage(URL(fileURLWithPath: source.path + "/" + stored), seed: 1)
        try DataFixtures.write(
          "file_name,text\n\(stored),Clear lungs.\n", to: source.appendingPathComponent("metadata.csv"))
        let output = root.appendingPathComponent("dataset")
        _ = try DatasetImport(FolderSource.list(source), into: output, options: DataFixtures.options()).run()
        let dataset = try RadiographDataset.open(output)
        for name in ["\u{E9}.png", "e\u{301}.png", "\u{E9}", "e\u{301}"] {
          #expect(try dataset.texts(named: name).map { $0.sections.map(\.text) } == [["Clear lungs."]])
        }
        #expect(try dataset.texts(named: "e.png").isEmpty)
      }
    }
  }

  @Test func nihsListsMayNameConvertedImages() throws {
    try DataFixtures.withFolder { folder in
      try DataFixtures.write(
        "Image Index,Finding Labels,Patient ID\n1.png,Mass,1\n2.png,Mass,2\n",
        to: folder.appendingPathComponent("Data_Entry_2017.csv"))
      try DataFixtures.write("images\\1.jpg\r\n", to: folder.appendingPathComponent("train_val_list.txt"))
      try DataFixtures.write("images/2.JPG\n", to: folder.appendingPathComponent("test_list.txt"))
      let source = try NIHSource.list(folder, official: OfficialSplit(validationShare: 0))
      #expect(source.entries.map(\.split) == [.train, .test])
    }
  }
}
