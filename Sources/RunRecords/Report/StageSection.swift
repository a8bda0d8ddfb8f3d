import WebPages

/// A stage's part of the page.
struct StageSection {
  let stage: StageRecord
  /// The number of its table.
  let number: Int
  /// More milestones than this are thinned out.
  static let rowLimit = 60

  init(_ stage: StageRecord, table number: Int) {
    self.stage = stage
    self.number = number
  }

  func html() -> HTML {
    """
    \(facts())
    \(table())
    \(heading("Curves", charts()))
    \(heading("Samples", samples()))
    \(heading("Settings", settings()))
    """
  }

  private func heading(_ title: String, _ content: HTML) -> HTML {
    content.isEmpty ? .empty : HTML.heading(title) + content
  }

  private func facts() -> HTML {
    var facts: [(name: String, value: String)] = []
    let total = stage.totalSteps.map { " of \(NumberText.count($0))" } ?? ""
    facts.append(("Steps", NumberText.count(stage.lastStep) + total))
    if let epoch = stage.rows.compactMap(\.epoch).max() { facts.append(("Epochs", NumberText.value(epoch))) }
    if let best = stage.best, let loss = best.values[.loss] {
      facts.append(("Best validation loss", "\(NumberText.value(loss)) at step \(NumberText.count(best.step))"))
    }
    if let seconds = stage.rows.compactMap(\.seconds).max() {
      facts.append(("Time", NumberText.duration(seconds: seconds)))
    }
    if let rate = stage.imagesPerSecond { facts.append(("Images a second", NumberText.value(rate))) }
    if let peak = stage.rows.compactMap(\.peakMemoryBytes).max() {
      facts.append(("Peak memory of tensors", NumberText.bytes(peak)))
    }
    if let peak = stage.rows.compactMap(\.peakResidentBytes).max() {
      facts.append(("Peak memory of the process", NumberText.bytes(peak)))
    }
    return HTML.facts(facts)
  }

  // MARK: The article's rows

  private func columns(_ milestones: [Milestone]) -> [StageColumn] {
    guard stage.description.columns.isEmpty else { return stage.description.columns }
    return Set(milestones.flatMap { $0.training.keys }).sorted().map {
      StageColumn("\($0.title), training", .training, $0)
    }
      + Set(milestones.flatMap { $0.validation.keys }).sorted().map {
        StageColumn("\($0.title), validation", .validation, $0)
      }
  }

  private func table() -> HTML {
    let milestones = Milestone.list(stage.rows)
    guard !milestones.isEmpty else { return HTML.paragraph("Nothing was measured yet.") }
    let best = stage.best?.step
    // A column of which nothing was measured says nothing.
    let columns = columns(milestones).filter { column in milestones.contains { $0[column] != nil } }
    let shown = thinned(milestones, keeping: best)
    let rows = shown.map { milestone in
      let isBest = milestone.step == best && milestone.validation[.loss] != nil
      return DataTable.Row(
        [milestone.epoch.map { NumberText.value($0) } ?? "-", NumberText.count(milestone.step)]
          + columns.map { column in milestone[column].map(NumberText.value) ?? "-" }, isBest: isBest)
    }
    let table = DataTable(
      caption: "Table \(number). \(stage.title): "
        + "training values are means since the row above, validation is of the averaged weights; best row in bold",
      columns: [.number("Epoch"), .number("Step")] + columns.map { .number($0.title) }, rows: rows)
    let note =
      shown.count < milestones.count
      ? HTML.paragraph("\(shown.count) of \(milestones.count) rows, evenly spaced; metrics.jsonl has all.") : .empty
    return table.html() + note
  }

  private func thinned(_ milestones: [Milestone], keeping best: Int?) -> [Milestone] {
    guard milestones.count > Self.rowLimit else { return milestones }
    let spaced = Set((0..<Self.rowLimit).map { $0 * (milestones.count - 1) / (Self.rowLimit - 1) })
    return milestones.enumerated().filter { spaced.contains($0.offset) || $0.element.step == best }.map(\.element)
  }

  // MARK: Curves

  /// One chart a value, training and validation in the same axes.
  private func charts() -> HTML {
    let metrics = Set(stage.rows.flatMap { $0.values.keys }).sorted()
    return HTML.cards(
      metrics.enumerated().map { index, metric in
        let splits = Set(stage.rows.filter { $0.values[metric] != nil }.map(\.split)).sorted()
        let series = splits.map { split in
          LineChart.Series(
            split.title,
            stage.rows.filter { $0.split == split }.compactMap { row in
              row.values[metric].map { (Double(row.step), $0) }
            })
        }
        return LineChart(
          title: metric.title, xTitle: "Step", series: series, xRange: 0...Double(max(stage.lastStep, 1)),
          isLinear: metric == .structuralSimilarity
        ).html(id: "\(stage.id)-chart-\(index)")
      }, isUniform: true)
  }

  // MARK: Samples and settings

  private func samples() -> HTML {
    guard !stage.sheets.isEmpty else { return .empty }
    let what = stage.description.sheetRows.joined(separator: "; ")
    let rows = stage.description.sheetRows.map { "<li>\($0)</li>" as HTML }
    let pictures = stage.sheets.map { sheet in
      EmbeddedPicture(
        bytes: sheet.jpeg, mediaType: .jpeg, width: sheet.width, height: sheet.height,
        alternative: "\(stage.title), samples at step \(sheet.step). Rows from the top: \(what)",
        caption: "Step \(NumberText.count(sheet.step))", isWide: true)
    }
    let older = HTML.details("Earlier samples", EmbeddedPicture.row(Array(pictures.dropFirst())))
    return """
      <p>Rows from the top:</p><ol>\(rows)</ol>
      \(EmbeddedPicture.row(Array(pictures.prefix(1))))
      \(older)
      """
  }

  private func settings() -> HTML {
    let table = DataTable(
      caption: "config.yaml of this stage", columns: [.init("Setting"), .init("Value")],
      rows: stage.settings.map { DataTable.Row([$0.key, $0.value]) })
    return HTML.details("\(stage.settings.count) settings", table.html())
  }
}
