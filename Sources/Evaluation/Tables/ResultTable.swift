import Foundation
import Support

/// A figure in a table of the article, with the article's claim beside it.
public struct ArticleCell: Sendable, Codable, Equatable {
  public var value: Double?
  public var n: Int?
  public var ci95: [Double]?
  public var real: Double?
  public var realInterval: [Double]?
  public var how: String?
  /// What the article says.
  public var claim: String?

  enum CodingKeys: String, CodingKey {
    case value, n, ci95, real, how, claim
    case realInterval = "real_ci95"
  }

  public init(_ figure: MeasuredFigure?, claim: String?) {
    value = figure.flatMap { $0.value.isFinite ? $0.value : nil }
    n = figure?.count
    ci95 = figure?.interval.map { [$0.lowerBound, $0.upperBound] }
    real = figure?.real
    realInterval = figure?.realInterval.map { [$0.lowerBound, $0.upperBound] }
    how = figure?.how
    self.claim = claim
  }

  /// ``real`` and its interval as a table has them; empty without.
  var realText: String { real.map { MeasuredFigure.text($0) + Self.text(realInterval) } ?? "" }

  /// An interval in brackets, after a blank; empty without.
  static func text(_ interval: [Double]?) -> String {
    interval.map { " (\($0.map(MeasuredFigure.text).joined(separator: " to ")))" } ?? ""
  }
}

/// The article's tables: which figure of ours stands in which row, and what the article claims there. The rows are data:
/// `Resources/article.json`.
public struct ArticleTables: Sendable, Decodable {
  public struct Row: Sendable, Decodable {
    public var name: String
    public var claim: String?
    /// The names of our figures that belong here, the first that was measured counts.
    public var figures: [String]?
  }

  public struct Table: Sendable, Decodable {
    /// `table3`, ...
    public var id: String
    public var title: String
    /// What the article leaves open, or the command that measures the table.
    public var note: String?
    public var rows: [Row]
  }

  public var tables: [Table]

  public static func standard() throws -> ArticleTables {
    try JSONDecoder().decode(ArticleTables.self, from: Data(PackageResources.article_json))
  }

  /// The cells by table and row; rows of which nothing was measured hold the claim alone.
  public func cells(_ figures: [MeasuredFigure]) -> [String: [String: ArticleCell]] {
    let known = Dictionary(figures.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return Dictionary(
      uniqueKeysWithValues: tables.map { table in
        let cells = table.rows.map { row in
          (row.name, ArticleCell(row.figures?.lazy.compactMap { known[$0] }.first, claim: row.claim))
        }
        return (table.id, Dictionary(cells, uniquingKeysWith: { first, _ in first }))
      })
  }

  /// The end of a report in Markdown: all tables, under a heading.
  ///
  /// - Throws: `DecodingError` if the program was built wrongly.
  public static func section(_ figures: [MeasuredFigure]) throws -> String {
    let tables = try standard()
    return "\n## The article's tables\n\n" + tables.markdown(tables.cells(figures))
  }

  /// Writes the tables into a report's object, as its members `table3`, `table4`, ...
  static func encode(_ figures: [MeasuredFigure], into values: inout KeyedEncodingContainer<ReportKey>) throws {
    for (name, cells) in try standard().cells(figures) { try values.encode(cells, forKey: ReportKey(name)) }
  }

  /// The tables as Markdown, from the cells of a report.
  public func markdown(_ cells: [String: [String: ArticleCell]]) -> String {
    var lines: [String] = []
    for table in tables {
      let values = cells[table.id] ?? [:]
      guard table.rows.contains(where: { values[$0.name] != nil }) else { continue }
      lines += ["### \(table.title)", "", "| | ours | real | n | the article's claim |", "|---|---|---|---|---|"]
      lines += table.rows.map { row in
        let cell = values[row.name]
        let value = cell?.value.map { MeasuredFigure.text($0) + ArticleCell.text(cell?.ci95) } ?? "not measured"
        return "| \(row.name) | \(value) | \(cell?.realText ?? "") | "
          + "\(cell?.n.map { "\($0)" } ?? "") | \(row.claim ?? "") |"
      }
      if let note = table.note { lines += ["", note] }
      lines.append("")
    }
    return lines.joined(separator: "\n")
  }
}

extension ArticleTables {
  private struct Report: Decodable {
    /// By the names of the members that hold a table.
    var cells: [String: [String: ArticleCell]]

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: ReportKey.self)
      cells = Dictionary(
        uniqueKeysWithValues: try values.allKeys.filter { $0.stringValue.hasPrefix("table") }.map {
          ($0.stringValue, try values.decode([String: ArticleCell].self, forKey: $0))
        })
    }
  }

  /// The cells of a `report.json`.
  ///
  /// - Throws: ``MeasurementError/missing(path:)``, ``MeasurementError/report(path:reason:)``.
  public func cells(ofReport path: String) throws(MeasurementError) -> [String: [String: ArticleCell]] {
    guard FileManager.default.fileExists(atPath: path) else { throw .missing(path: path) }
    guard let data = try? BoundedFile.contents(of: path),
      let report = try? JSONDecoder().decode(Report.self, from: data)
    else { throw .report(path: path, reason: "it is no report of an evaluation: give report.json of its folder") }
    let found = report.cells.filter { name, _ in tables.contains { $0.id == name } }
    guard !found.isEmpty else {
      throw .report(path: path, reason: "it holds no table of the article: give report.json of an evaluation")
    }
    return found
  }
}
