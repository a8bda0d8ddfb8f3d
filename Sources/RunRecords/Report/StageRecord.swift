import Foundation
import Support

/// What is known of one stage of a run, as its page shows it.
public struct StageRecord: Sendable {
  /// `vae`, `diffusion`.
  public var name: String
  /// In words.
  public var title: String
  /// The columns of its table; all that was measured if there are none.
  public var columns: [StageColumn]
  public var totalSteps: Int?
  /// As resolved, by dotted keys.
  public var settings: [(key: String, value: String)]
  public var rows: [MetricsRow]
  /// The newest first.
  public var sheets: [SampleSheet]
  /// What each row of a sheet shows, from the top.
  public var sheetRows: [String]

  public init(
    name: String, title: String, columns: [StageColumn] = [], totalSteps: Int?,
    settings: [(key: String, value: String)], rows: [MetricsRow],
    sheets: [SampleSheet], sheetRows: [String]
  ) {
    self.name = name
    self.title = title
    self.columns = columns
    self.totalSteps = totalSteps
    self.settings = settings
    self.rows = rows
    self.sheets = sheets
    self.sheetRows = sheetRows
  }

  /// Usable as an identifier of the page.
  var id: String { String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }) }

  var lastStep: Int { rows.map(\.step).max() ?? 0 }

  /// The validation with the least loss, the first of equals.
  var best: MetricsRow? {
    rows.filter { $0.split == "validation" && $0.values["loss"] != nil }
      .min { ($0.values["loss"] ?? .infinity) < ($1.values["loss"] ?? .infinity) }
  }

  /// The median of all rows.
  var imagesPerSecond: Double? {
    let rates = rows.compactMap { $0.values["images_per_second"] }
    return rates.isEmpty ? nil : rates.median
  }
}

/// A column of a stage's table.
public struct StageColumn: Sendable, Equatable {
  public enum Split: Sendable {
    case training, validation
  }

  public var title: String
  public var split: Split
  /// The value's name in the rows.
  public var key: String

  public init(_ title: String, _ split: Split, _ key: String) {
    self.title = title
    self.split = split
    self.key = key
  }
}

/// One validation, with what training measured since the one before.
struct Milestone {
  var step: Int
  var epoch: Double?
  /// Means of the training rows since the last milestone.
  var training: [String: Double]
  var validation: [String: Double]

  /// What a column shows of it.
  subscript(column: StageColumn) -> Double? {
    (column.split == .training ? training : validation)[column.key]
  }

  /// A milestone for each validation; before the first, and after the last, one for the training rows without.
  static func list(_ rows: [MetricsRow]) -> [Milestone] {
    var milestones: [Milestone] = []
    var pending: [MetricsRow] = []
    func close(_ row: MetricsRow, validation: [String: Double]) {
      milestones.append(
        Milestone(
          step: row.step, epoch: row.epoch ?? pending.last?.epoch, training: means(pending), validation: validation))
      pending = []
    }
    for row in rows.sorted(by: { ($0.step, $0.split) < ($1.step, $1.split) }) {
      if row.split == "validation" { close(row, validation: row.values) } else { pending.append(row) }
    }
    if let last = pending.last { close(last, validation: [:]) }
    return milestones
  }

  /// The learning rate is the last and not a mean: it is what the article's table gives.
  private static func means(_ rows: [MetricsRow]) -> [String: Double] {
    var values = Dictionary(grouping: rows.flatMap { Array($0.values) }, by: \.key)
      .mapValues { $0.reduce(0) { $0 + $1.value } / Double($0.count) }
    values["learning_rate"] = rows.last?.values["learning_rate"]
    return values
  }
}
