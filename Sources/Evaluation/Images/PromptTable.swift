import DelimitedText
import Foundation
import Support

/// A table that says what images show, as CheXGenBench has it (Dutt et al., arXiv:2505.10496): `prompt` and
/// `img_savename` for drawn images; `path`, `annotated_prompt`, `chexpert_labels` for real ones.
public struct PromptTable: Sendable {
  public struct Row: Sendable, Equatable {
    /// The image's path below its folder.
    public var image: String
    public var facts: ImageFacts

    public init(image: String, facts: ImageFacts) {
      self.image = image
      self.facts = facts
    }
  }

  /// The names of the benchmark's columns for drawn images, exactly.
  public static let columns = (prompt: "prompt", image: "img_savename")

  public let path: String
  public let rows: [Row]

  public init(path: String, rows: [Row]) {
    self.path = path
    self.rows = rows
  }

  /// Reads a table.
  ///
  /// - Throws: ``MeasurementError/missing(path:)``, or ``MeasurementError/table(path:reason:)`` for a table without a
  ///   column of images or of prompts, or with a row that has none.
  public init(contentsOf path: String) throws(MeasurementError) {
    guard FileManager.default.fileExists(atPath: path) else { throw .missing(path: path) }
    self.path = path
    do {
      rows = try Self.rows(of: DelimitedTable(contentsOf: path), path: path)
    } catch let error as MeasurementError {
      throw error
    } catch {
      throw .table(path: path, reason: "\(error)")
    }
  }

  private static func rows(of table: DelimitedTable, path: String) throws -> [Row] {
    try table.requireDistinctColumns()
    guard let image = table.index(of: columns.image, "path", "image") else {
      throw MeasurementError.table(path: path, reason: "no column 'img_savename': name the column of image files so")
    }
    let prompt = table.index(of: columns.prompt, "annotated_prompt")
    let labels = table.index(of: "chexpert_labels")
    let patient = table.index(of: "subject_id", "patient")
    let seed = table.index(of: "seed")
    guard prompt != nil || labels != nil else {
      throw MeasurementError.table(path: path, reason: "no column 'prompt': name the column of texts so")
    }
    var reader = table.rows()
    var rows: [Row] = []
    var seen: Set<String> = []
    while let row = try reader.next() {
      guard !row.isRagged(columns: table.columns.count) else {
        throw MeasurementError.table(
          path: path,
          reason:
            "line \(row.line) has \(row.count.of("cell")) where the first has \(table.columns.count): quote texts "
            + "that hold commas")
      }
      guard let name = row.text(image) else {
        throw MeasurementError.table(path: path, reason: "line \(row.line) names no image: fill in 'img_savename'")
      }
      guard seen.insert(name).inserted else {
        throw MeasurementError.table(
          path: path, reason: "line \(row.line) names \(name.onOneLine(limit: 80)) again: give each image one line")
      }
      guard prompt == nil || labels != nil || row.text(prompt) != nil else {
        throw MeasurementError.table(
          path: path, reason: "line \(row.line) has no prompt: say what the image was asked to show")
      }
      let findings = try row.text(labels).map { text in
        guard let findings = Self.positives(text) else {
          throw MeasurementError.table(
            path: path,
            reason: "line \(row.line): the labels \(text.onOneLine(limit: 60)) are not of the form {'Pneumonia': 1.0}")
        }
        return findings
      }
      rows.append(
        Row(
          image: name,
          facts: ImageFacts(
            prompt: row.text(prompt), labels: findings, patient: row.text(patient),
            seed: row.text(seed).flatMap { UInt64($0) })))
    }
    guard !rows.isEmpty else { throw MeasurementError.table(path: path, reason: "it has no rows: give one an image") }
    return rows
  }

  /// The findings at 1 of a Python dictionary as the benchmark writes it: `{'Pneumonia': 1.0, 'Fracture': nan}`; nil if the
  /// text is none.
  static func positives(_ text: String) -> [String]? {
    guard text.hasPrefix("{"), text.hasSuffix("}") else { return nil }
    var findings: [String] = []
    for entry in text.dropFirst().dropLast().split(separator: ",") {
      let parts = entry.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
      let quotes = CharacterSet(charactersIn: "'\"")
      guard parts.count == 2, let value = Double(parts[1]) else { return nil }
      let name = parts[0].trimmingCharacters(in: quotes)
      guard !name.isEmpty, parts[0].count == name.count + 2 else { return nil }
      if value == 1 { findings.append(name) }
    }
    return findings.sorted()
  }

  /// A cell of a table, in quotes if it needs them (RFC 4180).
  static func cell(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }

  /// The table with the benchmark's two columns, RFC 4180.
  public var csv: String {
    let lines = rows.map { "\(Self.cell($0.facts.prompt ?? "")),\(Self.cell($0.image))" }
    return (["\(Self.columns.prompt),\(Self.columns.image)"] + lines).joined(separator: "\n") + "\n"
  }
}
