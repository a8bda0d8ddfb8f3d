import Foundation
import Support
import WebPages

/// `sweep.html`: a table of all settings, and fidelity against agreement.
public struct SweepPage: Sendable {
  let report: SamplingSweep.Report
  let program: String

  public init(report: SamplingSweep.Report, program: String) {
    self.report = report
    self.program = program
  }

  /// The whole page.
  public func document() -> String {
    let text = MeasuredFigure.text
    return WebPage(
      title: "\(report.model): steps and guidance",
      lead: """
        <p>Sampler \(report.sampler), model hash <code>\(String(report.hash.prefix(12)))</code>. As many training images in
        the samples' place have a Fréchet distance of \(text(report.realFrechet)) in thumbnails\(realFeatures). The judge
        sees \(report.realAgreement.map(text) ?? "nothing") of what held-out images show.</p>
        \(report.notes.map { HTML.paragraph($0) })
        """,
      sections: [
        WebPage.Section(id: "settings", title: "Settings", content: report.table),
        WebPage.Section(id: "curves", title: "Fidelity against agreement", content: report.curves),
      ],
      footer: "<p>Written by \(program). The numbers are those of <code>sweep.json</code>.</p>"
    ).document()
  }

  private var realFeatures: String {
    report.realFeatures.map { ", and of \(MeasuredFigure.text($0)) in features" } ?? ""
  }
}

extension SamplingSweep.Report {
  /// The report as a part of a page.
  var section: WebPage.Section {
    WebPage.Section(id: "sweep", title: Self.title, content: "\(table)\(notes.map { HTML.paragraph($0) })\(curves)")
  }

  /// A row a setting, and one of real images.
  fileprivate var table: HTML {
    let text = MeasuredFigure.text
    let figure = SamplingSweep.Report.text
    let real = [
      "real images", "", "", "", "", text(realFrechet), realFeatures.map(text) ?? "", realAgreement.map(text) ?? "",
    ]
    return DataTable(
      caption: "Every setting",
      columns: [
        .number("Steps"), .number("Guidance"), .number("ms an image"), .number("Memory of tensors"),
        .number("SSIM to the most steps"),
        .number("Fréchet distance, thumbnails"), .number("Fréchet distance, features"), .number("As asked"),
      ],
      rows: points.map { point in
        DataTable.Row([
          "\(point.steps)", text(point.guidance), String(format: "%.0f", point.milliseconds),
          point.peakBytes.map { "\(MemorySize(bytes: $0))" } ?? "", text(point.similarity),
          figure(point.frechet, point.frechetInterval), figure(point.features, point.featuresInterval),
          figure(point.agreement, point.agreementInterval),
        ])
      } + [DataTable.Row(real)]
    ).html()
  }

  fileprivate var curves: HTML {
    HTML.cards(charts.enumerated().map { $1.html(id: "sweep-\($0)") }, isUniform: true)
  }

  private var steps: [Int] { Set(points.map(\.steps)).sorted() }

  private var charts: [LineChart] {
    func series(_ x: (SamplingSweep.Point) -> Double?, _ y: (SamplingSweep.Point) -> Double?) -> [LineChart.Series] {
      steps.map { steps in
        LineChart.Series(
          steps.of("step"),
          points.filter { $0.steps == steps }.compactMap { point in
            guard let x = x(point), let y = y(point) else { return nil }
            return (x: x, y: y)
          }.sorted { $0.x < $1.x })
      }.filter { !$0.points.isEmpty }
    }
    let distance: (SamplingSweep.Point) -> Double? = realFeatures == nil ? { $0.frechet } : { $0.features }
    return [
      LineChart(
        title: "Fréchet distance by agreement, a point for each guidance", xTitle: "Share as asked",
        series: series({ $0.agreement }, distance), isLinear: true),
      LineChart(
        title: "Share as asked by guidance", xTitle: "Guidance", series: series({ $0.guidance }, { $0.agreement }),
        isLinear: true),
      LineChart(
        title: "Fréchet distance by guidance", xTitle: "Guidance", series: series({ $0.guidance }, distance),
        isLinear: true),
    ].filter { !$0.series.isEmpty }
  }
}
