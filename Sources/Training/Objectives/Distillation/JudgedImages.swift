import RadiographModels
import Torch

// B batch, H height, W width, D numbers that describe an image

/// What is looked at of images: what each classifier says, and what describes them beside others.
struct JudgedImages {
  /// Of each classifier.
  let odds: [JudgeOdds]
  /// Thumbnails, and of each classifier the means of its last stage's maps: `[B, D]` each.
  let descriptors_BD: [Tensor]

  /// Width and height of a thumbnail, or a little more; smaller images are as they are.
  private static let thumbnailSide = 32

  /// - Parameter image_B1HW: Grey values from -1 to 1.
  /// - Throws: `TorchError`.
  init(_ classifiers: [LabelClassifier], _ image_B1HW: Tensor) throws {
    let judged = try classifiers.map { try JudgeOdds.withMeans($0, image_B1HW) }
    odds = judged.map(\.odds)
    let kernel = image_B1HW.shape[2...].map { max(1, $0 / Self.thumbnailSide) }
    let thumbnails = try image_B1HW.avgPool2D(kernelSize: kernel).flatten(startDim: 1)
    descriptors_BD = [thumbnails] + judged.map(\.means_BC)
  }
}
