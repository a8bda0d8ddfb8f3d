import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct SourceArchiveTests {
  private func files(_ bytes: Data, limits: TarReader.Limits = .init()) throws -> [String] {
    try DataFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a.tgz")
      try bytes.write(to: url)
      var reader = try TarReader(url, limits: limits)
      var found: [String] = []
      while let entry = try reader.next(where: { !$0.hasSuffix("/") }) {
        switch entry {
        case .file(let name, let content): found.append("\(name)=\(String(decoding: content, as: UTF8.self))")
        case .outside(let name): found.append("outside \(name)")
        case .tooLarge(let name): found.append("large \(name)")
        }
      }
      return found
    }
  }

  private let long = "folder/" + String(repeating: "n", count: 150) + ".xml"

  @Test(arguments: [true, false])
  func filesComeInOrderWithLongNames(isPacked: Bool) throws {
    let bytes = SourceFixtures.tar([
      .init("folder/", "", kind: "5"), .init("folder/a.xml", "one"), .init("././@LongLink", long + "\0", kind: "L"),
      .init("short", "two"), .init("pax", "\(long.utf8.count + 10) path=\(long)\n", kind: "x"),
      .init("other", "three"), .init("link.xml", "", kind: "2"), .init("b.xml", ""),
    ])
    #expect(
      try files(isPacked ? SourceFixtures.gzip(bytes) : Data(bytes))
        == ["folder/a.xml=one", "\(long)=two", "\(long)=three", "b.xml="])
  }

  @Test func twoMembersAreOneFile() throws {
    let bytes = SourceFixtures.tar([.init("a.xml", "one"), .init("b.xml", "two")])
    let packed = SourceFixtures.gzip(Array(bytes[..<700])) + SourceFixtures.gzip(Array(bytes[700...]))
    #expect(try files(packed) == ["a.xml=one", "b.xml=two"])
    #expect(try files(packed + Data(count: 100)) == ["a.xml=one", "b.xml=two"])
  }

  @Test func namesThatLeadOutAreRefused() throws {
    let bytes = SourceFixtures.tar([
      .init("../../etc/passwd", "x"), .init("/etc/passwd", "x"), .init("a/../../b", "x"), .init("good", "y"),
    ])
    #expect(
      try files(Data(bytes)) == ["outside ../../etc/passwd", "outside /etc/passwd", "outside a/../../b", "good=y"])
  }

  /// Every length below the whole is an error, whichever layer notices it first.
  @Test(arguments: [true, false])
  func archivesThatAreCutOffAreRefused(isPacked: Bool) throws {
    let text = (0..<400).map { "\($0 &* 2_654_435_761 % 9973)" }.joined(separator: " ")
    let bytes = SourceFixtures.tar([.init("a.xml", text), .init("b.xml", "two")])
    let whole = isPacked ? SourceFixtures.gzip(bytes) : Data(bytes.dropLast(1024))
    for length in stride(from: 0, to: whole.count, by: max(1, whole.count / 40)) {
      #expect { try files(whole.prefix(length)) } throws: { DataFixtures.caseName($0) == "malformedArchive" }
    }
    #expect { try files(whole.dropLast()) } throws: { DataFixtures.caseName($0) == "malformedArchive" }
  }

  @Test func damageIsNoticed() throws {
    var bytes = SourceFixtures.tar([.init("a.xml", "one")])
    bytes[3] ^= 1
    #expect { try files(Data(bytes)) } throws: { "\($0)".contains("entry 1 has a damaged header") }
    var packed = SourceFixtures.gzip(SourceFixtures.tar([.init("a.xml", "one")]))
    packed[packed.count - 6] ^= 1
    #expect { try files(packed) } throws: { "\($0)".contains("damaged") }
    #expect { try files(packed.dropLast(8) + Data("rest".utf8)) } throws: { "\($0)".contains("a.tgz") }
  }

  @Test func bombsAreStopped() throws {
    let zeros = [UInt8](repeating: 0, count: 3 << 20)
    let bomb = SourceFixtures.gzip(SourceFixtures.header("a.xml", size: zeros.count) + zeros)
    #expect(bomb.count < 10_000)
    var limits = TarReader.Limits()
    limits.totalBytes = 1 << 20
    limits.fileBytes = 1 << 10
    #expect { try files(bomb, limits: limits) } throws: { "\($0)".contains("unpacks to more than 1048576 bytes") }
    // A size that no disk has is refused before anything of it is read.
    #expect { try files(Data(SourceFixtures.header("b.bin", size: 0o7_777_777_777))) } throws: { error in
      guard case .malformedArchive = error as? DatasetError else { return false }
      return true
    }
    limits = TarReader.Limits()
    limits.entries = 10
    let many = SourceFixtures.tar((0..<20).map { .init("\($0)", "") })
    #expect { try files(Data(many), limits: limits) } throws: { "\($0)".contains("more than 10 entries") }
    try DataFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("t.csv.gz")
      try SourceFixtures.gzip(zeros).write(to: url)
      #expect { try GzipReader.contents(of: url, limit: 1 << 20) } throws: { "\($0)".contains("more than 1048576") }
    }
  }

  @Test func reportsAreReadWhole() throws {
    let report = try OpenIReport(
      Array(
        SourceFixtures.report(
          12, findings: "Size &lt; 3 cm &amp; <b>calcified</b> nodule.", major: ["Nodule/lung/upper lobe", "Opacity"]
        ).utf8))
    #expect(report.uid == "CXR12" && report.number == "12")
    #expect(report.sections[1] == TextSection(name: "findings", text: "Size < 3 cm & calcified nodule."))
    let plain = try OpenIReport(Array(SourceFixtures.report(12, findings: "Size &lt; 3 cm\n &amp; round.").utf8))
    #expect(
      plain.sections == [
        TextSection(name: "comparison", text: "None."), TextSection(name: "findings", text: "Size < 3 cm\n & round."),
        TextSection(name: "impression", text: "Nothing acute."),
      ])
    #expect(report.majorHeadings == ["Nodule/lung/upper lobe", "Opacity"] && report.automaticHeadings == ["Chest"])
    #expect(IndianaCollection.labels(report.majorHeadings).keys.sorted() == ["Nodule", "Opacity"])
    #expect(report.images.map(\.caption) == ["Two views", "Two views"])
  }

  /// Two thousand million letters of a few lines, a file of the system, an address: each refused at the declaration.
  @Test(arguments: [
    "<!DOCTYPE x [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>",
    "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>", "<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\">",
    "<!DOCTYPE x>",
  ])
  func entitiesAreRefused(declaration: String) {
    #expect {
      try OpenIReport(Array(SourceFixtures.report(1, findings: "&a;", declaration: declaration).utf8))
    } throws: {
      ($0 as? XMLEvents.SyntaxError)?.reason == "it declares a document type, where entities hide"
    }
  }

  @Test func brokenDocumentsAreRefused() {
    let whole = Array(SourceFixtures.report(1).utf8)
    for length in stride(from: 0, to: whole.count - 1, by: 13) {
      #expect(throws: XMLEvents.SyntaxError.self) { try OpenIReport(Array(whole[..<length])) }
    }
    let deep = String(repeating: "<a>", count: 200_000)
    #expect(throws: XMLEvents.SyntaxError(line: 1, reason: "its elements are nested more than 100 deep")) {
      try OpenIReport(Array(deep.utf8))
    }
    #expect(throws: XMLEvents.SyntaxError(line: 1, reason: "it has no uId")) { try OpenIReport(Array("<a/>".utf8)) }
    #expect(throws: XMLEvents.SyntaxError.self) { try OpenIReport([0x3C, 0x61, 0x3E, 0xFF, 0xFE, 0x3C, 0x2F]) }
  }

  @Test(arguments: [
    ("CXR2_IM-0652-1001", "2_IM-0652-1001"), ("CXR1_1_IM-0001-3001.png", "1_IM-0001-3001"),
    ("images/2_IM-0652-1001.dcm.png", "2_IM-0652-1001"), ("2/2_IM-0652-1001.dcm", "2_IM-0652-1001"),
    ("CXR5_IM-2117-1003002.JPG", "5_IM-2117-1003002"),
  ])
  func imagesOfAllEditionsHaveOneKey(name: String, key: String) {
    #expect(IndianaCollection.imageKey(name) == key)
  }

  @Test(arguments: ["", "logo.png", "IM-1.png", "x_IM-1.png", "1_2_IM-0001.png", "1_CT-1.png"])
  func otherNamesHaveNone(name: String) {
    #expect(IndianaCollection.imageKey(name) == nil)
  }
}
