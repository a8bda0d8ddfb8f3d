import WebPages

/// A stage's part of the page.
struct StageSection {
  let stage: StageRecord
  /// The number of its table.
  let number: Int

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

  private func table() -> HTML {
    guard let table = StageTable(stage, number: number) else { return HTML.paragraph("Nothing was measured yet.") }
    let all = stage.milestones.count
    let note =
      table.rows.count < all
      ? HTML.paragraph("\(table.rows.count) of \(all) rows, evenly spaced; metrics.jsonl has all.") : .empty
    return table.html() + note + table.notes.map(HTML.paragraph).reduce(.empty, +)
  }

  // MARK: Curves

  /// One chart a value, training and validation in the same axes; then the distances of samples.
  private func charts() -> HTML {
    let metrics = Set(stage.rows.flatMap { $0.values.keys }).sorted()
    let xRange = 0...Double(max(stage.milestones.last?.step ?? 1, 1))
    let curves = metrics.enumerated().map { index, metric in
      let splits = Set(stage.rows.filter { $0.values[metric] != nil }.map(\.split)).sorted()
      let series = splits.map { split in
        LineChart.Series(
          split.title,
          stage.rows.filter { $0.split == split }.compactMap { row in
            row.values[metric].map { (Double(row.step), $0) }
          })
      }
      return LineChart(
        title: metric.title, xTitle: "Step", series: series, xRange: xRange,
        isLinear: metric == .structuralSimilarity
      ).html(id: "\(stage.id)-chart-\(index)")
    }
    let distances = stage.distances.filter { !$0.values.isEmpty }
    let columns = zip(SampleDistances.heads(of: distances), distances).enumerated().map { index, column in
      let points = column.1.values.map { (x: Double($0.step), y: $0.distance) }
      let real = [xRange.lowerBound, xRange.upperBound].map { (x: $0, y: column.1.trainingDistance) }
      return LineChart(
        title: column.0, xTitle: "Step",
        series: [.init("Samples", points), .init("Training images in their place", real)], xRange: xRange
      ).html(id: "\(stage.id)-distance-\(index)")
    }
    return HTML.cards(curves + columns, isUniform: true)
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
