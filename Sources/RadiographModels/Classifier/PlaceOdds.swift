import Torch

// B batch, H height, W width of an image, L labels, h height and w width of a map of places

/// What a classifier says of where in images its labels are seen, as logarithms of odds: `[B, L]` each.
public struct PlaceOdds {
  /// Of every label, wherever it is.
  public let logits_BL: Tensor
  /// Of the image's left half over its right half. The left half is the patient's right.
  public let rightward_BL: Tensor
  /// Above the middle of the lungs over those below, as a radiograph shows them: a little above the middle of the image.
  public let upward_BL: Tensor

  /// - Parameter maps_BLhw: Log odds of every label at every place of an image.
  /// - Throws: `TorchError`.
  init(logits_BL: Tensor, maps_BLhw: Tensor) throws {
    let (height, width) = (maps_BLhw.shape[2], maps_BLhw.shape[3])
    let (half, middle) = (width / 2, max(1, height * 7 / 16))
    /// A map of one place has no parts.
    func part(_ dim: Int, _ start: Int, _ length: Int) throws -> Tensor {
      length == 0
        ? try logits_BL.zerosLike()
        : try PlaceClassifier.pooled(maps_BLhw.narrow(dim: dim, start: start, length: length))
    }
    self.logits_BL = logits_BL
    rightward_BL = try part(3, 0, half) - part(3, width - half, half)
    upward_BL = try part(2, 0, middle) - part(2, middle, height - middle)
  }
}

extension LabelClassifier {
  /// Where each label is seen: of every place the mean of what is said of it and of the same place of the mirrored image, so
  /// that mirroring an image turns sides round.
  ///
  /// - Parameter image_B1HW: as for ``callAsFunction(_:isTraining:dropout:)``.
  /// - Throws: `TorchError` if memory runs out.
  public func placeOdds(_ image_B1HW: Tensor) throws -> PlaceOdds {
    try placeOddsWithStageMeans(image_B1HW).odds
  }

  /// The same, and the means of each stage's maps of the image as it is, by which images are compared: `[B, C]`.
  ///
  /// - Parameter image_B1HW: as for ``callAsFunction(_:isTraining:dropout:)``.
  /// - Throws: `TorchError` if memory runs out.
  public func placeOddsWithStageMeans(_ image_B1HW: Tensor) throws -> (odds: PlaceOdds, means_BC: [Tensor]) {
    let stages = try features(image_B1HW)
    let (logits_BL, own_BLhw) = try places(ofLastMaps: stages[stages.count - 1])
    let mirrored_BLhw = try activationMaps(image_B1HW.flip(dims: [3])).flip(dims: [3])
    let odds = try PlaceOdds(
      logits_BL: logits_BL, maps_BLhw: (own_BLhw + mirrored_BLhw).to(.float32) * 0.5)
    return (odds, try stages.map { try $0.mean(dim: [2, 3]) })
  }
}
