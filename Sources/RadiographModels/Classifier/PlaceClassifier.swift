import Torch
import TorchNN

// B batch, C channels, H height, W width, L labels

/// A classifier that says of every place in the image what is seen there: the last stage of ``ResidualEncoder`` is brought
/// to the size of the one before it and added to it (Lin et al., 2017, "Feature pyramid networks"), which makes a map of an
/// eighth of the side, and every place of the map has log odds of its own.
struct PlaceClassifier: LabelNetwork {
  private let encoder: ResidualEncoder
  private let across: Conv2d
  private let down: Conv2d
  private let block: ClassifierBlock
  private let output: Linear

  init(_ scope: ParameterScope, labels: Int) throws {
    encoder = try ResidualEncoder(scope)
    let (fine, coarse) = (ResidualEncoder.widths[2], ResidualEncoder.channels)
    let places = scope["places"]
    across = try Conv2d(places["across"], fine, coarse, kernel: 1)
    down = try Conv2d(places["down"], coarse, coarse, kernel: 1)
    block = try ClassifierBlock(places, channels: coarse)
    output = try Linear(scope["output"], coarse, labels)
  }

  func features(_ image_B1HW: Tensor, isTraining: Bool) throws -> [Tensor] {
    let stages = try encoder.features(image_B1HW)
    let fine = stages[stages.count - 2]
    let x = try across(fine) + down(stages[stages.count - 1]).upsampleNearest2D(outputSize: Array(fine.shape[2...]))
    return stages + [try block(x)]
  }

  func logits(means_BC: Tensor) throws -> Tensor { try output(means_BC) }

  /// ``pooled(_:)`` of all places (Pinheiro and Collobert, 2015, "From image-level
  /// to pixel-level labeling", equation 2).
  ///
  /// - Parameter dropout: Drops channels of whole maps.
  func logits(lastMaps_BCHW: Tensor, dropout: ((Tensor) throws -> Tensor)?) throws -> Tensor {
    try pooled(logitMaps(lastMaps_BCHW: lastMaps_BCHW, dropout: dropout))
  }

  func pooled(_ maps_BLHW: Tensor) throws -> Tensor { try Self.pooled(maps_BLHW.to(.float32)) }

  /// The logarithm of the mean odds of some places, the surest counting most: `[B, L]`.
  static func pooled(_ maps_BLHW: Tensor) throws -> Tensor {
    let sharpness = ClassifierArchitecture.placeSharpness
    let highest_BL11 = try maps_BLHW.detach().amax(dim: [2, 3], keepdim: true)
    let odds_BL = try ((maps_BLHW - highest_BL11) * sharpness).exp().mean(dim: [2, 3])
    return try odds_BL.log() / sharpness + highest_BL11.reshape(odds_BL.shape)
  }
}
