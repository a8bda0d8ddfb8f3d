import Foundation
import Support

/// The Fréchet distances of a run's samples to real images, step by step, in the features of one network: a column of the
/// article's table 2, as `thorax evaluate run` measures it.
public struct SampleDistances: Codable, Sendable, Equatable {
  /// The distance of the samples of one step.
  public struct Value: Codable, Sendable, Equatable {
    public var step: Int
    public var distance: Double
    /// A hash of the model that drew the samples.
    public var model: String

    public init(step: Int, distance: Double, model: String) {
      (self.step, self.distance, self.model) = (step, distance, model)
    }
  }

  /// What the distance is called: `FID` with Inception-v3, `Fréchet distance` with any other network.
  public var measure: String
  /// The network in a word or two.
  public var network: String
  /// The network's full name.
  public var extractor: String
  /// A hash of the network's weights.
  public var extractorHash: String
  /// What is done to an image before it reaches the network.
  public var preprocessing: String
  /// The width of the average of the weights, as a share of the training; nil for the exponential average, which
  /// validation looks at.
  public var averageWidth: Double?
  /// The number of samples of each step.
  public var samples: Int
  /// The seed of the first sample.
  public var seed: UInt64
  /// The number of real images.
  public var images: Int
  /// A hash of the real images.
  public var imagesHash: String
  /// The distance of as many training images to the same real images: the mean of some draws.
  public var trainingDistance: Double
  /// The number of those draws.
  public var trainingDraws: Int
  /// In the order of the steps.
  public private(set) var values: [Value] = []

  enum CodingKeys: String, CodingKey {
    case measure, network, extractor, preprocessing, samples, seed, images, values
    case extractorHash = "extractor_hash"
    case averageWidth = "average_width"
    case imagesHash = "images_hash"
    case trainingDistance = "training_distance"
    case trainingDraws = "training_draws"
  }

  public init(
    measure: String, network: String, extractor: String, extractorHash: String, preprocessing: String,
    averageWidth: Double?, samples: Int, seed: UInt64, images: Int, imagesHash: String, trainingDistance: Double = 0,
    trainingDraws: Int = 0
  ) {
    (self.measure, self.network, self.extractor) = (measure, network, extractor)
    (self.extractorHash, self.preprocessing, self.averageWidth) = (extractorHash, preprocessing, averageWidth)
    (self.samples, self.seed, self.images, self.imagesHash) = (samples, seed, images, imagesHash)
    (self.trainingDistance, self.trainingDraws) = (trainingDistance, trainingDraws)
  }

  /// A hash of all that two distances have to have in common to stand in one column.
  public var key: String {
    ContentHash.of(parts: [
      extractorHash, preprocessing, averageWidth.map { "\($0)" } ?? "", "\(samples)", "\(seed)", imagesHash,
    ])
  }

  /// The distance at a step; nil if it was not measured.
  public subscript(step: Int) -> Value? { values.first { $0.step == step } }

  /// Sets the distance of a step, in the place of what was measured there before.
  public mutating func set(_ value: Value) {
    values = (values.filter { $0.step != value.step } + [value]).sorted { $0.step < $1.step }
  }
}

// MARK: - Files

extension SampleDistances {
  private func file(in folder: URL) -> URL { folder.appendingPathComponent("\(key.prefix(16)).json") }

  /// All distances that a stage's folder `distances` holds, in the order in which a table shows them. A file that cannot
  /// be read is left out.
  public static func all(in folder: URL) -> [SampleDistances] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    func place(_ distances: SampleDistances) -> (String, String, Int, String) {
      (distances.measure, distances.network, distances.samples, distances.key)
    }
    return names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }
      .compactMap { read(folder.appendingPathComponent($0)) }
      .sorted { place($0) < place($1) }
  }

  /// What a folder holds of the same column; nil if that is nothing.
  public func stored(in folder: URL) -> SampleDistances? {
    Self.read(file(in: folder)).flatMap { $0.key == key ? $0 : nil }
  }

  private static func read(_ url: URL) -> SampleDistances? {
    (try? Data(contentsOf: url)).flatMap { try? JSONDecoder().decode(SampleDistances.self, from: $0) }
  }

  /// Writes the column into a folder that is there.
  ///
  /// - Throws: `FileAccessError` if the file cannot be written; `EncodingError` for a distance that is not finite.
  public func write(in folder: URL) throws {
    try AtomicFile.write(Array(PrettyJSON.data(self)), to: file(in: folder).path)
  }
}

// MARK: - Words

extension SampleDistances {
  /// The heads of columns, no two of them the same.
  static func heads(of columns: [SampleDistances]) -> [String] {
    let plain = columns.map(\.head)
    return zip(columns, plain).map { column, head in
      plain.count { $0 == head } == 1 ? head : "\(head), \(column.extractorHash.prefix(8))/\(column.key.prefix(4))"
    }
  }

  /// What was measured, in a few words.
  private var head: String {
    "\(measure), \(network), n = \(samples)" + (averageWidth.map { ", average of width \($0)" } ?? "")
  }
}
