import ImageFiles
import RadiographModels
import Torch

// B batch, H height, W width, F features

/// How images are brought to Inception-v3. The two ways differ by more than most models do, so that a figure of one may
/// not stand beside a figure of the other.
public enum InceptionPipeline: String, CaseIterable, Sendable, Codable {
  /// clean-fid's (Parmar et al., 2022): bicubic with antialiasing to 299 x 299 in floating point, as Pillow does it, within
  /// 0...255, then (x - 128) / 128.
  case clean
  /// pytorch-fid's: values of 0...1, bilinear without antialiasing to 299 x 299, then 2 x - 1.
  case legacy

  public var description: String {
    switch self {
    case .clean: "clean: grey, bicubic with antialiasing to 299x299, (x - 128) / 128"
    case .legacy: "legacy: grey, x / 255, bilinear without antialiasing to 299x299, 2 x - 1"
    }
  }
}

/// Inception-v3 of pytorch-fid as an extractor: 2,048 features, and log odds of 1,008 classes without the last layer's
/// bias, by which the Inception score is computed.
public struct InceptionExtractor: FeatureExtractor {
  public let name = ExtractorCheckpoint.Architecture.inceptionV3.name
  public let hash: String
  public let width = InceptionV3.width
  public let classes: Int? = InceptionV3.classes
  public let pipeline: InceptionPipeline
  private let network: InceptionV3

  public var preprocessing: String { pipeline.description }
  public var preparation: any InputPreparation { InceptionPreparation(pipeline: pipeline) }

  /// - Parameter hash: ``ExtractorCheckpoint/contentHash`` of the network's weights.
  public init(_ network: InceptionV3, hash: String, pipeline: InceptionPipeline) {
    self.network = network
    self.hash = hash
    self.pipeline = pipeline
  }

  public func outputs(of inputs: [NetworkInput]) throws -> ExtractorOutputs {
    try withoutGradients {
      let features_BF = try network.features(images(inputs))
      return try ExtractorOutputs(
        features: FeatureMatrix(checked: features_BF),
        logits: FeatureMatrix(checked: network.logits(features_BF, withBias: false)))
    }
  }

  private func images(_ inputs: [NetworkInput]) throws -> Tensor {
    switch pipeline {
    case .clean: return try NetworkInput.batch(inputs)
    case .legacy:
      let sides = [InceptionV3.side, InceptionV3.side]
      let isOneSize = inputs.allSatisfy { $0.width == inputs[0].width && $0.height == inputs[0].height }
      let sets = isOneSize ? [inputs] : inputs.map { [$0] }
      let resized = try sets.map { try NetworkInput.batch($0).upsampleBilinear2D(outputSize: sides) }
      return try Tensor.cat(resized, dim: 0) * 2 - 1
    }
  }
}

private struct InceptionPreparation: InputPreparation {
  let pipeline: InceptionPipeline

  func input(from image: GrayscaleImage) throws -> NetworkInput {
    let plane = GrayPlane(image)
    switch pipeline {
    case .clean:
      let resized = try plane.resized(width: InceptionV3.side, height: InceptionV3.side, resampling: .bicubic)
      return NetworkInput(resized) { (min(max($0, 0), 255) - 128) / 128 }
    case .legacy:
      // The network's own operator resizes, for a whole batch.
      return NetworkInput(plane) { $0 / 255 }
    }
  }
}

extension FeatureMatrix {
  /// - Throws: ``MetricError/notFinite(what:)``; `TorchError` if the tensor cannot be copied.
  init(checked tensor: Tensor) throws {
    let shape = tensor.shape
    try self.init(tensor.doubles(), rows: shape[0], columns: shape[1])
  }
}
