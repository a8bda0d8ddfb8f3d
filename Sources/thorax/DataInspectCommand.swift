import ArgumentParser
import Foundation
import RadiographData

/// `thorax data inspect`.
struct DataInspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Say what is in a dataset: counts, splits, labels, what was left out and why.")

  @Argument(help: "The dataset's folder.", completion: .directory)
  var dataset: String

  @Flag(help: "Print one JSON object.")
  var json = false

  @Option(
    help: ArgumentHelp("Write a page with counts and sample images.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var html: String?

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    let dataset = try RadiographDataset.open(URL(fileURLWithPath: dataset))
    if let html {
      let page = try DatasetReport(dataset).html()
      do {
        try Data(page.utf8).write(to: URL(fileURLWithPath: html), options: .atomic)
      } catch {
        throw DatasetError.cannotCreate(path: html, reason: error.localizedDescription)
      }
      if !json { try Console.writeResult(html) }
    }
    let summary = try dataset.summary()
    if json {
      try Console.writeJSON(summary)
    } else if html == nil {
      try Console.writeResult(Self.table(summary))
    }
  }

  private static func table(_ summary: DatasetSummary) -> String {
    func rows(_ title: String, _ counts: [String: Int]) -> [(String, String)] {
      counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ("\(title) \($0.key)", "\($0.value)") }
    }
    var lines = [
      ("images with pixels", "\(summary.images)"), ("image size", "\(summary.settings.imageSize)"),
      ("frontal, listed", "\(summary.frontal)"), ("lateral, listed", "\(summary.lateral)"),
      ("eligible", "\(summary.eligible)"), ("patients", "\(summary.patients)"), ("studies", "\(summary.studies)"),
      ("reports", "\(summary.reports)"), ("split train", "\(summary.splits.train)"),
      ("split validation", "\(summary.splits.validation)"), ("split test", "\(summary.splits.test)"),
    ]
    lines += rows("label", summary.labels) + rows("excluded", summary.excluded)
    if summary.reports > 0 {
      lines.append(("words", "\(summary.words.mean) (\(summary.words.min) to \(summary.words.max))"))
    }
    lines.append(("bytes", "\(summary.bytes)"))
    lines += summary.sources.map { source in
      ("source \(source.name)", "\(source.images) images, \(source.patients) patients, \(source.licence)")
    }
    let width = lines.map(\.0.count).max() ?? 0
    return lines.map { $0.0.padding(toLength: width + 2, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
  }
}
