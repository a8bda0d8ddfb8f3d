import DICOMFiles
import DICOMTestSupport
import Foundation
import GRDB
import ImageFiles
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct DICOMSourceTests {
  static let key = PatientKey(bytes: Array(0..<32), file: URL(fileURLWithPath: "/nowhere"))

  func write(_ builder: DICOMBuilder, _ name: String, in folder: URL) throws {
    let url = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try builder.file.write(to: url)
  }

  func list(
    _ folder: URL, key: PatientKey = DICOMSourceTests.key, _ change: (inout DICOMSource.Options) -> Void = { _ in }
  ) throws -> DICOMListing {
    var options = DICOMSource.Options()
    change(&options)
    return try DICOMSource.list(folder, key: key, options: options)
  }

  /// One file with these elements: what became of it.
  func outcome(_ elements: [UInt32: String]) throws -> (entry: ImportEntry?, reason: ImportExclusion.Reason?) {
    try DataFixtures.withFolder { folder in
      try write(.radiograph(elements), "a", in: folder)
      let source = try list(folder).source
      return (source.entries.first, source.exclusions.first?.reason)
    }
  }

  @Test func aTreeOfAnyNamesIsReadAndCounted() throws {
    try DataFixtures.withFolder { folder in
      try write(.radiograph(), "DOE^JANE/IM0001", in: folder)
      try write(.radiograph([Tag.patientID: "P2"]), "deep/er/1.2.3.4", in: folder)
      try write(.radiograph([Tag.modality: "CT"]), "ct.dcm", in: folder)
      try write(.radiograph([Tag.bodyPart: "HAND"]), "hand.dcm", in: folder)
      try write(.radiograph([Tag.presentationIntent: "FOR PROCESSING"]), "raw.dcm", in: folder)
      try write(.radiograph([Tag.frames: "2"]), "frames.dcm", in: folder)
      try write(.radiograph([Tag.viewPosition: "LLD"]), "lying.dcm", in: folder)
      try write(.radiograph([Tag.burnedIn: "YES"]), "letters.dcm", in: folder)
      try write(.radiograph(transferSyntax: "1.2.840.10008.1.2.4.100"), "film.dcm", in: folder)
      var index = DICOMBuilder()
      index.text(Tag.modality, "DX")
      try write(index, "DICOMDIR", in: folder)
      try Data("hello".utf8).write(to: folder.appendingPathComponent("README"))
      try DICOMBuilder.radiograph().file.prefix(200).write(to: folder.appendingPathComponent("cut.dcm"))

      let source = try list(folder).source
      #expect(source.entries.count == 2)
      #expect(Set(source.entries.map(\.patient)).count == 2)
      #expect(
        source.exclusions.map(\.reason.rawValue).sorted() == [
          "burned-in", "for-processing", "multi-frame", "no-image", "not-chest", "not-dicom", "other-modality",
          "other-view", "unreadable", "unsupported-syntax",
        ])
      let syntax = try #require(source.exclusions.first { $0.reason == .unsupportedSyntax })
      #expect(syntax.detail == "MPEG2 Main Profile @ Main Level")

      let all = try list(folder) {
        $0.anyModality = true
        $0.withBurnedIn = true
      }
      #expect(all.source.entries.count == 6)
    }
  }

  @Test(
    arguments: [
      ([:], ViewPosition.posteroanterior),
      ([Tag.viewPosition: "AP"], .anteroposterior),
      ([Tag.viewPosition: "LL"], .lateral),
      ([Tag.viewPosition: "", Tag.seriesDescription: "Thorax p.a.; AP im Bett"], .anteroposterior),
      ([Tag.viewPosition: "", Tag.seriesDescription: "CHEST LAT"], .lateral),
      ([Tag.viewPosition: "", Tag.studyDescription: "CHEST PA AND LATERAL", Tag.patientOrientation: "A\\F"], .lateral),
      ([Tag.viewPosition: "", Tag.studyDescription: "CHEST PA AND LATERAL", Tag.patientOrientation: "L\\F"], .frontal),
      ([Tag.viewPosition: "", Tag.studyDescription: "CHEST PA AND LATERAL"], nil),
      ([Tag.viewPosition: "", Tag.seriesDescription: "Chest postero-anterior"], .posteroanterior),
    ] as [([UInt32: String], ViewPosition?)])
  func viewsComeFromWhatSaysSoFirst(elements: [UInt32: String], view: ViewPosition?) throws {
    let entry = try #require(try outcome(elements).entry)
    #expect(entry.attributes.view == view)
  }

  @Test(
    arguments: [
      ([Tag.bodyPart: "THORAX"], nil),
      ([Tag.bodyPart: "", Tag.studyDescription: "RX T\u{F3}RAX PA"], nil),
      ([Tag.bodyPart: "UNKNOWN", Tag.seriesDescription: "W chest pa"], nil),
      ([Tag.bodyPart: "", Tag.seriesDescription: "Hand PA"], .notChest),
      ([Tag.bodyPart: ""], .notChest),
      ([Tag.bodyPart: "CHESTABDOMEN"], .notChest),
      ([Tag.bodyPart: "TSPINE", Tag.seriesDescription: "chest"], .notChest),
      ([Tag.modality: ""], .otherModality),
      ([Tag.viewPosition: "RAO"], .otherView),
    ] as [([UInt32: String], ImportExclusion.Reason?)])
  func chestsAreToldFromTheRest(elements: [UInt32: String], reason: ImportExclusion.Reason?) throws {
    let outcome = try outcome(elements)
    #expect(outcome.reason == reason)
    #expect((outcome.entry == nil) == (reason != nil))
  }

  @Test(
    arguments: [
      ([Tag.age: "045Y"], AgeRange(45)),
      ([Tag.age: "018M"], AgeRange(1.5)),
      ([Tag.age: "006W"], AgeRange(1.0 / 12)),
      ([Tag.age: "010D"], AgeRange(0)),
      ([Tag.age: "999"], nil),
      ([Tag.age: "Y"], nil),
      ([Tag.age: "091Y"], AgeRange(90, 120)),
      ([Tag.birthDate: "19610518", Tag.studyDate: "20060517"], AgeRange(44)),
      ([Tag.birthDate: "19610517", Tag.studyDate: "20060518"], AgeRange(45)),
      ([Tag.birthDate: "20050301", Tag.studyDate: "20060517"], AgeRange(14.0 / 12)),
      ([Tag.birthDate: "20070101", Tag.studyDate: "20060517"], nil),
      ([Tag.birthDate: "19619999", Tag.studyDate: "20060517"], nil),
      ([Tag.age: "bad", Tag.birthDate: "19610517", Tag.studyDate: "20060518"], AgeRange(45)),
      ([Tag.age: "000Y", Tag.birthDate: "19600101", Tag.studyDate: "20200101"], AgeRange(60)),
      ([Tag.age: "000Y", Tag.birthDate: "20190601", Tag.studyDate: "20200101"], AgeRange(7.0 / 12)),
      ([Tag.age: "000M", Tag.birthDate: "19600101", Tag.studyDate: "20200101"], AgeRange(60)),
      ([Tag.age: "000D", Tag.birthDate: "19600101", Tag.studyDate: "20200101"], AgeRange(60)),
      ([Tag.age: "0Y", Tag.birthDate: "19600101", Tag.studyDate: "20200101"], AgeRange(60)),
      ([Tag.age: "999Y", Tag.birthDate: "19600101", Tag.studyDate: "20200101"], AgeRange(60)),
      ([Tag.age: "Y012", Tag.birthDate: "19600101", Tag.studyDate: "20200101"], AgeRange(60)),
      ([Tag.age: "12", Tag.birthDate: "19600101", Tag.studyDate: "20200101"], AgeRange(60)),
      ([Tag.age: "", Tag.birthDate: "19600101", Tag.studyDate: "20200101"], AgeRange(60)),
      ([Tag.age: "045Y", Tag.birthDate: "19600101", Tag.studyDate: "20200101"], AgeRange(45)),
      ([Tag.age: "000Y"], nil),
      ([Tag.age: "000M"], nil),
      ([Tag.age: "000W"], nil),
      ([Tag.age: "000D"], AgeRange(0)),
      ([Tag.age: "999Y"], nil),
      ([Tag.age: "999M"], nil),
      ([Tag.age: "999D"], nil),
      ([Tag.age: "Y012"], nil),
      ([Tag.age: "12"], AgeRange(12)),
      ([Tag.age: "012M"], AgeRange(1)),
      ([Tag.age: "003W"], AgeRange(0)),
      ([Tag.age: "000Y", Tag.birthDate: "19000101", Tag.studyDate: "20050101"], nil),
      ([Tag.age: "000Y", Tag.birthDate: "18600101", Tag.studyDate: "20050101"], nil),
      ([Tag.age: "000Y", Tag.birthDate: "20300101", Tag.studyDate: "20200101"], nil),
      ([Tag.age: "000Y", Tag.birthDate: "00000000", Tag.studyDate: "20200101"], nil),
      ([Tag.age: "000Y", Tag.birthDate: "19600101", Tag.studyDate: "99991231"], nil),
      ([Tag.age: "000Y", Tag.birthDate: "21100101", Tag.studyDate: "21700101"], AgeRange(60)),
      ([Tag.age: "000Y", Tag.birthDate: "19600101"], nil),
      ([:], nil),
    ] as [([UInt32: String], AgeRange?)])
  func datesBecomeAnAge(elements: [UInt32: String], age: AgeRange?) throws {
    #expect(try outcome(elements).entry?.attributes.age == age)
  }

  /// Everything that names a patient is put into every element and path; nothing of it may be in the dataset.
  @Test func identityNeverEntersTheDataset() throws {
    let secrets: [UInt32: String] = [
      Tag.patientName: "Quibbleton^Zelda", Tag.patientID: "MRN778899", Tag.birthDate: "19610203",
      Tag.studyDate: "20060517", Tag.studyUID: "1.2.777888", Tag.sopInstanceUID: "1.2.777888.1",
      Tag.studyDescription: "Chest for Quibbleton", Tag.seriesDescription: "PA Quibbleton", Tag.sex: "F",
    ]
    try DataFixtures.withFolder { folder in
      let archive = folder.appendingPathComponent("Quibbleton-archive")
      try write(.radiograph(secrets), "Quibbleton_Zelda/MRN778899.dcm", in: archive)
      try write(.radiograph(secrets.merging([Tag.modality: "CT"]) { $1 }), "Quibbleton_Zelda/ct.dcm", in: archive)
      var broken = secrets
      broken[Tag.photometric] = "RGB"
      try write(.radiograph(broken), "Quibbleton_Zelda/colour.dcm", in: archive)
      try Data("x".utf8).write(to: archive.appendingPathComponent("Quibbleton.pdf"))

      let dataset = folder.appendingPathComponent("dataset")
      let key = try PatientKey.of(dataset: dataset)
      let listing = try DICOMSource.list(archive, key: key)
      let summary = try DatasetImport(listing.source, into: dataset, options: DataFixtures.options()).run()
      #expect(summary.imported == 1)
      let enumerator = try #require(FileManager.default.enumerator(atPath: dataset.path))
      var files = 0
      for case let name as String in enumerator {
        files += 1
        let bytes = [UInt8](try Data(contentsOf: dataset.appendingPathComponent(name)))
        for secret in ["Quibbleton", "Zelda", "MRN778899", "19610203", "20060517", "777888"] {
          let found = bytes.indices.contains { bytes[$0...].starts(with: secret.utf8) }
          #expect(!found, "\(secret) is in \(name)")
        }
      }
      #expect(files >= 2)
      let record = try #require(try RadiographDataset.open(dataset).records(matching: .everything).first)
      #expect(record.attributes == RadiographAttributes(view: .posteroanterior, age: AgeRange(45), sex: .female))

      // The notes of an import name what stayed behind, by the file's name and the elements', without their values.
      let withheld = try #require(listing.withheld.first { $0.file == "Quibbleton_Zelda/MRN778899.dcm" })
      #expect(withheld.elements.contains("Patient's Name") && withheld.elements.contains("Study Date"))
      #expect(withheld.path == record.path)
      #expect(!withheld.elements.contains { $0.contains("Quibbleton") })
    }
  }

  @Test func imagesWithLettersAreWithheldAndReported() throws {
    try DataFixtures.withFolder { folder in
      try write(.radiograph(), "a", in: folder)
      try write(.radiograph([Tag.burnedIn: "YES"]), "b", in: folder)
      let listing = try list(folder)
      #expect(listing.source.entries.count == 1)
      #expect(listing.withheld.last?.file == "b")
      #expect(listing.withheld.last?.elements.last == "Burned In Annotation")
    }
  }

  @Test func pseudonymsFollowTheKey() throws {
    try DataFixtures.withFolder { folder in
      try write(.radiograph([Tag.sopInstanceUID: "1.1"]), "a", in: folder)
      try write(.radiograph([Tag.sopInstanceUID: "1.2", Tag.viewPosition: "LL"]), "b", in: folder)
      try write(.radiograph([Tag.patientName: "P1", Tag.patientID: ""]), "c", in: folder)
      let (first, again) = (try list(folder).source, try list(folder).source)
      let other = try list(folder, key: PatientKey(bytes: Array(1...32), file: Self.key.file)).source
      #expect(first.entries.map(\.path) == again.entries.map(\.path))
      #expect(first.entries.map(\.patient) == again.entries.map(\.patient))
      #expect(Set(first.entries.map(\.patient)).isDisjoint(with: other.entries.map(\.patient)))
      #expect(Set(first.entries.map(\.path)).isDisjoint(with: other.entries.map(\.path)))
      // Two images of one patient, and one of another whose name is the first one's number.
      #expect(Set(first.entries.map(\.patient)).count == 2)
      #expect(Set(first.entries.map(\.study)).count == 1)
      #expect(first.entries.allSatisfy { $0.patient.count == 32 && $0.patient != $0.study })
    }
  }

  @Test func aReportBesideTheFileIsTakenInBySections() throws {
    try DataFixtures.withFolder { folder in
      try write(.radiograph(), "1.2.840.7", in: folder)
      try write(.radiograph([Tag.patientID: "P2"]), "b.dcm", in: folder)
      try Data("No effusion.\n".utf8).write(to: folder.appendingPathComponent("1.2.840.7.txt"))
      try Data("FINDINGS: Clear lungs.\nIMPRESSION: Normal.".utf8).write(to: folder.appendingPathComponent("b.txt"))
      try Data("notes".utf8).write(to: folder.appendingPathComponent("other.txt"))
      let source = try list(folder).source
      let reports = Set(source.entries.map { $0.sections.map { "\($0.name): \($0.text)" } })
      #expect(reports == [["report: No effusion."], ["findings: Clear lungs.", "impression: Normal."]])
      #expect(source.exclusions.map(\.reason) == [.notDICOM])
    }
  }

  static let sentence = "Größe normal, no effusion – 2 cm scar."

  /// A report in one encoding.
  static let encodings: [(String, Data)] = {
    let text = "FINDINGS: \(sentence)\nIMPRESSION: Normal."
    let windows1252 = text.unicodeScalars.map { $0 == "–" ? 0x96 : UInt8(truncatingIfNeeded: $0.value) }
    func utf16(_ mark: [UInt8], isBigEndian: Bool) -> Data {
      Data(
        mark
          + text.utf16.flatMap { [UInt8($0 >> (isBigEndian ? 8 : 0) & 255), UInt8($0 >> (isBigEndian ? 0 : 8) & 255)] })
    }
    return [
      ("UTF-8", Data(text.utf8)), ("UTF-8 with a mark", Data([0xEF, 0xBB, 0xBF]) + Data(text.utf8)),
      ("Windows-1252", Data(windows1252)), ("UTF-16 LE", utf16([0xFF, 0xFE], isBigEndian: false)),
      ("UTF-16 BE", utf16([0xFE, 0xFF], isBigEndian: true)), ("UTF-16 LE, no mark", utf16([], isBigEndian: false)),
      ("UTF-16 BE, no mark", utf16([], isBigEndian: true)),
    ]
  }()

  @Test(arguments: encodings) func reportsAreReadInEveryEncoding(what: String, bytes: Data) throws {
    try DataFixtures.withFolder { folder in
      try write(.radiograph(), "a.dcm", in: folder)
      try bytes.write(to: folder.appendingPathComponent("a.txt"))
      let sections = try #require(try list(folder).source.entries.first).sections
      #expect(
        sections == [
          TextSection(name: "findings", text: Self.sentence), TextSection(name: "impression", text: "Normal."),
        ], "\(what)")
      // As a folder of images reads it.
      let images = folder.appendingPathComponent("images")
      try DataFixtures.writeImage(images.appendingPathComponent("a.png"), seed: 1)
      try bytes.write(to: images.appendingPathComponent("a.txt"))
      let caption = try FolderSource.list(images).entries.first?.sections.first?.text
      #expect(caption == "FINDINGS: \(Self.sentence)\nIMPRESSION: Normal.", "\(what)")
    }
  }

  @Test func reportsThatAreNoTextAreNamed() throws {
    try DataFixtures.withFolder { folder in
      try write(.radiograph(), "a.dcm", in: folder)
      for bytes in [
        Data([0, 1, 2, 0, 0]), Data(repeating: 65, count: TextFile.limit + 1), Data([0xFF, 0xFE, 0, 0xD8]),
      ] {
        try bytes.write(to: folder.appendingPathComponent("a.txt"))
        let source = try list(folder).source
        #expect(source.entries.map(\.sections) == [[]])
        #expect(source.exclusions.map(\.reason) == [.malformedReport])
      }
    }
  }

  /// What cannot be decoded is left out by a name for it, and nothing else of the tree with it.
  @Test(
    arguments: [
      ([Tag.photometric: "PALETTE COLOR"], [:], "PALETTE COLOR"),
      ([Tag.photometric: "RGB"], [Tag.samplesPerPixel: 3], "RGB"),
      ([:], [Tag.bitsAllocated: 32, Tag.bitsStored: 32, Tag.highBit: 31], "32 bits allocated"),
      ([:], [Tag.bitsAllocated: 1, Tag.bitsStored: 1, Tag.highBit: 0], "1 bits allocated"),
      ([Tag.rescaleSlope: "1", Tag.rescaleIntercept: "1e30"], [:], "leave no difference"),
      ([Tag.windowCenter: "90000", Tag.windowWidth: "10"], [:], "one grey"),
    ] as [([UInt32: String], [UInt32: Int], String)])
  func imagesThatAreNotReadAreLeftOutByName(
    elements: [UInt32: String], numbers: [UInt32: Int], detail: String
  ) throws {
    try DataFixtures.withFolder { folder in
      let tree = folder.appendingPathComponent("tree")
      try write(.radiograph(width: 40), "good", in: tree)
      try write(.radiograph(elements, numbers: numbers, width: 40), "odd", in: tree)
      let summary = try DatasetImport(
        list(tree).source, into: folder.appendingPathComponent("cxr"), options: DataFixtures.options()
      ).run()
      #expect(summary.imported == 1)
      let exclusion = try #require(summary.excluded.first { $0.reason == .unreadable })
      #expect(exclusion.detail.contains(detail), "\(exclusion.detail)")
    }
  }

  @Test func floatingPointPixelsAreLeftOutByName() throws {
    for tag in [0x7FE0_0008, 0x7FE0_0009] as [UInt32] {
      var builder = DICOMBuilder()
      for (tag, text) in [(Tag.modality, "DX"), (Tag.bodyPart, "CHEST")] { builder.text(tag, text) }
      builder.number(Tag.samplesPerPixel, 1)
      builder.text(Tag.photometric, "MONOCHROME2")
      for (tag, number) in [(Tag.rows, 2), (Tag.columns, 2), (Tag.bitsAllocated, 32)] as [(UInt32, UInt16)] {
        builder.number(tag, number)
      }
      builder.element(tag, "OF", [UInt8](repeating: 0, count: 16))
      let decoding = { try RadiographDecoding(builder.file, ImagePreprocessing(size: 16)) }
      #expect(throws: DICOMError.unsupported(detail: "floating-point pixel data")) { try decoding() }
    }
  }

  @Test func filesWithoutPreambleAreImported() throws {
    try DataFixtures.withFolder { folder in
      let bare = DICOMBuilder.radiograph([0x0008_0016: "1.2.840.10008.5.1.4.1.1.1"], width: 40)
      try Data(bare.bytes).write(to: folder.appendingPathComponent("bare"))
      try Data([8, 0, 0x16, 0, 2, 0, 0, 0]).write(to: folder.appendingPathComponent("stranger"))
      let listing = try list(folder)
      #expect(listing.source.entries.count == 1)
      #expect(listing.source.exclusions.map(\.reason) == [.notDICOM])
      let entry = try #require(listing.source.entries.first)
      let decoded = DecodedEntry(entry, preprocessing: ImagePreprocessing(size: 16), limits: .standard)
      #expect(decoded.image?.width == 40)
    }
  }

  @Test func headersLongerThanTheFirstPieceAreReadWhole() throws {
    try DataFixtures.withFolder { folder in
      var builder = DICOMBuilder()
      builder.element(0x0007_1010, "OB", [UInt8](repeating: 7, count: 3_000_000))
      builder.raw(DICOMBuilder.radiograph().bytes)
      try write(builder, "a", in: folder)
      #expect(try list(folder).source.entries.count == 1)
    }
  }

  @Test func linksOutOfTheTreeAreNotFollowed() throws {
    try DataFixtures.withFolder { folder in
      let tree = folder.appendingPathComponent("tree")
      try write(.radiograph(), "a", in: tree)
      try write(.radiograph([Tag.patientID: "P2"]), "outside", in: folder)
      try FileManager.default.createSymbolicLink(
        at: tree.appendingPathComponent("b"), withDestinationURL: folder.appendingPathComponent("outside"))
      let source = try list(tree).source
      #expect(source.entries.count == 1)
      #expect(source.exclusions.map(\.reason) == [.outsideSource])
    }
  }

  @Test func aTreeWithoutDICOMIsRefused() throws {
    try DataFixtures.withFolder { folder in
      #expect(throws: DatasetError.sourceEmpty(path: folder.path, expected: "DICOM files")) { try list(folder) }
      try Data("x".utf8).write(to: folder.appendingPathComponent("notes.md"))
      #expect(throws: DatasetError.sourceEmpty(path: folder.path, expected: "DICOM files")) { try list(folder) }
      let missing = folder.appendingPathComponent("missing")
      let error = DatasetError.sourceMissing(
        path: missing.path, remedy: "name the folder that holds the unpacked source")
      #expect(throws: error) { try list(missing) }
    }
  }

  @Test func importingAgainAddsNothing() throws {
    try DataFixtures.withFolder { folder in
      let tree = folder.appendingPathComponent("tree")
      for number in 0..<5 {
        try write(.radiograph([Tag.patientID: "P\(number)"], width: 30 + number), "\(number)", in: tree)
      }
      let dataset = folder.appendingPathComponent("cxr")
      for (imported, before) in [(5, 0), (0, 5)] {
        let key = try PatientKey.of(dataset: dataset)
        let source = try DICOMSource.list(tree, key: key).source
        let summary = try DatasetImport(source, into: dataset, options: DataFixtures.options()).run(
          willCommit: { try key.store() })
        #expect(summary.imported == imported && summary.alreadyThere == before)
      }
      // Pixels rise from black to white.
      let data = try RadiographDataset.open(dataset)
      let record = try #require(try data.records(matching: .everything).first)
      let image = try data.image(of: record)
      #expect(image.pixels.first == 0 && image.pixels.last == 255)
    }
  }

  @Test func aReportBesideAFileIsFoundHoweverItIsSpelt() throws {
    for (file, report) in [
      ("a.dcm", "a.txt"), ("a.dcm", "a.dcm.txt"), ("a", "a.txt"), ("A.DCM", "a.TXT"), ("\u{E9}.dcm", "e\u{301}.txt"),
    ] {
      try DataFixtures.withFolder { folder in
        try DICOMBuilder.radiograph().file.write(to: URL(fileURLWithPath: folder.path + "/" + file))
        try DataFixtures.write("FINDINGS: Clear lungs.", to: URL(fileURLWithPath: folder.path + "/" + report))
        let source = try list(folder).source
        #expect(source.entries.map { $0.sections.map(\.text) } == [["Clear lungs."]], "\(file) \(report)")
        #expect(source.exclusions.isEmpty)
      }
    }
  }
}
