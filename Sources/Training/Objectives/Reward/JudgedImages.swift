import RadiographModels
import Torch

// B batch, H height, W width, D numbers that describe an image

/// What is looked at of images: what each classifier says, and what describes them beside others.
struct JudgedImages {
  /// Of each classifier.
  let odds: [JudgeOdds]
  /// Thumbnails, the power in bands of frequency, and of each stage of each classifier the means of its maps.
  let descriptors: [Descriptor]

  /// What describes images.
  struct Descriptor {
    let values_BD: Tensor
    /// What it weighs, of 1 in all.
    let weight: Double
  }

  /// Width and height of a thumbnail, or a little more; smaller images are as they are.
  private static let thumbnailSide = 32

  /// - Parameter image_B1HW: Grey values from -1 to 1.
  /// - Throws: `TorchError`.
  init(_ classifiers: [LabelClassifier], _ image_B1HW: Tensor, bands: FrequencyBands) throws {
    let judged = try classifiers.map { try JudgeOdds.withStageMeans($0, image_B1HW) }
    odds = judged.map(\.odds)
    let kernel = image_B1HW.shape[2...].map { max(1, $0 / Self.thumbnailSide) }
    let thumbnails_BD = try image_B1HW.avgPool2D(kernelSize: kernel).flatten(startDim: 1)
    let powers_BD = try bands.logPowers(image_B1HW).flatten(startDim: 1)
    let means = judged.flatMap(\.means_BC)
    // Shapes and exposure, how fine images are, and what networks see.
    descriptors =
      [Descriptor(values_BD: thumbnails_BD, weight: 1 / 2.0), Descriptor(values_BD: powers_BD, weight: 1 / 6.0)]
      + means.map { Descriptor(values_BD: $0, weight: 1 / 3.0 / Double(means.count)) }
  }
}
