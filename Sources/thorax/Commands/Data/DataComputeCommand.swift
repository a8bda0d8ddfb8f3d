import ArgumentParser
import Foundation
import Generation
import RadiographData
import RadiographImport
import Support
import Terminal

/// `thorax data compute`.
struct DataComputeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compute",
    abstract:
      "Draw findings into normal radiographs of a dataset's training part, where place and size are known exactly.",
    discussion: """
      They stand in the dataset as a source of their own, "computed findings". A model that is trained on the dataset learns \
      from them, and its card counts them; no figure is taken of them, and no judge learns from them.

      Example: thorax data compute dataset --kinds effusion,consolidation --share 0.15
      """)

  @Argument(help: "The dataset's folder.", completion: .directory)
  var dataset: String

  @Option(
    help: ArgumentHelp(
      "What is drawn (default: all).",
      valueName: ComputedFinding.Kind.allCases.map(\.rawValue).joined(separator: ",")))
  var kinds: String?

  @Option(
    parsing: .unconditional, help: "The share of the training images that are computed: at most 0.2, the default.",
    transform: NumberText.real)
  var share: Double = ComputedSource.greatestShare

  @Option(parsing: .unconditional, help: "Decides what is drawn (default: 0).", transform: NumberText.whole)
  var seed: UInt64 = 0

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  private struct Drawn: Encodable {
    var imported: Int
    var alreadyThere: Int
    /// Images with each, of all that are asked for.
    var findings: [String: Int]

    enum CodingKeys: String, CodingKey {
      case imported, findings
      case alreadyThere = "already_there"
    }
  }

  func run() async throws {
    try common.check()
    let kinds = try wantedKinds()
    let url = URL(fileURLWithPath: self.dataset)
    let dataset = try RadiographDataset.open(url)
    let looking = common.console.meter("finding lungs", unit: "images", total: 0)
    let source = try ComputedSource.list(in: dataset, kinds: kinds, share: share, seed: seed) {
      looking.update($0.done, of: $0.total)
    }
    looking.finish()
    try ComputedSource.requireRoom(for: source, in: dataset)
    let drawing = common.console.meter("drawing findings", unit: "images", total: source.entries.count)
    let summary = try DatasetImport(source, into: url, options: ComputedSource.options).run {
      drawing.update($0.done, of: $0.total)
    }
    drawing.finish()
    var counts: [String: Int] = [:]
    for entry in source.entries { for label in entry.attributes.positives { counts[label, default: 0] += 1 } }
    if json {
      return try Console.writeJSON(
        Drawn(imported: summary.imported, alreadyThere: summary.alreadyThere, findings: counts))
    }
    let findings = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    try Console.writeResult(
      "\(self.dataset): \(summary.imported.of("image")) drawn, \(summary.alreadyThere) there before (\(findings))")
  }

  private func wantedKinds() throws -> [ComputedFinding.Kind] {
    guard let kinds else { return ComputedFinding.Kind.allCases }
    return try kinds.split(separator: ",", omittingEmptySubsequences: false).map { name in
      guard let kind = ComputedFinding.Kind(rawValue: String(name)) else {
        throw RequestError.conflict(
          "--kinds has '\(String(name).onOneLine(limit: 60))'",
          remedy: "choose of " + ComputedFinding.Kind.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return kind
    }
  }
}
