import Foundation
import RadiologyReports

/// A study of the Indiana University collection, as `indiana_reports.csv` has it.
public struct AnnotatedStudy: Sendable {
  public enum Half: String, Sendable, CaseIterable {
    /// The half that rules may be tuned on.
    case tuning
    /// The half whose figures are reported.
    case reported
  }

  public let uid: String
  /// Findings and impression, those that are there.
  public let sections: [ReportSection]
  /// The terms of the column `MeSH`, each a path such as `Pleural Effusion/left/small`, in lower case.
  public let terms: [[String]]

  /// The half that the study belongs to, by its `uid` alone.
  public var half: Half { Self.half(of: uid) }

  /// FNV-1a of the seed and the uid, its bits mixed by SplitMix64's finaliser; the lowest bit decides.
  public static func half(of uid: String, seed: Int = 0) -> Half {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in "thorax-labels-\(seed)/\(uid)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return (hash ^ (hash >> 31)) & 1 == 0 ? .tuning : .reported
  }

  /// The studies that can be measured on, and how many cannot: those without text, and those that were not annotated.
  public static func read(_ url: URL) throws -> (studies: [AnnotatedStudy], withoutText: Int, unannotated: Int) {
    let table = CommaSeparated.rows(String(decoding: try Data(contentsOf: url), as: UTF8.self))
    guard let header = table.first else { throw MeasurementInputError.missingColumn("uid", path: url.path) }
    var columns: [String: Int] = [:]
    for name in ["uid", "MeSH", "findings", "impression"] {
      guard let index = header.firstIndex(of: name) else {
        throw MeasurementInputError.missingColumn(name, path: url.path)
      }
      columns[name] = index
    }
    var studies: [AnnotatedStudy] = []
    var (withoutText, unannotated) = (0, 0)
    for row in table.dropFirst() {
      func cell(_ name: String) -> String {
        guard let index = columns[name], index < row.count else { return "" }
        return row[index].trimmingCharacters(in: .whitespacesAndNewlines)
      }
      let sections = [(ReportSection.Name.findings, cell("findings")), (.impression, cell("impression"))]
        .filter { !$0.1.isEmpty }.map { ReportSection(name: $0.0, text: $0.1) }
      let terms = cell("MeSH").lowercased().split(separator: ";").map { term in
        term.split(separator: "/").map { $0.trimmingCharacters(in: .whitespaces) }
      }
      if terms.contains(["no indexing"]) || terms.isEmpty {
        unannotated += 1
      } else if sections.isEmpty {
        withoutText += 1
      } else {
        studies.append(AnnotatedStudy(uid: cell("uid"), sections: sections, terms: terms))
      }
    }
    return (studies, withoutText, unannotated)
  }
}

/// What can be wrong with the table of studies.
public enum MeasurementInputError: Error, Sendable, Equatable, CustomStringConvertible {
  case missingColumn(String, path: String)

  public var description: String {
    switch self {
    case .missingColumn(let name, let path):
      "no column \(name) in \(path): give indiana_reports.csv as its publisher ships it"
    }
  }
}

/// Comma-separated values (RFC 4180).
enum CommaSeparated {
  static func rows(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var cell: [UInt8] = []
    var quoted = false
    var previousWasQuote = false
    func take() -> String { String(decoding: cell, as: UTF8.self) }
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") {
        if !quoted, previousWasQuote { cell.append(byte) }
        quoted.toggle()
        previousWasQuote = !quoted
        continue
      }
      previousWasQuote = false
      switch byte {
      case UInt8(ascii: ",") where !quoted:
        row.append(take())
        cell = []
      case UInt8(ascii: "\n") where !quoted:
        row.append(take())
        rows.append(row)
        (row, cell) = ([], [])
      case UInt8(ascii: "\r") where !quoted: break
      default: cell.append(byte)
      }
    }
    if !cell.isEmpty || !row.isEmpty { rows.append(row + [take()]) }
    return rows
  }
}
