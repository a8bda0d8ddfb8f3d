import ArgumentParser
import Foundation
import RadiographData
import RadiologyReports
import Support
import SystemPackage
import Terminal

/// `thorax data inspect`.
struct DataInspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Say what is in a dataset: counts, splits, labels, what was left out and why.")

  @Argument(help: "The dataset's folder.", completion: .directory)
  var dataset: String

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(help: "Read every byte and compare it with the checksums of the import.")
  var verify = false

  @Option(
    help: ArgumentHelp("Write a page with counts, charts and sample images.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var html: String?

  @Option(
    help: ArgumentHelp(
      "Show one report before and after cleaning: name its study, or one of its images.", valueName: "uid"))
  var text: String?

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    let dataset = try RadiographDataset.open(URL(fileURLWithPath: dataset))
    if verify {
      try check(dataset)
      return
    }
    if let html { try writePage(of: dataset, to: html) }
    if let text {
      try show(ReportComparison.list(text, in: dataset))
    } else if json {
      try Console.writeJSON(dataset.summary())
    } else if html == nil {
      try Console.writeResult(DatasetTables.text(dataset.summary()))
    }
  }

  private func check(_ dataset: RadiographDataset) throws {
    let found = try dataset.verify()
    for note in found.notes { common.console.note(note) }
    for line in found.damagedIndex { common.console.note("damaged: \(line)") }
    for image in found.damagedImages.prefix(100) {
      common.console.note("damaged: pixels of \(image.paths.joined(separator: ", "))")
    }
    guard found.isSound else {
      let first = found.damagedIndex.first ?? found.damagedImages.first?.paths.first ?? "an image"
      throw DatasetError.damaged(
        path: self.dataset,
        reason: "\(found.damagedImages.count) of \(found.checkedImages.of("image")), the first is \(first)")
    }
    if json {
      try Console.writeJSON(found)
    } else {
      try Console.writeResult(
        "\(self.dataset): \(found.checkedImages.of("image")) \(found.checkedImages == 1 ? "is as it was" : "are as they were") imported"
      )
    }
  }

  /// A page of ours is replaced, since it is made again; no other file is.
  private func checkPage(_ path: String) throws {
    try FilePath(path).checkReplaceable(overwrite: true)
    guard let file = FileHandle(forReadingAtPath: path) else { return }
    let start = try file.read(upToCount: 4_096) ?? Data()
    guard start.isEmpty || DatasetPage.isPage(startingWith: String(decoding: start, as: UTF8.self)) else {
      throw OutputError.notReplaced(path: path, reason: "not a page of Thorax")
    }
  }

  private func writePage(of dataset: RadiographDataset, to path: String) throws {
    try checkPage(path)
    let found = try dataset.leakage()
    let pairs = found.nearDuplicates.map { pair in
      DatasetExaminations.ImagePair(
        .init(pair.first, split: pair.firstSplit), .init(pair.second, split: pair.secondSplit), distance: pair.distance)
    }
    let page = try DatasetPage(
      dataset,
      examinations: DatasetExaminations(
        nearDuplicates: pairs, leakingPatients: found.patients, leakingStudies: found.studies)
    ).html()
    try AtomicFile.write(Array(page.utf8), to: path)
    if !json { try Console.writeResult(path) }
  }

  private func show(_ reports: [ReportComparison]) throws {
    if json {
      try Console.writeJSON(["reports": reports])
    } else {
      try Console.writeResult(reports.map(\.text).joined(separator: "\n\n"))
    }
  }
}

/// A report as the dataset holds it, and as training sees it.
private struct ReportComparison: Encodable {
  struct Section: Encodable {
    var name: String
    var before: String
    var after: String
  }

  var source: String
  var study: String
  var sections: [Section]

