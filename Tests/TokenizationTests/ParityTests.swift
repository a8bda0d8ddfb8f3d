import Foundation
import TestBasics
import Testing

@testable import Tokenization

/// The identifiers of Hugging Face `tokenizers`, for texts of every kind.
@Suite struct ParityTests {
  @Test func tenThousandGeneratedStringsHaveTheSameIdentifiers() throws {
    let (uncased, cased) = try Golden.tokenizers.get()
    let rows = try Golden.rows("generated.tsv")
    #expect(rows.count == 1_000)
    for (line, row) in rows.enumerated() {
      let strings = (line * 10..<line * 10 + 10).map { GeneratedStrings.codeUnits(of: $0) }
      var units = Digest()
      for string in strings {
        units.add([string.count])
        units.add(string.map(Int.init))
      }
      try #require(units.description == row[0], "the generators differ at strings \(line * 10)...")
      let texts = strings.map { (text: String(decoding: $0, as: UTF16.self), limit: 24) }
      #expect(try uncased.digest(of: texts) == row[1], "uncased, strings \(line * 10)...")
      #expect(try cased.digest(of: texts) == row[2], "cased, strings \(line * 10)...")
    }
  }

  @Test(.slow, .tags(.slow)) func everyAssignedScalarIsNormalisedAndSplitTheSame() throws {
    let configurations = [
      BertNormalizer(stripsAccents: true, lowercases: true),
      BertNormalizer(stripsAccents: false, lowercases: false),
      BertNormalizer(cleansText: false, separatesChineseCharacters: false, stripsAccents: true, lowercases: false),
      BertNormalizer(cleansText: false, separatesChineseCharacters: false, stripsAccents: false, lowercases: true),
    ]
    let rows = try Golden.rows("scalars.tsv")
    #expect(rows.count == 52)
    for row in rows {
      let line = try #require(Int(row[0]))
      var scalars: [UInt32] = []
      for scalar in UInt32(line * 4096)..<UInt32(line * 4096 + 4096) where !(0xD800...0xDFFF).contains(scalar) {
        scalars += [0x61, scalar, 0x62, scalar, 0x327, 0x20]
      }
      for (configuration, expected) in zip(configurations, row.dropFirst()) {
        let normalized = configuration.normalize(scalars, in: scalars.indices).scalars
        var digest = Digest()
        for word in BertPreTokenizer.words(in: normalized) {
          digest.add([word.count])
          digest.add(normalized[word].lazy.map(Int.init))
        }
        #expect(
          digest.description == expected, "\(configuration), scalars from U+\(String(line * 4096, radix: 16))")
      }
    }
  }

  @Test(.slow, .tags(.slow)) func aMegabyteOfOneLetterAndItsLikeHaveTheSameIdentifiers() throws {
    let (uncased, cased) = try Golden.tokenizers.get()
    let texts = [
      String(repeating: "a", count: 1 << 20), String(repeating: "\u{E9}", count: 1 << 20),
      "e" + String(repeating: "\u{323}\u{301}", count: 1 << 18), String(repeating: "\u{6C34}", count: 1 << 18),
      String(repeating: "word ", count: 1 << 17),
    ]
    for (text, row) in zip(texts, try Golden.rows("long.tsv")) {
      #expect(try uncased.digest(of: [(text, 256)]) == row[0])
      #expect(try cased.digest(of: [(text, 256)]) == row[1])
    }
  }

  // Enabled where the reports are: their licence allows no copy in the repository, only the hashes of their tokens.
  @Test(.slow, .tags(.slow), .enabled(if: Golden.reports != nil, "needs the IU reports in THORAX_SHARED or ../shared"))
  func everySentenceOfTheReportsInCSVHasTheSameIdentifiers() throws {
    let file = try #require(Golden.reports).appendingPathComponent("indiana_reports.csv")
    let table = csvRows(try Data(contentsOf: file))
    let header = table[0]
    let columns = try ["indication", "comparison", "findings", "impression"].map { name in
      try #require(header.firstIndex(of: name))
    }
    let reports = table.dropFirst().map { row in (name: row[0], fields: columns.map { row[$0] }) }
    try expectIdentifiers(of: reports, golden: "iu-csv.tsv")
  }

  @Test(.slow, .tags(.slow), .enabled(if: Golden.reports != nil, "needs the IU reports in THORAX_SHARED or ../shared"))
  func everySentenceOfTheReportsInXMLHasTheSameIdentifiers() throws {
    let archive = try #require(Golden.reports).appendingPathComponent("NLMCXR_reports.tgz")
    let extraction = Process()
    extraction.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    extraction.arguments = ["tar", "-xzOf", archive.path]
    let pipe = Pipe()
    extraction.standardOutput = pipe
    try extraction.run()
    let documents = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    extraction.waitUntilExit()
    let rows = try Golden.rows("iu-xml.tsv")
    // The archive's members one after another, each with one XML declaration.
    let reports = zip(rows, documents.components(separatedBy: "<?xml").dropFirst()).map { row, document in
      (name: row[0], fields: abstractTexts(in: document))
    }
    try expectIdentifiers(of: reports, golden: "iu-xml.tsv")
  }

  private func expectIdentifiers(of reports: [(name: String, fields: [String])], golden: String) throws {
    let (uncased, cased) = try Golden.tokenizers.get()
    let rows = try Golden.rows(golden)
    #expect(rows.count == reports.count)
    for (row, report) in zip(rows, reports) {
      try #require(row[0] == report.name)
      let sentences = report.fields.flatMap { $0.components(separatedBy: ". ").filter { !$0.isEmpty } }
      let texts = report.fields.map { (text: $0, limit: 256) } + sentences.map { (text: $0, limit: 12) }
      #expect(try uncased.digest(of: texts) == row[1], "uncased, report \(report.name)")
      #expect(try cased.digest(of: texts) == row[2], "cased, report \(report.name)")
    }
  }

  /// The contents of the elements `AbstractText`, entities as they stand.
  private func abstractTexts(in document: String) -> [String] {
    document.components(separatedBy: "<AbstractText").dropFirst().compactMap { part in
      guard let tagEnd = part.firstIndex(of: ">"), tagEnd == part.startIndex || part[part.index(before: tagEnd)] != "/"
      else { return nil }
      return part[part.index(after: tagEnd)...].components(separatedBy: "</AbstractText>").first
    }
  }

  /// RFC 4180.
  private func csvRows(_ data: Data) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    var wasQuote = false
    for byte in data {
      if isQuoted {
        if byte == UInt8(ascii: "\"") { (isQuoted, wasQuote) = (false, true) } else { field.append(byte) }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        if wasQuote { field.append(byte) }
        isQuoted = true
      case UInt8(ascii: ","), UInt8(ascii: "\n"):
        row.append(String(decoding: field, as: UTF8.self))
        field = []
        if byte == UInt8(ascii: "\n") {
          rows.append(row)
          row = []
        }
      case UInt8(ascii: "\r"): break
      default: field.append(byte)
      }
      wasQuote = false
    }
    return rows
  }
}
