import ArgumentParser
import Evaluation
import Foundation
import ImageFiles
import Support
import TensorFiles
import Torch

/// Features of folders of images, and what they take.
struct FeaturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "features",
    abstract: "Compute an extractor's features of folders of images; of two folders, their Fréchet distance too.",
    discussion: "docs/evaluation-extractors.md holds the figures.")

  @Option(help: ArgumentHelp("Weights of the extractor.", valueName: "file"))
  var extractor: String

  @Option(help: ArgumentHelp("Folder of PNG or JPEG files; one or two.", valueName: "dir"))
  var images: [String]

  @Option(help: "How images are brought to Inception-v3: clean or legacy.")
  var pipeline = InceptionPipeline.legacy.rawValue

  @Option(help: "Images that are computed at once.")
  var batch = 16

  @Option(help: "How often each folder is read, to see whether memory grows.")
  var `repeat` = 1

  @Option(help: "Processor threads.")
  var threads = 2

  @Option(help: ArgumentHelp("Safetensors file for the features of the first folder.", valueName: "file"))
  var features: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard InceptionPipeline(rawValue: pipeline) != nil else {
      throw ValidationError(
        "pipeline \(pipeline): give \(InceptionPipeline.allCases.map(\.rawValue).joined(separator: " or "))")
    }
    guard (1...2).contains(images.count) else { throw ValidationError("\(images.count) folders: give one or two") }
    guard batch > 0, `repeat` > 0 else { throw ValidationError("batch and repeat: give whole numbers above 0") }
  }

  /// A set whose images come several times, as those of a larger folder would.
  private struct Repeated: ImageSet {
    let folder: FolderImages
    let times: Int
    var title: String { folder.title }
    var count: Int { folder.count * times }
    var contentHash: String { ContentHash.of(parts: [folder.contentHash, "\(times)"]) }

    func name(at index: Int) -> String { folder.name(at: index % folder.count) }
    func facts(at index: Int) -> ImageFacts { folder.facts(at: index % folder.count) }
    func image(at index: Int) throws -> GrayscaleImage { try folder.image(at: index % folder.count) }
  }

  private struct Result: Encodable {
    var extractor: String
    var hash: String
    var preprocessing: String
    var images: Int
    var seconds: Double
    var imagesPerSecond: Double
    var peakMemoryBytes: Int
    var frechetDistance: Double?
  }

  func run() throws {
    try LibTorch.setThreads(threads)
    let extractor = try FeatureExtractorFile.load(
      self.extractor, pipeline: InceptionPipeline(rawValue: pipeline) ?? .legacy)
    let sets = try images.map { folder in
      Repeated(folder: try FolderImages(path: folder), times: `repeat`)
    }
    if let features { try write(extractor, sets[0], to: features) }
    // The first batch packs weights.
    _ = try extractor.features(of: (0..<min(batch, sets[0].count)).map { try sets[0].image(at: $0) }, batchSize: batch)
    var statistics: [FeatureStatistics] = []
    let time = try milliseconds {
      statistics = try sets.map { try FeatureStatistics.computed(of: $0, with: extractor, batchSize: batch) }
    }
    let count = sets.reduce(0) { $0 + $1.count }
    let result = Result(
      extractor: extractor.name, hash: extractor.hash, preprocessing: extractor.preprocessing, images: count,
      seconds: time / 1000, imagesPerSecond: Double(count) / time * 1000, peakMemoryBytes: peakMemoryBytes(),
      frechetDistance: statistics.count == 2 ? try statistics[0].frechetDistance(to: statistics[1]) : nil)
    if json {
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      return print(String(decoding: try encoder.encode(result), as: UTF8.self))
    }
    report(result.extractor, "weights \(result.hash.prefix(12))", result.preprocessing)
    report(
      "\(count) images", String(format: "%.1f s, %.1f images/s", result.seconds, result.imagesPerSecond),
      "peak memory \(megabytes(result.peakMemoryBytes))")
    if let distance = result.frechetDistance { report("Fréchet distance", String(format: "%.6f", distance)) }
  }

  private func write(_ extractor: any FeatureExtractor, _ images: any ImageSet, to path: String) throws {
    var values: [Double] = []
    try extractor.forEachBatch(of: images, batchSize: batch) { values += $0.features.values }
    let rows = try Tensor(values, shape: [images.count, extractor.width]).to(.float32)
    try SafetensorsWriter.write(["features": rows], to: path)
  }
}
