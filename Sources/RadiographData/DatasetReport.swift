import Foundation
import ImageFiles

/// One self-contained HTML page on what is in a dataset: counts, exclusions, and sample images with their prompts.
public struct DatasetReport: Sendable {
  private let dataset: RadiographDataset
  private let summary: DatasetSummary
  private let grammar: PromptGrammar

  /// Samples of each source and label.
  private static let samplesPerRow = 6
  private static let thumbnailSize = 160

  public init(_ dataset: RadiographDataset) throws(DatasetError) {
    self.dataset = dataset
    summary = try dataset.summary()
    grammar = try PromptGrammar.standard()
  }

  public func html() throws -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Dataset: \(Self.escape(dataset.url.lastPathComponent))</title>
    <style>\(Self.style)</style>
    </head>
    <body>
    <header><h1>\(Self.escape(dataset.url.lastPathComponent))</h1>
    <p>\(summary.images) radiographs of \(summary.patients) patients, \(dataset.imageSize) x \(dataset.imageSize),
    split \(summary.settings.split) by patient with seed \(summary.settings.seed)</p></header>
    <main>
    \(tables())
    \(try samples())
    \(try exclusionTable())
    </main>
    </body>
    </html>

    """
  }

  private func tables() -> String {
    let overview = [
      ("Images with pixels", summary.images), ("Frontal, listed", summary.frontal),
      ("Lateral, listed", summary.lateral), ("Eligible for training", summary.eligible),
      ("Patients", summary.patients), ("Studies", summary.studies), ("Reports", summary.reports),
      ("Bytes on disk", summary.bytes),
    ]
    let splits = [
      ("train", summary.splits.train), ("validation", summary.splits.validation), ("test", summary.splits.test),
    ]
    func lowerEnd(_ band: String) -> Int { Int(band.prefix { $0 != "-" }) ?? .max }
    let ages = summary.ages.sorted { lowerEnd($0.key) < lowerEnd($1.key) }
    let sources = summary.sources.map { source in
      """
      <tr><th scope="row">\(Self.escape(source.name))</th><td>\(source.images)</td><td>\(source.patients)</td>
      <td>\(Self.escape(source.licence))</td><td>\(Self.escape(source.attribution))</td></tr>
      """
    }
    return """
      <div class="tables">
      \(Self.table("Overview", overview))
      \(Self.table("Splits of the eligible", splits))
      \(Self.table("Labels", Self.byCount(summary.labels)))
      \(Self.table("Excluded", Self.byCount(summary.excluded)))
      \(Self.table("Views", Self.byCount(summary.views)))
      \(Self.table("Sex", Self.byCount(summary.sexes)))
      \(Self.table("Age in years", ages.map { ($0.key, $0.value) }))
      </div>
      <section><h2>Sources</h2><div class="wide"><table>
      <thead><tr><th scope="col">Source</th><th scope="col">Images</th><th scope="col">Patients</th>
      <th scope="col">Licence</th><th scope="col">Attribution</th></tr></thead>
      <tbody>\(sources.joined())</tbody></table></div></section>
      """
  }

  /// The first images of every label that a source has, each with one prompt.
  private func samples() throws -> String {
    var rows: [String: [RadiographRecord]] = [:]
    for record in try dataset.records() {
      let names = record.attributes.positives.isEmpty ? ["no label"] : record.attributes.positives
      for name in names where rows["\(record.source): \(name)", default: []].count < Self.samplesPerRow {
        rows["\(record.source): \(name)", default: []].append(record)
      }
    }
    let sections = try rows.sorted { $0.key < $1.key }.map { title, records in
      "<h3>\(Self.escape(title))</h3><div class=\"images\">\(try records.map(figure).joined())</div>"
    }
    return "<section><h2>Samples</h2>\(sections.joined(separator: "\n"))</section>"
  }

  private func figure(_ record: RadiographRecord) throws -> String {
    let size = min(Self.thumbnailSize, dataset.imageSize)
    let image = try GrayPlane(dataset.image(of: record)).resized(width: size, height: size).grayscale
    let data = Data(try image.jpegBytes(quality: 80)).base64EncodedString()
    let prompt = record.captions(count: 1, seed: 0, grammar: grammar).first ?? ""
    return """
      <figure><img src="data:image/jpeg;base64,\(data)" width="\(size)" height="\(size)" \
      alt="Radiograph \(Self.escape(record.path))"><figcaption>\(Self.escape(prompt))</figcaption></figure>
      """
  }

  private func exclusionTable() throws -> String {
    let exclusions = try dataset.exclusions()
    guard !exclusions.isEmpty else { return "" }
    let shown = exclusions.prefix(500).map { exclusion in
      """
      <tr><td>\(exclusion.reason.rawValue)</td><td>\(Self.escape(exclusion.path))</td>
      <td>\(Self.escape(exclusion.detail))</td></tr>
      """
    }
    let rest = exclusions.count > shown.count ? "<p>and \(exclusions.count - shown.count) more</p>" : ""
    return """
      <section><h2>Left out, and why</h2><div class="wide"><table>
      <thead><tr><th scope="col">Reason</th><th scope="col">Path</th><th scope="col">Detail</th></tr></thead>
      <tbody>\(shown.joined())</tbody></table></div>\(rest)</section>
      """
  }

  private static func byCount(_ counts: [String: Int]) -> [(String, Int)] {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
  }

  private static func table(_ title: String, _ rows: [(String, Int)]) -> String {
    guard !rows.isEmpty else { return "" }
    let body = rows.map { "<tr><th scope=\"row\">\(escape($0.0))</th><td>\($0.1)</td></tr>" }
    return "<section><h2>\(title)</h2><table><tbody>\(body.joined())</tbody></table></section>"
  }

  private static func escape(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
  }

  private static let style = """
    :root { color-scheme: light dark; }
    body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1200px; padding: 1rem; }
    .tables { display: grid; gap: 1rem 2rem; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); }
    table { border-collapse: collapse; width: 100%; }
    th, td { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .2rem .4rem; }
    th { font-weight: 400; text-align: left; } thead th { font-weight: 600; }
    .tables td { font-variant-numeric: tabular-nums; text-align: right; }
    .wide { overflow-x: auto; }
    .images { display: flex; flex-wrap: wrap; gap: .8rem; }
    figure { margin: 0; width: 160px; } figcaption { font-size: 12px; } img { display: block; height: auto; width: 100%; }
    """
}
