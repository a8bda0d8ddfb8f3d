import ImageFiles
import RadiographModels
import TensorFiles
import Torch

// B batch, H height, W width, F features, L labels, D width of a token

/// DenseNet-121 of TorchXRayVision as an extractor: 1,024 features, and log odds of its findings.
public struct ChestDenseNetExtractor: FeatureExtractor {
  public let name: String
  public let hash: String
  public let width = ChestDenseNet.width
  public let classes: Int?
  private let network: ChestDenseNet

  public let preprocessing =
    "largest centred square, 2048 x / 255 - 1024, bilinear with antialiasing to 224x224"
  public var preparation: any InputPreparation { Preparation() }

  /// - Parameters:
  ///   - labels: The number of findings.
  ///   - hash: ``ExtractorCheckpoint/contentHash`` of the network's weights.
  public init(_ network: ChestDenseNet, labels: Int, hash: String) {
    self.network = network
    self.hash = hash
    classes = labels
    name = ExtractorCheckpoint.Architecture.chestDenseNet(labels: labels).name
  }

  public func outputs(of inputs: [NetworkInput]) throws -> ExtractorOutputs {
    let (features_BF, logits_BL) = try network(NetworkInput.batch(inputs))
    return try ExtractorOutputs(
      features: FeatureMatrix(checked: features_BF), logits: FeatureMatrix(checked: logits_BL))
  }

  private struct Preparation: InputPreparation {
    func input(from image: GrayscaleImage) throws -> NetworkInput {
      let side = min(image.width, image.height)
      let square = try GrayPlane(image)
        .cropped(x: image.width / 2 - side / 2, y: image.height / 2 - side / 2, side: side)
        .resized(width: ChestDenseNet.side, height: ChestDenseNet.side, resampling: .bilinear)
      // Resampling is linear and its weights add up to 1, so that scaling may follow it.
      return NetworkInput(square) { (2 * ($0 / 255) - 1) * 1024 }
    }
  }
}

/// RAD-DINO, or another vision transformer of its family, as an extractor: its class token.
public struct VisionTransformerExtractor: FeatureExtractor {
  public let name: String
  public let hash: String
  public let width: Int
  public let classes: Int? = nil
  private let network: VisionTransformer
  private let side: Int

  /// The mean and the standard deviation of RAD-DINO's training images, of values 0...1.
  private static let mean: Float = 0.5307
  private static let deviation: Float = 0.2583

  public var preprocessing: String {
    "bicubic with antialiasing to \(side) at the shorter side, rounded to 8 bits, centred square, "
      + "(x / 255 - \(Self.mean)) / \(Self.deviation)"
  }
  public var preparation: any InputPreparation { Preparation(side: side) }

  /// - Parameter hash: ``ExtractorCheckpoint/contentHash`` of the network's weights.
  public init(_ network: VisionTransformer, hash: String) {
    self.network = network
    self.hash = hash
    let shape = network.architecture
    name = ExtractorCheckpoint.Architecture.visionTransformer(shape).name
    width = shape.width
    side = shape.positionSide * shape.patch
  }

  public func outputs(of inputs: [NetworkInput]) throws -> ExtractorOutputs {
    try ExtractorOutputs(
      features: FeatureMatrix(checked: network.classFeatures(NetworkInput.batch(inputs))), logits: nil)
  }

  private struct Preparation: InputPreparation {
    let side: Int

    func input(from image: GrayscaleImage) throws -> NetworkInput {
      let (short, long) = (min(image.width, image.height), max(image.width, image.height))
      let length = side * long / short
      let (width, height) = image.width <= image.height ? (side, length) : (length, side)
      // Pillow rounds after rows and after columns.
      let rows = try GrayPlane(image).resized(width: width, height: image.height, resampling: .bicubic).grayscale
      let resized = try GrayPlane(rows).resized(width: width, height: height, resampling: .bicubic).grayscale
      let square = try GrayPlane(resized)
        .cropped(x: (resized.width - side) / 2, y: (resized.height - side) / 2, side: side)
      return NetworkInput(square) {
        ($0 / 255 - VisionTransformerExtractor.mean) / VisionTransformerExtractor.deviation
      }
    }
  }
}

extension GrayPlane {
  /// A square of the plane, whose corner is `x` from the left and `y` from the top.
  fileprivate func cropped(x: Int, y: Int, side: Int) throws -> GrayPlane {
    if x == 0, y == 0, width == side, height == side { return self }
    var square: [Float] = []
    square.reserveCapacity(side * side)
    for row in y..<y + side { square += values[row * width + x..<row * width + x + side] }
    return try GrayPlane(width: side, height: side, values: square)
  }
}

