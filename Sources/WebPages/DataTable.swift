/// A table with a caption, column headers, and a header in every row.
public struct DataTable: Sendable {
  public struct Column: Sendable {
    public var title: String
    /// Numbers are aligned at the right, digit below digit.
    public var isNumeric: Bool

    public init(_ title: String, isNumeric: Bool = false) {
      self.title = title
      self.isNumeric = isNumeric
    }

    public static func number(_ title: String) -> Column { Column(title, isNumeric: true) }
  }

  public struct Row: Sendable {
    /// The first cell heads the row.
    public var cells: [HTML]
    public var isBest: Bool

    public init(_ cells: [HTML], isBest: Bool = false) {
      self.cells = cells
      self.isBest = isBest
    }

    public init(_ cells: [String], isBest: Bool = false) {
      self.init(cells.map(HTML.init(escaping:)), isBest: isBest)
    }
  }

  public var caption: String
  public var columns: [Column]
  public var rows: [Row]

  public init(caption: String, columns: [Column], rows: [Row]) {
    self.caption = caption
    self.columns = columns
    self.rows = rows
  }

  /// The table, which a narrow screen scrolls sideways, also from the keyboard; nothing where there are no rows.
  public func html() -> HTML {
    guard !rows.isEmpty else { return .empty }
    let heads = columns.map { "<th scope=\"col\"\(Self.style($0))>\($0.title)</th>" as HTML }
    let body = rows.map { row -> HTML in
      let cells = zip(columns, row.cells).enumerated().map { index, item -> HTML in
        let (column, cell) = item
        return index == 0
          ? "<th scope=\"row\"\(Self.style(column))>\(cell)</th>" : "<td\(Self.style(column))>\(cell)</td>"
      }
      return "<tr\(row.isBest ? " class=\"best\"" as HTML : .empty)>\(cells)</tr>\n"
    }
    return """
      <div class="scroll" role="region" tabindex="0" aria-label="\(caption)">
      <table><caption><span>\(caption)</span></caption>
      <thead><tr>\(heads)</tr></thead>
      <tbody>
      \(body)</tbody></table></div>

      """
  }

  private static func style(_ column: Column) -> HTML { column.isNumeric ? " class=\"n\"" : .empty }
}

/// Counts by name, each with its share as a number and as a bar.
public struct CountTable: Sendable {
  public var caption: String
  /// What is counted, such as `Label`.
  public var subject: String
  public var counts: [(name: String, count: Int)]
  /// The number that shares are taken of; nil for the sum of the counts.
  public var whole: Int?

  public init(caption: String, subject: String, counts: [(name: String, count: Int)], whole: Int? = nil) {
    self.caption = caption
    self.subject = subject
    self.counts = counts
    self.whole = whole
  }

  /// The most frequent first.
  public static func descending(_ counts: [String: Int]) -> [(name: String, count: Int)] {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
  }

  public func html() -> HTML {
    guard !counts.isEmpty else { return .empty }
    let whole = Double(max(whole ?? counts.reduce(0) { $0 + $1.count }, 1))
    let greatest = Double(max(counts.map(\.count).max() ?? 1, 1))
    let rows = counts.map { name, count -> HTML in
      """
      <tr><th scope="row">\(name)</th><td class="n">\(NumberText.count(count))</td>
      <td class="n">\(NumberText.percent(Double(count) / whole))</td>
      <td class="bar" aria-hidden="true"><span style="width:\(Double(max(count, 0)) / greatest * 100)%"></span></td></tr>

      """
    }
    return """
      <table class="counts"><caption>\(caption)</caption>
      <thead><tr><th scope="col">\(subject)</th><th scope="col" class="n">Count</th>
      <th scope="col" class="n">Share</th><td aria-hidden="true"></td></tr></thead>
      <tbody>
      \(rows)</tbody></table>

      """
  }
}

/// A square table of counts whose cells are the darker the more they count: how often two names go together.
public struct HeatTable: Sendable {
  public var caption: String
  public var names: [String]
  /// One row a name, one column a name.
  public var counts: [[Int]]

  public init(caption: String, names: [String], counts: [[Int]]) {
    self.caption = caption
    self.names = names
    self.counts = counts
  }

  public func html() -> HTML {
    guard !names.isEmpty else { return .empty }
    // The diagonal counts a name alone and would leave the rest pale; so would one frequent pair, but for the root.
    let others = counts.enumerated().flatMap { row, cells in
      cells.enumerated().filter { $0.offset != row }.map(\.element)
    }
    let greatest = Double(max(others.max() ?? 1, 1))
    let heads = names.map { "<th scope=\"col\"><span>\($0)</span></th>" as HTML }
    let rows = zip(names, counts).map { name, cells -> HTML in
      let cells = cells.map { count -> HTML in
        "<td style=\"--share:\(min((Double(count) / greatest).squareRoot(), 1))\">\(count == 0 ? "" : NumberText.count(count))</td>"
      }
      return "<tr><th scope=\"row\">\(name)</th>\(cells)</tr>\n"
    }
    return """
      <div class="scroll" role="region" tabindex="0" aria-label="\(caption)">
      <table class="heat"><caption><span>\(caption)</span></caption>
      <thead><tr><td></td>\(heads)</tr></thead>
      <tbody>
      \(rows)</tbody></table></div>

      """
  }
}
