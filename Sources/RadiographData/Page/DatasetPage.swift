import Foundation
import WebPages

/// One self-contained HTML page on what is in a dataset: counts, what was left out and why, labels, people, reports,
/// grey values, sample images, near-duplicates, leakage, and where everything comes from under which licence.
public struct DatasetPage: Sendable {
  let dataset: RadiographDataset
  let summary: DatasetSummary
  let examinations: DatasetExaminations
  let writer: CaptionWriter

  /// - Parameter examinations: what was found beside the counts; the page says of the rest that it was not looked for.
  /// - Throws: `DatasetError` if the index cannot be read, or the shipped grammar is at fault.
  public init(
    _ dataset: RadiographDataset, examinations: DatasetExaminations = DatasetExaminations()
  ) throws {
    self.dataset = dataset
    self.examinations = examinations
    summary = try dataset.summary()
    writer = try CaptionWriter.standard()
  }

  /// Whether a file's beginning is that of a page that ``html()`` has made.
  public static func isPage(startingWith text: String) -> Bool { WebPage.isDocument(startingWith: text) }

  /// The whole page, with its pictures in it.
  ///
  /// - Throws: `DatasetError` if the index or the pixels cannot be read, `ImageFileError` if a picture cannot be written.
  public func html() throws -> String {
    let labels = try LabelStatistics(dataset)
    let pictures = ContactSheetPictures(dataset: dataset, writer: writer)
    let exclusions = try dataset.exclusions()
    let page = WebPage(
      title: "Dataset \(dataset.url.lastPathComponent)", lead: lead(),
      sections: [
        .init(id: "overview", title: "Overview", content: overview(labels)),
        .init(id: "labels", title: "Labels", content: labelTables(labels)),
        .init(id: "people", title: "People and views", content: people()),
        .init(id: "reports", title: "Reports", content: try reports()),
        .init(id: "images", title: "Grey values", content: try greyValues()),
        .init(id: "samples", title: "Samples by label", content: try samples(pictures)),
        .init(id: "exclusions", title: "Left out, and why", content: exclusionTables(exclusions)),
        .init(id: "duplicates", title: "Near-duplicates and leakage", content: try leakage(exclusions, pictures)),
        .init(id: "sources", title: "Sources and licences", content: sources()),
        .init(id: "settings", title: "How it was made", content: try settings()),
      ], footer: "<p>Made by <code>thorax data inspect --html</code>.</p>")
    return page.document()
  }

  private func lead() -> HTML {
    let size = dataset.imageSize
    return """
      <p>\(NumberText.count(summary.images)) radiographs of \(NumberText.count(summary.patients)) patients, stored at \
      \(size) x \(size) pixels; split \(summary.settings.split.description) by patient with seed \
      \("\(summary.settings.seed)").</p>
      <p class="quiet">The page holds images and texts of the dataset: pass it on only where its sources' licences \
      allow that.</p>
      """
  }

  private func overview(_ labels: LabelStatistics) -> HTML {
    let facts = HTML.facts([
      ("Images with pixels", NumberText.count(summary.images)), ("Frontal, listed", NumberText.count(summary.frontal)),
      ("Lateral, listed", NumberText.count(summary.lateral)),
      ("Eligible for training", NumberText.count(summary.eligible)),
      ("Patients", NumberText.count(summary.patients)), ("Studies", NumberText.count(summary.studies)),
      ("Reports", NumberText.count(summary.reports)), ("On disk", NumberText.bytes(summary.bytes)),
    ])
    let parts = CountTable(
      caption: "Eligible images by part", subject: "Part",
      counts: DatasetSplit.allCases.map { ($0.rawValue, labels.images[$0] ?? 0) })
    return facts + HTML.cards([parts.html()])
  }

  private func labelTables(_ labels: LabelStatistics) -> HTML {
    let counts = CountTable.descending(summary.labels)
    guard !counts.isEmpty else { return HTML.paragraph("No image has a positive label.") }
    let listed = summary.frontal + summary.lateral
    let histogram = CountTable(
      caption: "Listed images that have the label; shares of \(NumberText.count(listed))", subject: "Label",
      counts: counts, whole: listed)
    let hasDoubt = !labels.uncertain.isEmpty
    let bySplit = DataTable(
      caption: "Eligible images with the label, and their share of the part",
      columns: [.init("Label")] + DatasetSplit.allCases.map { .number($0.rawValue) }
        + (hasDoubt ? [.number("uncertain, listed")] : []),
      rows: counts.map { name, _ in
        let cells = DatasetSplit.allCases.map { split -> String in
          let count = labels.positives[name]?[split] ?? 0
          let share = Double(count) / Double(max(labels.images[split] ?? 0, 1))
          return "\(NumberText.count(count)) (\(NumberText.percent(share)))"
        }
        return DataTable.Row([name] + cells + (hasDoubt ? [NumberText.count(labels.uncertain[name] ?? 0)] : []))
      })
    let pairs = HeatTable(
      caption: "Images that have both labels; on the diagonal, those that have the one", names: labels.names,
      counts: labels.together)
    return HTML.cards([histogram.html(), bySplit.html()])
      + (labels.names.count > 1 ? HTML.heading("Labels together") + pairs.html() : .empty)
  }

  private func people() -> HTML {
    func lowerEnd(_ band: String) -> Int { Int(band.prefix { $0 != "-" }) ?? .max }
    let ages = summary.ages.sorted { lowerEnd($0.key) < lowerEnd($1.key) }.map { (name: $0.key, count: $0.value) }
    let named = Dictionary(
      summary.sexes.map { (["F": "female", "M": "male"][$0.key] ?? $0.key, $0.value) }, uniquingKeysWith: +)
    return HTML.cards([
      CountTable(caption: "Age in years, by listed image", subject: "Age", counts: ages).html(),
      CountTable(caption: "Sex, by listed image", subject: "Sex", counts: CountTable.descending(named)).html(),
      CountTable(caption: "View, by listed image", subject: "View", counts: CountTable.descending(summary.views))
        .html(),
    ])
  }
}