/// A classifier that Thorax has trained as an extractor: the means of its last stage, and log odds of its labels.
public struct OwnExtractor: FeatureExtractor {
  public let name: String
  public let hash: String
  public let width: Int
  public let classes: Int?
  private let classifier: LabelClassifier

  /// The labels that the log odds are of.
  public var labels: [String] { classifier.architecture.labels }
  public let preprocessing: String
  public var preparation: any InputPreparation { CentredSquare(side: classifier.architecture.side) }

  /// Reads a classifier of `thorax train classifier`.
  ///
  /// - Throws: `ClassifierFileError`, `FileAccessError`, `TensorFileError`, `ParameterLoadingError`, `TorchError`.
  public init(contentsOf path: String) throws {
    let classifier = try LabelClassifier(contentsOf: path)
    try self.init(classifier, hash: SafetensorsFile(path: path).tensorsByName.contentHash)
  }

  /// - Parameter hash: A hash of the classifier's weights.
  /// - Throws: `TorchError` if the network cannot be run once, for its width.
  public init(_ classifier: LabelClassifier, hash: String) throws {
    self.classifier = classifier
    self.hash = hash
    let architecture = classifier.architecture
    name = "Thorax classifier (\(architecture.network.rawValue))"
    classes = architecture.labels.count
    preprocessing = CentredSquare(side: architecture.side).text
    width = try withoutGradients {
      let probe = try Tensor.zeros([1, 1, architecture.side, architecture.side])
      return try classifier.meanFeatures(probe).means_BC.shape[1]
    }
  }

  /// Log odds of each label, a row for each image of a set.
  ///
  /// - Throws: What reading throws; `TorchError`.
  func odds(of set: any ImageSet) throws -> [[Double]] {
    var rows: [[Double]] = []
    try forEachBatch(of: set) { outputs in
      guard let logits = outputs.logits else { return }
      rows += (0..<logits.rows).map { Array(logits[$0]) }
    }
    return rows
  }

  /// Whether the network was made to say where labels are seen.
  var knowsPlaces: Bool { classifier.architecture.network == .places }

  /// Where each label is seen in some images: rows of images, columns of labels.
  ///
  /// - Throws: `TorchError` if memory runs out.
  func places(of inputs: [NetworkInput]) throws -> [[SeenPlace]] {
    try withoutGradients {
      let odds = try classifier.placeOdds(NetworkInput.batch(inputs))
      let (rightward, upward) = (try odds.rightward_BL.doubles(), try odds.upward_BL.doubles())
      return inputs.indices.map { image in
        labels.indices.map { label in
          let place = image * labels.count + label
          return SeenPlace(rightward: rightward[place], upward: upward[place])
        }
      }
    }
  }

  public func outputs(of inputs: [NetworkInput]) throws -> ExtractorOutputs {
    try withoutGradients {
      let (means_BC, logits_BL) = try classifier.meanFeatures(NetworkInput.batch(inputs))
      return try ExtractorOutputs(
        features: FeatureMatrix(checked: means_BC), logits: FeatureMatrix(checked: logits_BL))
    }
  }
}

/// The largest centred square of an image, at the side of one of our networks.
private struct CentredSquare: InputPreparation {
  let side: Int

  var text: String {
    "largest centred square, bilinear with antialiasing to \(side)x\(side), mean 0 and variance 1 of each image"
  }

  func input(from image: GrayscaleImage) throws -> NetworkInput {
    NetworkInput(try GrayPlane(image).square(size: side, fit: .crop, resampling: .bilinear))
  }
}

/// A network of ours that recognises patients as an extractor: its embeddings.
public struct ReidentifierExtractor: FeatureExtractor {
  public let name = "Thorax re-identifier"
  public let hash: String
  public let width: Int
  public let classes: Int? = nil
  private let reidentifier: Reidentifier
  private let square: CentredSquare

  public var preprocessing: String { square.text }
  public var preparation: any InputPreparation { square }

  /// Reads a re-identifier of `thorax train reidentifier`.
  ///
  /// - Throws: `ClassifierFileError`, `FileAccessError`, `TensorFileError`, `ParameterLoadingError`, `TorchError`.
  public init(contentsOf path: String) throws {
    self.init(
      try Reidentifier(contentsOf: path), hash: try SafetensorsFile(path: path).tensorsByName.contentHash)
  }

  /// - Parameter hash: A hash of the network's weights.
  public init(_ reidentifier: Reidentifier, hash: String) {
    self.reidentifier = reidentifier
    self.hash = hash
    width = reidentifier.architecture.width
    square = CentredSquare(side: reidentifier.architecture.side)
  }

  public func outputs(of inputs: [NetworkInput]) throws -> ExtractorOutputs {
    try withoutGradients {
      ExtractorOutputs(features: try FeatureMatrix(checked: reidentifier(NetworkInput.batch(inputs))), logits: nil)
    }
  }
}
