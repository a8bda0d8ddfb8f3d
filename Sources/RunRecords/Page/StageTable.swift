import WebPages

/// What a stage measured by epoch, with the columns that it describes: a row for each validation (the article's tables 1
/// and 2).
struct StageTable {
  typealias Row = (cells: [String], isBest: Bool)

  /// More milestones than this are thinned out.
  static let rowLimit = 60

  let caption: String
  let columns: [String]
  let rows: [Row]
  /// What stands below the table: how each column of distances was measured.
  let notes: [String]

  /// Returns nil if nothing was measured yet.
  init?(_ stage: StageRecord, number: Int) {
    let milestones = stage.milestones
    guard !milestones.isEmpty else { return nil }
    let best = stage.best?.step
    // A column without any value is left out.
    let measured = Self.columns(stage, milestones).filter { column in milestones.contains { $0[column] != nil } }
    caption =
      "Table \(number). \(stage.title): training values are means since the row above, validation is of the averaged "
      + "weights; best row in bold"
    let distances = stage.distances.filter { !$0.values.isEmpty }
    let heads = SampleDistances.heads(of: distances)
    columns = ["Epoch", "Step"] + measured.map(\.title) + heads
    let kept = Set(distances.flatMap { $0.values.map(\.step) } + [best].compactMap { $0 })
    rows = Self.thinned(milestones, keeping: kept).map { milestone in
      let cells = measured.map { milestone[$0] } + distances.map { $0[milestone.step]?.distance }
      return (
        [milestone.epoch.map(NumberText.value) ?? "-", NumberText.count(milestone.step)]
          + cells.map { $0.map(NumberText.value) ?? "-" },
        milestone.step == best && milestone.validation[.loss] != nil
      )
    }
    notes = zip(heads, distances).map(Self.note)
  }

  private static func note(_ head: String, _ distances: SampleDistances) -> String {
    let weights = distances.averageWidth.map { "the average of width \($0)" } ?? "the exponential average"
    return "\(head): \(distances.samples) samples of \(weights) of the weights at each step, of the prompts of the "
      + "validation part, from seed \(distances.seed) on, against its \(distances.images) images, in the features of "
      + "\(distances.extractor), \(distances.extractorHash.prefix(12)) (\(distances.preprocessing)). As many training "
      + "images in the samples' place: \(NumberText.value(distances.trainingDistance)), the mean of "
      + "\(distances.trainingDraws) draws. The distance falls as n rises."
  }

  func html() -> HTML {
    DataTable(
      caption: caption, columns: columns.map { .number($0) },
      rows: rows.map { DataTable.Row($0.cells, isBest: $0.isBest) }
    ).html()
  }

  /// The table for a document, below its caption.
  func markdown() -> String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    let body = rows.map { row in line(row.isBest ? row.cells.map { "**\($0)**" } : row.cells) }
    let lines =
      [caption + ".", "", line(columns), line(columns.map { _ in "---:" })] + body + notes.flatMap { ["", $0] }
    return lines.joined(separator: "\n")
  }

  private static func columns(_ stage: StageRecord, _ milestones: [Milestone]) -> [StageColumn] {
    guard stage.description.columns.isEmpty else { return stage.description.columns }
    return Set(milestones.flatMap { $0.training.keys }).sorted().map {
      StageColumn("\($0.title), training", .training, $0)
    }
      + Set(milestones.flatMap { $0.validation.keys }).sorted().map {
        StageColumn("\($0.title), validation", .validation, $0)
      }
  }

  private static func thinned(_ milestones: [Milestone], keeping steps: Set<Int>) -> [Milestone] {
    guard milestones.count > rowLimit else { return milestones }
    let spaced = Set((0..<rowLimit).map { $0 * (milestones.count - 1) / (rowLimit - 1) })
    return milestones.enumerated().filter { spaced.contains($0.offset) || steps.contains($0.element.step) }
      .map(\.element)
  }
}
