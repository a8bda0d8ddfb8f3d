import ImageFiles
import Torch

/// A space in which the gate compares images with all training images.
protocol GateSpace: Sendable {
  /// What the space is, in one or a few words.
  var name: String { get }

  /// The training image nearest to each image.
  ///
  /// - Parameter progress: Called after each image with the number of images since the start.
  /// - Throws: `TorchError`; what reading and describing throws.
  func matches(_ set: any ImageSet, progress: (Int) -> Void) async throws -> [GateIndex.Match]
}

/// The spaces, beside pixels, in which the gate compares images.
public struct GateSpaces: Sendable {
  /// Networks in whose features images are compared.
  public var extractors: [ExtractorChoice]
  /// A model in whose autoencoder's latents they are; nil for none.
  public var autoencoder: (any ImageGenerator)?
  private let memory: FeatureMemory

  /// - Parameter memory: Has what the networks make of sets, and keeps it.
  public init(
    extractors: [ExtractorChoice] = [], autoencoder: (any ImageGenerator)? = nil,
    memory: FeatureMemory = FeatureMemory()
  ) {
    (self.extractors, self.autoencoder, self.memory) = (extractors, autoencoder, memory)
  }

  static let pixels = "pixels"
  static let latents = "latents"
  static let features = "features"

  /// The spaces with the training images in them.
  ///
  /// - Parameter note: Called with a line about each.
  /// - Throws: What reading a network and describing the images throws; `TorchError`.
  func described(_ training: any ImageSet, note: @Sendable (String) -> Void) async throws -> [GateFeatures] {
    var spaces: [GateFeatures] = []
    if let autoencoder {
      note("latents of \(training.count) training images")
      spaces.append(try await .latents(training, autoencoder: autoencoder))
    }
    for choice in extractors {
      note("features of \(training.count) training images")
      let name = extractors.count == 1 ? Self.features : "\(Self.features) by \(choice.path)"
      spaces.append(try await .features(training, name: name, choice, memory: memory))
    }
    return spaces
  }
}

/// Images as points: near to each other by their Euclidean distance.
struct GateFeatures: GateSpace {
  /// Places of a latent in each direction that images are compared by.
  static let latentSide = 16

  let name: String
  /// The training images.
  let training: FeatureMatrix
  private let describe: @Sendable (any ImageSet) async throws -> FeatureMatrix

  private init(
    name: String, _ training: any ImageSet, describe: @escaping @Sendable (any ImageSet) async throws -> FeatureMatrix
  ) async throws {
    self.name = name
    self.training = try await describe(training)
    self.describe = describe
  }

  /// The means of the autoencoder's latents, at most 16 x 16 places.
  ///
  /// - Throws: What the autoencoder and reading throws.
  static func latents(_ training: any ImageSet, autoencoder: any ImageGenerator) async throws -> GateFeatures {
    try await GateFeatures(name: GateSpaces.latents, training) { set in
      var values: [Float] = []
      for index in 0..<set.count {
        try Task.checkCancellation()
        values += try await autoencoder.latent(of: set.image(at: index), side: latentSide)
      }
      return try FeatureMatrix(floats: values, rows: set.count, columns: values.count / max(set.count, 1))
    }
  }

  /// The features of a network.
  ///
  /// - Throws: What reading the network and the images throws; `MetricError`, `TorchError`.
  static func features(
    _ training: any ImageSet, name: String = GateSpaces.features, _ choice: ExtractorChoice, memory: FeatureMemory
  ) async throws -> GateFeatures {
    try await GateFeatures(name: name, training) { set in
      let extractor = try FeatureExtractorFile.load(choice.path, pipeline: choice.pipeline)
      return try memory.outputs(of: set, by: extractor).features
    }
  }

  /// The points of other images.
  ///
  /// - Throws: As making the space.
  func features(of set: any ImageSet) async throws -> FeatureMatrix { try await describe(set) }

  func matches(_ set: any ImageSet, progress: (Int) -> Void) async throws -> [GateIndex.Match] {
    let features = try await features(of: set)
    let matches = try FeatureDistances.nearest(GateIndex.candidates, of: features, in: training).map { near in
      GateIndex.Match(
        nearest: near[0].index, distance: near[0].distance / max(near[near.count - 1].distance, .leastNormalMagnitude))
    }
    progress(set.count)
    return matches
  }
}
