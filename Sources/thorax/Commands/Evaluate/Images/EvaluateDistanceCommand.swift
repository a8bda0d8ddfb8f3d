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
      each is brought to the network's. Memory does not grow with the number of images. In place of a folder a file of \
      'thorax evaluate reference' is taken, if it is of the same network.
      """)

  @Argument(help: "Two folders of PNG or JPEG images, or files of statistics (.safetensors).", completion: .directory)
  var folders: [String]

  @OptionGroup var extractors: ExtractorOptions

  @Option(
    help: ArgumentHelp("Folder in which statistics are kept, so that they are computed once.", valueName: "dir"),
    completion: .directory)
  var store: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  private struct Result: Encodable {
    var extractor: String
    var extractorHash: String
    var preprocessing: String
    var images: [Int]
    var frechetDistance: Double

    enum CodingKeys: String, CodingKey {
      case extractor, preprocessing, images
      case extractorHash = "extractor_hash"
      case frechetDistance = "frechet_distance"
    }
  }

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
    let choices = try extractors.required()
    let note = WorkNotes(common.console)
    let sides = try folders.map(Side.init(path:))
    if case .folder(let one) = sides[0], case .folder(let two) = sides[1] {
      let same = try one.requireOthers(than: two)
      if same > 0 { note("\(same.of("image")) in both folders") }
    }
    var results: [Result] = []
    for choice in choices {
      let extractor = try FeatureExtractorFile.load(choice.path, pipeline: choice.pipeline)
      let statistics = try sides.map { side in
        switch side {
        case .statistics(let stored): return stored
        case .folder(let set):
          note("features of \(set.count.of("image")): \(set.title.onOneLine(limit: 100))")
          guard let store else { return try FeatureStatistics.computed(of: set, with: extractor) }
          return try FeatureStatisticsStore(folder: store).statistics(of: set, with: extractor)
        }
      }
      results.append(
        Result(
          extractor: extractor.name, extractorHash: extractor.hash, preprocessing: extractor.preprocessing,
          images: statistics.map(\.provenance.count),
          frechetDistance: try statistics[0].frechetDistance(to: statistics[1])))
    }
    if json { return try Console.writeJSON(["distances": results]) }
    let lines = results.map {
      "\(String(format: "%.6f", $0.frechetDistance))  \($0.extractor) \($0.extractorHash.prefix(12)), \($0.preprocessing); "
        + "\($0.images[0]) and \($0.images[1].of("image"))"
    }
    try Console.writeResult(lines.joined(separator: "\n"))
  }
}
