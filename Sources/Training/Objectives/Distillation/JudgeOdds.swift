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
    guard classifier.architecture.network == .places else {
      logits_BL = try classifier(image_B1HW)
      return
    }
    let odds = try classifier.placeOdds(image_B1HW)
    (logits_BL, places) = (odds.logits_BL, odds)
  }
}

extension Tensor {
  /// The numbers of each row of a matrix.
  func rows() throws -> [[Double]] {
    let values = try to(.cpu).doubles()
    return (0..<shape[0]).map { row in Array(values[row * shape[1]..<(row + 1) * shape[1]]) }
  }
}
