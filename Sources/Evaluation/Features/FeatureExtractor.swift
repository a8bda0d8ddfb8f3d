import ImageFiles
import Torch

/// A network by whose features sets of images are compared.
///
/// An extractor is used by one thread. Its ``preparation`` of images uses neither the network nor LibTorch and may run
/// on other threads.
public protocol FeatureExtractor {
  /// Which network it is, as reports name it.
  var name: String { get }
  /// A hash of the weights.
  var hash: String { get }
  /// The number of features of an image.
  var width: Int { get }
  /// The number of classes of ``logits(of:batchSize:)``; nil if there are none.
  var classes: Int? { get }
  /// What is done to an image before it reaches the network, in one line. Figures of different preprocessing may not be
  /// compared.
  var preprocessing: String { get }
  /// Prepares an image for the network; usable from any thread.
  var preparation: any InputPreparation { get }

  /// Features, and log odds of classes if the network has them, of images that were prepared.
  ///
  /// - Returns: a row for each image.
  /// - Throws: ``MetricError/notFinite(what:)`` for features that are not finite; `TorchError` if memory runs out.
  func outputs(of inputs: [NetworkInput]) throws -> ExtractorOutputs
}

/// The outputs of an extractor for a batch of images.
public struct ExtractorOutputs: Sendable {
  public let features: FeatureMatrix
  /// Log odds of classes, up to a constant; nil for a network without classes.
  public let logits: FeatureMatrix?
}

/// Makes images into what a network takes.
public protocol InputPreparation: Sendable {
  /// - Throws: `ImageFileError` if the image cannot be resampled.
  func input(from image: GrayscaleImage) throws -> NetworkInput
}

/// One image as its network takes it.
public struct NetworkInput: Sendable {
  public let width: Int
  public let height: Int
  /// `width * height` values, row by row.
  public let values: [Float]

  init(width: Int, height: Int, values: [Float]) { (self.width, self.height, self.values) = (width, height, values) }

  init(_ plane: GrayPlane, value: (Float) -> Float = { $0 }) {
    self.init(width: plane.width, height: plane.height, values: plane.values.map(value))
  }
}

extension FeatureExtractor {
  /// Images that are computed at once if nothing else is said.
  public static var standardBatchSize: Int { 16 }

  /// Features of images, a batch at a time.
  ///
  /// - Throws: `ImageFileError`, ``MetricError``, `TorchError`.
  public func features(of images: [GrayscaleImage], batchSize: Int = standardBatchSize) throws -> FeatureMatrix {
    try joined(images, batchSize) { $0.features }
  }

  /// Log odds of classes, a batch at a time; nil for a network without classes.
  ///
  /// - Throws: `ImageFileError`, ``MetricError``, `TorchError`.
  public func logits(of images: [GrayscaleImage], batchSize: Int = standardBatchSize) throws -> FeatureMatrix? {
    classes == nil ? nil : try joined(images, batchSize) { $0.logits }
  }

  private func joined(
    _ images: [GrayscaleImage], _ batchSize: Int, _ part: (ExtractorOutputs) -> FeatureMatrix?
  ) throws -> FeatureMatrix {
    var values: [Double] = []
    var columns = width
    for start in stride(from: 0, to: images.count, by: max(1, batchSize)) {
      let batch = images[start..<min(start + max(1, batchSize), images.count)]
      guard let rows = part(try outputs(of: batch.map(preparation.input))) else { continue }
      values += rows.values
      columns = rows.columns
    }
    return try FeatureMatrix(values, rows: images.count, columns: columns)
  }
}

extension NetworkInput {
  /// `[B, 1, height, width]` of inputs of one size.
  ///
  /// - Throws: ``MetricError/countMismatch(what:expected:found:)`` for inputs of different sizes.
  static func batch(_ inputs: [NetworkInput]) throws -> Tensor {
    let (height, width) = (inputs.first?.height ?? 1, inputs.first?.width ?? 1)
    var values: [Float] = []
    values.reserveCapacity(inputs.count * height * width)
    for input in inputs {
      guard input.width == width, input.height == height else {
        throw MetricError.countMismatch(
          what: "pixels of an image in a batch", expected: width * height, found: input.width * input.height)
      }
      values += input.values
    }
    return try Tensor(values, shape: [inputs.count, 1, height, width])
  }
}
