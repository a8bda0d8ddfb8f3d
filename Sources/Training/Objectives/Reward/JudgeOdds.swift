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
    self = try Self.withStageMeans(classifier, image_B1HW).odds
  }

  /// With the means of each of the classifier's stages, by which images are compared: `[B, C]`.
  static func withStageMeans(
    _ classifier: LabelClassifier, _ image_B1HW: Tensor
  ) throws -> (odds: JudgeOdds, means_BC: [Tensor]) {
    guard classifier.architecture.network == .places else {
      let (logits_BL, means_BC) = try classifier.withStageMeans(image_B1HW)
      return (JudgeOdds(logits_BL: logits_BL), means_BC)
    }
    let (odds, means_BC) = try classifier.placeOddsWithStageMeans(image_B1HW)
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
