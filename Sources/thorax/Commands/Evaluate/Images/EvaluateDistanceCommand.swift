import ArgumentParser
import Evaluation
import Foundation
import Generation
import Support
import Terminal

/// `thorax evaluate distance`.
struct EvaluateDistanceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distance", abstract: "Compute the Fréchet distance (FID) of two folders of images.",
    discussion: """
      With pytorch-fid's weights, --pipeline legacy gives pytorch-fid's number, clean clean-fid's. Images may differ in size: \
      each is brought to the network's. Memory does not grow with the number of images, except with --interval. In place of a folder a file of \
      'thorax evaluate reference' is taken, if it is of the same network.
      """)

  @Argument(help: "Two folders of PNG or JPEG images, or files of statistics (.safetensors).", completion: .directory)
  var folders: [String]

  @OptionGroup var extractors: ExtractorOptions

  @Option(
    help: ArgumentHelp("Folder in which statistics are kept, so that they are computed once.", valueName: "dir"),
    completion: .directory)
  var store: String?

  @Flag(
    help: ArgumentHelp(
      "Draw both folders again \(SetDistance.resamples) times for an interval, which takes as many distances."))
  var interval = false

  @Option(
    parsing: .unconditional, help: "Decides what --interval draws again (default: 0).", transform: NumberText.whole)
  var seed: UInt64 = 0

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  /// One of the two that are compared.
  private enum Side {
    case folder(FolderImages)
    case statistics(FeatureStatistics)

    init(path: String) throws {
      if path.hasSuffix(".safetensors") {
        self = .statistics(try FeatureStatisticsStore.statistics(contentsOf: path))
      } else {
        let set = try FolderImages(path: path)
        try set.requireContrast()
        self = .folder(set)
      }
    }
  }

  func run() async throws {
    try common.check()
    guard folders.count == 2 else {
      throw RequestError.conflict("one folder or more than two are given", remedy: "give two, to compare them")
    }
    guard !interval || (store == nil && !folders.contains { $0.hasSuffix(".safetensors") }) else {
      throw RequestError.conflict(
        "--interval draws images again, and statistics have none", remedy: "give two folders and no --store")
    }
    let choices = try extractors.required()
    let note = WorkNotes(common.console)
    let sides = try folders.map(Side.init(path:))
    if case .folder(let one) = sides[0], case .folder(let two) = sides[1] {
      let same = try one.requireOthers(than: two)
      if same > 0 { note("\(same.of("image")) in both folders") }
    }
    let results = try choices.map { choice in
      try distance(sides, FeatureExtractorFile.load(choice.path, pipeline: choice.pipeline), note)
    }
    if json { return try Console.writeJSON(["distances": results]) }
    try Console.writeResult(results.flatMap(Self.lines).joined(separator: "\n"))
  }

  private func distance(_ sides: [Side], _ extractor: any FeatureExtractor, _ note: WorkNotes) throws -> SetDistance {
    if store == nil, case .folder(let one) = sides[0], case .folder(let two) = sides[1] {
      return try SetDistance(one, two, with: extractor, resamplesWithSeed: interval ? seed : nil) { note($0) }
    }
    let statistics = try sides.map { side in
      switch side {
      case .statistics(let stored): return stored
      case .folder(let set):
        note("features of \(set.count.of("image")): \(set.title.onOneLine(limit: 100))")
        guard let store else { return try FeatureStatistics.computed(of: set, with: extractor) }
        return try FeatureStatisticsStore(folder: store).statistics(of: set, with: extractor)
      }
    }
    return try SetDistance(statistics[0], statistics[1])
  }

  private static func lines(_ result: SetDistance) -> [String] {
    func text(_ value: Double) -> String { String(format: "%.6f", value) }
    var lines = [
      "\(text(result.distance))  \(result.extractor) \(result.extractorHash.prefix(12)), \(result.preprocessing); "
        + "\(result.images[0]) and \(result.images[1].of("image"))"
    ]
    if let ci95 = result.ci95 { lines[0] += "; 95 %: \(ci95.map(text).joined(separator: " to "))" }
    if let halves = result.halves {
      lines.append(
        "\(text(halves.withinSecond))  the first images of the second folder against its last; \(text(halves.toFirst)) against "
          + "as many of the first folder (\(halves.images) each)")
    }
    return lines
  }
}
