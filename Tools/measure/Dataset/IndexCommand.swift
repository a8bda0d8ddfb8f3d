import ArgumentParser
import Foundation
import RadiographData
import RadiographImport
import Support

/// An index of MIMIC-CXR's size, without pixels.
struct IndexCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "index", abstract: "Import, divide, open and sum up an index of synthetic entries without pixels.")

  @Option(help: "Entries.")
  var entries = 377_110

  @Option(help: "Where to put the dataset meanwhile.")
  var folder: String?

  func run() throws {
    try withNewFolder(in: folder) { folder in
      let dataset = folder.appendingPathComponent("dataset")
      let start = ContinuousClock.now
      try importAll(into: dataset)
      report("memory after import", "now \(megabytes(residentMemoryBytes()))", "peak \(megabytes(peakMemoryBytes()))")
      var opened: RadiographDataset?
      let opening = try (0..<10).map { _ in try milliseconds { opened = try RadiographDataset.open(dataset) } }
      report("open", String(format: "median %.1f ms  slowest %.1f ms", opening.sorted()[5], opening.max() ?? 0))
      guard let opened else { return }
      try report(
        "summary",
        String(
          format: "%.0f ms",
          milliseconds {
            let summary = try opened.summary()
            print(
              "  \(summary.frontal) frontal, \(summary.eligible) eligible, \(summary.patients) patients,",
              terminator: " ")
            print("\(summary.splits.train)/\(summary.splits.validation)/\(summary.splits.test)")
          }))
      try report("leakage", String(format: "%.0f ms", milliseconds { _ = try opened.requireNoLeakage() }))
      try reportRecords(of: opened)
      report(
        "in all", String(format: "%.1f s", Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000),
        "peak \(megabytes(peakMemoryBytes()))")
      try report("import again", String(format: "%.0f ms", milliseconds { try importAll(into: dataset) }))
      report("peak memory in all", megabytes(peakMemoryBytes()))
    }
  }

  /// What a pass over all records costs, a few at a time as training reads them and at once.
  private func reportRecords(of dataset: RadiographDataset) throws {
    let filter = RecordFilter(withPixelsOnly: false)
    let places = try RadiographRecords(dataset, matching: filter)
    var read = 0
    let time = try milliseconds { try places.forEach { _, _ in read += 1 } }
    report("records a few at a time", String(format: "%.0f ms", time), "\(read) records")
    var all: [RadiographRecord] = []
    let whole = try milliseconds { all = try dataset.records(matching: filter) }
    report("records at once", String(format: "%.0f ms", whole), "\(all.count) records")
  }

  private func importAll(into dataset: URL) throws {
    let start = ContinuousClock.now
    let source = SyntheticSource.list(entries: entries, root: dataset.deletingLastPathComponent())
    let listed = ContinuousClock.now
    var options = DatasetImport.Options()
    options.missingImages = .skip
    let folder = dataset
    let summary = try DatasetImport(source, into: folder, options: options).run()
    report(
      "import", String(format: "%.1f s", Double((ContinuousClock.now - listed) / .milliseconds(1)) / 1000),
      String(format: "after listing for %.1f s", Double((listed - start) / .milliseconds(1)) / 1000),
      "\(summary.excluded.count) exclusions")
  }
}
