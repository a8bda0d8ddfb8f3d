import DelimitedText
import Foundation
import Generation
import RadiologyReports
import Support

/// The table that a batch is made from: a column `prompt`, `seed` if wanted, and any others, which the table of labels
/// gives back.
struct BatchTable: Codable, Sendable, Equatable {
  var columns: [String]
  var rows: [[String]]

  /// Reads CSV as `thorax generate --prompts` does.
  ///
  /// - Throws: ``APIError`` with `invalid_table`.
  static func read(_ data: Data) throws(APIError) -> (table: BatchTable, entries: [DrawingRequest.Entry]) {
    do {
      let entries = try PromptsFile.parse(data, path: "table.csv")
      let format = DelimitedFormat(delimiter: UInt8(ascii: ","), quotes: .strict, encodings: .utf8)
      let table = try DelimitedTable(data, format: format)
      let own: Set<String> = ["prompt", "seed", "output"]
      let kept = table.columns.indices.filter { !own.contains(table.columns[$0].lowercased()) }
      var rows: [[String]] = []
      var reader = table.rows()
      while let row = try reader.next() { rows.append(kept.map { row.count > $0 ? row[$0] : "" }) }
      guard rows.count == entries.count else {
        throw APIError(.invalidTable, "the table has rows without a prompt: give each one")
      }
      return (
        BatchTable(columns: kept.map { table.columns[$0] }, rows: rows),
        entries.map { DrawingRequest.Entry(prompt: $0.prompt, seed: $0.seed) }
      )
    } catch let error as APIError {
      throw error
    } catch {
      throw APIError(.invalidTable, "\(error)".onOneLine(limit: 300))
    }
  }
}

/// The table of labels that goes with the images of a job.
struct LabelTable {
  /// CSV with a row for each image: its file, how it was drawn, the columns of the batch's table, and what the prompt says
  /// of CheXpert's fourteen findings (1 present, 0 absent, -1 uncertain, empty not mentioned), by the same rules that label
  /// reports. The labels are those of the text: whether the image shows them is another matter. A column of the batch's table
  /// that has the name of one of ours is `table.` and that name.
  ///
  /// - Throws: `VocabularyError` if the rules cannot be read.
  static func csv(_ job: Job, images: [JobImage], table: BatchTable?) throws -> String {
    let labeller = try FindingLabeller.standard()
    let request = RequestFacts(job.request)
    let facts = ["file", "prompt", "seed", "model", "steps", "guidance", "sampler", "sha256"]
    let findings = Finding.allCases.map(\.rawValue)
    let own = Set((facts + findings).map { $0.lowercased() })
    let given = (table?.columns ?? []).map { own.contains($0.lowercased()) ? "table.\($0)" : $0 }
    let header = facts + given.map(CSVLine.typed) + findings
    var lines = [CSVLine.of(header)]
    for image in images {
      let labels = labeller.label(image.prompt)
      let row = table.map { $0.rows[safely: image.index / max(1, job.images / max(1, $0.rows.count))] ?? [] } ?? []
      let padding = [String](repeating: "", count: max(0, (table?.columns.count ?? 0) - row.count))
      lines.append(
        CSVLine.of(
          [
            fileName(image.index), CSVLine.typed(image.prompt), "\(image.seed)", job.model, request.steps,
            request.guidance,
            request.sampler, image.hashes["png"] ?? "",
          ] + row.map(CSVLine.typed) + padding + Finding.allCases.map { text(labels[$0]) }))
    }
    return lines.joined()
  }

  /// The name of an image in the archive.
  static func fileName(_ index: Int) -> String { "images/\(String(format: "%04d", index)).png" }

  private static func text(_ state: FindingState) -> String {
    switch state {
    case .positive: "1"
    case .negative: "0"
    case .uncertain: "-1"
    case .unmentioned: ""
    }
  }

  private struct RequestFacts {
    var steps = ""
    var guidance = ""
    var sampler = ""

    init(_ json: String) {
      guard let document = try? JSONDocument(parsing: Array(json.utf8)) else { return }
      steps = document["steps"]?.integer.map { "\($0)" } ?? ""
      if case .number(let value) = document["guidance"] { guidance = "\(value)" }
      sampler = document["sampler"]?.string ?? ""
    }
  }
}

extension Array {
  fileprivate subscript(safely index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