  static func list(_ name: String, in dataset: RadiographDataset) throws -> [ReportComparison] {
    let reports = try dataset.texts(named: name)
    guard !reports.isEmpty else {
      throw DatasetError.sourceMissing(
        path: name, remedy: "give a study's name, or the path of an image, of this dataset")
    }
    let cleaner = try ReportCleaner.standard()
    return reports.map { report in
      ReportComparison(
        source: report.source, study: report.study,
        sections: report.sections.map {
          Section(name: $0.name, before: $0.text, after: cleaner.clean($0.text))
        })
    }
  }

  var text: String {
    let head = "\(source), study \(study)".onOneLine()
    guard !sections.isEmpty else { return head + "\n  no report" }
    return
      ([head]
      + sections.map { section in
        """
          \(section.name.onOneLine())
            before  \(section.before.onOneLine())
            after   \(section.before == section.after ? "the same" : section.after.onOneLine())
        """
      }).joined(separator: "\n")
  }
}

extension Dictionary where Key == String, Value == Int {
  fileprivate func mappedKeys(_ transform: (String) -> String) -> [String: Int] {
    Dictionary(map { (transform($0.key), $0.value) }, uniquingKeysWith: +)
  }
}

/// A dataset's summary as tables of text.
private enum DatasetTables {
  static func text(_ summary: DatasetSummary) -> String {
    [
      overview(summary),
      TextTable(
        title: "Eligible images by part",
        rows: [
          ["train", "\(summary.splits.train)"], ["validation", "\(summary.splits.validation)"],
          ["test", "\(summary.splits.test)"],
        ]),
      counts("Labels, by listed image", summary.labels, whole: summary.frontal + summary.lateral),
      TextTable(
        title: "Findings that reports speak of, by study", heads: ["positive", "negative", "uncertain"],
        rows: summary.reported.sorted { $0.key < $1.key }.map { name, count in
          [name, "\(count.positive)", "\(count.negative)", "\(count.uncertain)"]
        }),
      counts("Views, by listed image", summary.views), counts("Sex, by listed image", summary.sexes),
      counts("Left out, or noted", summary.excluded.mappedKeys { ImportExclusion.Reason(rawValue: $0)?.words ?? $0 }),
      TextTable(
        title: "Sources", heads: ["images", "patients", "licence"],
        rows: summary.sources.map { [$0.name, "\($0.images)", "\($0.patients)", $0.licence] }),
      TextTable(
        title: "Eligible images by source and part", heads: ["images", "patients"],
        rows: summary.parts.map { ["\($0.source), \($0.split.rawValue)", "\($0.images)", "\($0.patients)"] }),
      TextTable(
        title: "Findings marked in eligible images",
        heads: ["images", "boxes", "right", "left", "upper", "middle", "lower"],
        rows: summary.marked.map { found in
          ["\(found.source), \(found.split.rawValue), \(found.finding)"]
            + [
              found.images, found.boxes, found.right, found.left, found.upper, found.middle, found.lower,
            ].map { "\($0)" }
        }),
    ].map { $0.lines().joined(separator: "\n") }.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private static func overview(_ summary: DatasetSummary) -> TextTable {
    var rows = [
      ["images with pixels", "\(summary.images)"], ["image size", "\(summary.settings.imageSize)"],
      ["frontal, listed", "\(summary.frontal)"], ["lateral, listed", "\(summary.lateral)"],
      ["eligible for training", "\(summary.eligible)"], ["patients", "\(summary.patients)"],
      ["studies", "\(summary.studies)"], ["reports", "\(summary.reports)"],
    ]
    if summary.reports > 0 {
      rows += [
        ["words in a report, mean", "\(summary.words.mean)"], ["words, least", "\(summary.words.min)"],
        ["words, most", "\(summary.words.max)"],
      ]
    }
    return TextTable(title: "Overview", rows: rows + [["bytes", "\(summary.bytes)"]])
  }

  private static func counts(_ title: String, _ counts: [String: Int], whole: Int? = nil) -> TextTable {
    let ordered = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return TextTable(
      title: title,
      rows: ordered.map { name, count in
        [name, "\(count)"]
          + (whole.map { [String(format: "%5.1f %%", 100 * Double(count) / Double(max($0, 1)))] } ?? [])
      })
  }
}
