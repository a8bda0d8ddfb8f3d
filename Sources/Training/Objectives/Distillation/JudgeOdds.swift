import RadiographModels
import Torch

// B batch, H height, W width, L labels

/// What a classifier says of images.
struct JudgeOdds {
  let logits_BL: Tensor
  /// Of a network of places alone.
  var places: PlaceOdds?
}

extension JudgeOdds {
  /// - Parameter image_B1HW: Grey values in any range.
  /// - Throws: `TorchError`.
  init(_ classifier: LabelClassifier, _ image_B1HW: Tensor) throws {
    self = try Self.withMeans(classifier, image_B1HW).odds
  }

  /// With the means of the classifier's last stage, by which images are compared: `[B, C]`.
  static func withMeans(
    _ classifier: LabelClassifier, _ image_B1HW: Tensor
  ) throws -> (odds: JudgeOdds, means_BC: Tensor) {
    guard classifier.architecture.network == .places else {
      let (means_BC, logits_BL) = try classifier.meanFeatures(image_B1HW)
      return (JudgeOdds(logits_BL: logits_BL), means_BC)
    }
    let (odds, means_BC) = try classifier.placeOddsWithMeans(image_B1HW)
    return (JudgeOdds(logits_BL: odds.logits_BL, places: odds), means_BC)
  }
}

extension Tensor {
  /// The numbers of each row of a matrix.
  func rows() throws -> [[Double]] {
    let values = try to(.cpu).doubles()
    return (0..<shape[0]).map { row in Array(values[row * shape[1]..<(row + 1) * shape[1]]) }
  }
}
