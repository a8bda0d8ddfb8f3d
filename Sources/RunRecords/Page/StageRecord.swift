import Foundation
import Support

/// What is known of one stage of a run, as its page shows it.
public struct StageRecord: Sendable {
  public var description: StageDescription
  public var totalSteps: Int?
  /// As resolved, by dotted keys.
  public var settings: [(key: String, value: String)]
  public var rows: [MetricsRow]
  /// The newest first.
  public var sheets: [SampleSheet]
  /// What was measured of samples of some steps, a column each.
  public var distances: [SampleDistances]

  public init(
    _ description: StageDescription, totalSteps: Int?, settings: [(key: String, value: String)], rows: [MetricsRow],
    sheets: [SampleSheet], distances: [SampleDistances] = []
  ) {
    self.description = description
    self.totalSteps = totalSteps
    self.settings = settings
    self.rows = rows
    self.sheets = sheets
    self.distances = distances
  }

  /// Usable as an identifier of the page.
  var id: String { String(description.name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }) }

  var title: String { description.title }

  var lastStep: Int { rows.map(\.step).max() ?? 0 }

  /// The validation with the least loss, the first of equals.
  var best: MetricsRow? {
    rows.filter { $0.split == .validation && $0.values[.loss] != nil }
      .min { ($0.values[.loss] ?? .infinity) < ($1.values[.loss] ?? .infinity) }
  }

  /// The rows of its table: a milestone for each validation, and for each step of which samples were measured.
  var milestones: [Milestone] {
    Milestone.list(rows, steps: distances.flatMap { $0.values.map(\.step) })
  }

  /// The median of all rows.
  var imagesPerSecond: Double? {
    let rates = rows.compactMap { $0.values[.imagesPerSecond] }
    return rates.isEmpty ? nil : rates.median
  }
}

/// One validation, with what training measured since the one before.
struct Milestone {
  var step: Int
  var epoch: Double?
  /// Means of the training rows since the last milestone.
  var training: [Metric: Double]
  var validation: [Metric: Double]

  /// What a column shows of it.
  subscript(column: StageColumn) -> Double? {
    (column.split == .training ? training : validation)[column.metric]
  }

  /// A milestone for each validation; before the first, and after the last, one for the training rows without.
  ///
  /// - Parameter steps: Steps that have a milestone even if nothing was validated there.
  static func list(_ rows: [MetricsRow], steps: some Sequence<Int> = []) -> [Milestone] {
    var milestones: [Milestone] = []
    var pending: [MetricsRow] = []
    let epochsPerStep = rows.last { $0.epoch != nil && $0.step > 0 }.flatMap { row in
      row.epoch.map { $0 / Double(row.step) }
    }
    func close(_ step: Int, epoch: Double?, validation: [Metric: Double]) {
      milestones.append(
        Milestone(
          step: step, epoch: epoch ?? pending.last?.epoch, training: means(pending), validation: validation))
      pending = []
    }
    let validated = Set(rows.filter { $0.split == .validation }.map(\.step))
    var others = Set(steps).subtracting(validated).sorted()[...]
    func closeOthers(before step: Int) {
      while let other = others.first, other < step {
        close(other, epoch: epochsPerStep.map { $0 * Double(other) }, validation: [:])
        others.removeFirst()
      }
    }
    for row in rows.sorted(by: { ($0.step, $0.split) < ($1.step, $1.split) }) {
      closeOthers(before: row.step)
      if row.split == .validation {
        close(row.step, epoch: row.epoch, validation: row.values)
      } else {
        pending.append(row)
      }
    }
    closeOthers(before: .max)
    if let last = pending.last { close(last.step, epoch: last.epoch, validation: [:]) }
    return milestones
  }

  /// The learning rate is the last and not a mean: it is what the article's table gives.
  private static func means(_ rows: [MetricsRow]) -> [Metric: Double] {
    var values = Dictionary(grouping: rows.flatMap { Array($0.values) }, by: \.key)
      .mapValues { $0.reduce(0) { $0 + $1.value } / Double($0.count) }
    values[.learningRate] = rows.last?.values[.learningRate]
    return values
  }
}
