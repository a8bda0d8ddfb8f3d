import Foundation
import ImageFiles
import Support
import WebPages

/// `report.html` of an evaluation: figures, the article's tables, curves and pictures on one page without network.
public struct EvaluationPage: Sendable {
  /// A picture with what it shows.
  public struct Picture: Sendable {
    public var image: GrayscaleImage
    public var caption: String

    public init(_ image: GrayscaleImage, caption: String) {
      self.image = image
      self.caption = caption
    }
  }

  public var title: String
  public var report: FigureReport
  /// Curves in the order of the page.
  public var charts: [LineChart]
  /// Pictures by heading.
  public var pictures: [(title: String, note: String, pictures: [Picture])]
  /// What other commands measured.
  public var stored = StoredResults()
  /// The program, such as `thorax 0.1.0`.
  public var program: String
  public var date: Date

  public init(
    title: String, report: FigureReport, charts: [LineChart],
    pictures: [(title: String, note: String, pictures: [Picture])], program: String, date: Date = Date()
  ) {
    (self.title, self.report, self.charts, self.pictures) = (title, report, charts, pictures)
    (self.program, self.date) = (program, date)
  }

  /// The whole page.
  ///
  /// - Throws: `ImageFileError` for a picture that cannot be encoded, `DecodingError` for the article's tables.
  public func document() throws -> String {
    let sets = report.images.map {
      "\($0.source): \($0.training) for training, \($0.heldOut) held out of \($0.heldOutPatients) patients"
    }
    let met = report.figures.compactMap(\.isMet)
    let notes = report.notes.map { HTML.paragraph($0) }
    let pictureSections = try pictures.enumerated().map { index, group in
      WebPage.Section(
        id: "pictures-\(index)", title: group.title,
        content: HTML.paragraph(group.note)
          + EmbeddedPicture.row(try group.pictures.map(Self.embedded)))
    }
    return WebPage(
      title: title,
      lead: """
        \(origin(sets))
        <p class="quiet">Samples are drawn by a model: synthetic, not for diagnosis. Beside each figure stands what real
        images against real images give.</p>
        \(notes)
        """,
      sections: [
        WebPage.Section(id: "figures", title: "Figures", content: summary(met) + figureTable()),
        WebPage.Section(id: "article", title: "The article's tables", content: try articleTables()),
        WebPage.Section(
          id: "curves", title: "Curves",
          content: HTML.cards(charts.enumerated().map { $1.html(id: "chart-\($0)") } + [gateChart()], isUniform: true)),
      ] + stored.sections + pictureSections
        + [WebPage.Section(id: "how", title: "How each figure was computed", content: how())],
      footer: "<p>Written \(Self.text(date)) by \(program). The numbers are those of <code>report.json</code>.</p>"
    ).document()
  }

  /// What was measured: a model and how it drew, or a folder of images.
  private func origin(_ sets: [String]) -> HTML {
    let model = report.model
    let hash = String(model.hash.prefix(12))
    guard model.steps > 0 else {
      return "<p>A folder of images, hash <code>\(hash)</code>, seed \("\(report.seed)").</p>"
    }
    return """
      <p>\(model.steps.of("step")) of \(model.sampler) at guidance \(MeasuredFigure.text(model.guidance)), model hash
      <code>\(hash)</code>, seed \("\(report.seed)"). \(sets.joined(separator: "; ")).</p>
      """
  }

  private func summary(_ met: [Bool]) -> HTML {
    var facts = [("Figures", "\(report.figures.count)")]
    if !met.isEmpty { facts.append(("Targets met", "\(met.count { $0 }) of \(met.count)")) }
    if let gate = report.gate {
      facts.append(("Copies", "\(gate.copies) of \(gate.n), \(gate.allowed) by chance"))
      facts.append(("Gate", gate.refused ? "refused" : "passed"))
    }
    return HTML.facts(facts.map { (name: $0.0, value: $0.1) })
  }

  private func figureTable() -> HTML {
    DataTable(
      caption: "In brackets 95 % intervals",
      columns: [
        .init("Figure"), .init("Model"), .number("Real against real"), .init("Target"), .number("Images"),
      ],
      rows: report.figures.map { figure in
        let unit = figure.unit.isEmpty ? "" : " \(figure.unit)"
        let interval = figure.interval.map(MeasuredFigure.intervalText)
        let target = figure.target.map { "\($0)\(unit), \($0.isMet(by: figure.value) ? "met" : "missed")" }
        return DataTable.Row([
          figure.name, MeasuredFigure.text(figure.value) + unit + (interval ?? ""),
          figure.realText, target ?? "", NumberText.count(figure.count),
        ])
      }
    ).html()
  }

  private func articleTables() throws -> HTML {
    let tables = try ArticleTables.standard()
    let cells = tables.cells(report.figures)
    let parts = tables.tables.map { table -> HTML in
      let rows = table.rows.map { row -> DataTable.Row in
        let cell = cells[table.id]?[row.name]
        return DataTable.Row([
          row.name, cell?.value.map { MeasuredFigure.text($0) + ArticleCell.text(cell?.ci95) } ?? "not measured",
          cell?.realText ?? "", row.claim ?? "",
        ])
      }
      let content = DataTable(
        caption: table.title, columns: [.init(""), .init("Ours"), .number("Real"), .init("The article's claim")],
        rows: rows
      ).html()
      return content + (table.note.map { HTML.paragraph($0) } ?? .empty)
    }
    return "\(parts)"
  }

  private func gateChart() -> HTML {
    guard let gate = report.gate, gate.n > 0 else { return .empty }
    var counts = [Int](repeating: 0, count: 20)
    for finding in gate.images { counts[Int(min(max(finding.nearness.ratio * 10, 0), 19))] += 1 }
    return Histogram(
      title: "Distance to the nearest training image over the threshold, thresholds \(gate.thresholdText)",
      xTitle: "Below 1 a copy; the space of the least", subject: "Samples", start: 0, binWidth: 0.1, counts: counts
    ).html(id: "gate-chart")
  }

  private func how() -> HTML {
    let items = report.figures.map { "<li>\($0.name) (n = \($0.count)): \($0.how)</li>\n" as HTML }
    return "<ul>\(items)</ul>"
  }

  /// Wider pictures are reduced to this.
  private static let widthLimit = 1280

  private static func embedded(_ picture: Picture) throws -> EmbeddedPicture {
    var image = picture.image
    if image.width > widthLimit {
      image = try GrayPlane(image).resized(width: widthLimit, height: max(1, image.height * widthLimit / image.width))
        .grayscale
    }
    return EmbeddedPicture(
      bytes: try image.jpegBytes(quality: 85), mediaType: .jpeg, width: image.width, height: image.height,
      alternative: picture.caption, caption: "\(picture.caption)", isWide: image.width > 400)
  }

  private static func text(_ date: Date) -> String {
    let form = ISO8601DateFormatter()
    form.formatOptions = [.withFullDate, .withTime, .withColonSeparatorInTime, .withSpaceBetweenDateAndTime]
    return form.string(from: date) + " UTC"
  }
}
