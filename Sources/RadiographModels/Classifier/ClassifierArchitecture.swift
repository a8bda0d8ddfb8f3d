import Torch
import TorchNN

// B batch, C channels, H height, W width, L labels

/// What a classifier of several labels is made of, and what it is to be given.
public struct ClassifierArchitecture: Codable, Sendable, Equatable {
  /// The networks that there are.
  public enum Network: String, Codable, CaseIterable, Sendable {
    /// A few residual blocks, for a processor.
    case small
    /// The same with log odds for every place, which can be learned from boxes.
    case places
    /// DenseNet-121 (Huang et al., 2017), as CheXNet and most classifiers of radiographs since have it.
    case densenet121
    /// ResNet-50 (He et al., 2016), as CheXGenBench trains it.
    case resnet50
  }

  public var network: Network
  /// What is decided on, in the order of the network's outputs.
  public var labels: [String]
  /// The side that images are brought to.
  public var side: Int

  public init(network: Network, labels: [String], side: Int) {
    self.network = network
    self.labels = labels
    self.side = side
  }

  /// The least side that the network takes.
  public var minimumSide: Int { network == .small || network == .places ? 16 : 32 }

  /// How the network `places` weighs its places: between their mean (0) and the surest of them (infinity).
  public static let placeSharpness = 2.0

  /// The side of the map of places of the network `places`.
  public var placeSide: Int { ResidualEncoder.mapSide(side, stages: 3) }

  /// The fewest images that a step of training can compute at once: two if the network normalises by the batch and its
  /// last maps are of one value, whose variance over a single image is not defined.
  public var minimumBatch: Int {
    switch network {
    case .small, .places: 1
    case .densenet121: DenseNet.lastSide(side) == 1 ? 2 : 1
    case .resnet50: ResNet.lastSide(side) == 1 ? 2 : 1
    }
  }

  /// - Throws: `ParameterError`, `TorchError`.
  func make(_ scope: ParameterScope) throws -> any LabelNetwork {
    switch network {
    case .small: try ResidualClassifier(scope, labels: labels.count)
    case .places: try PlaceClassifier(scope, labels: labels.count)
    case .densenet121: try DenseNet(scope, labels: labels.count)
    case .resnet50: try ResNet(scope, labels: labels.count)
    }
  }
}

/// A network from images to one number a label.
protocol LabelNetwork {
  /// What each stage of the network makes of images, from the image's side on.
  ///
  /// - Parameter isTraining: Whether layers that follow the data move, and normalise by the batch.
  func features(_ image_B1HW: Tensor, isTraining: Bool) throws -> [Tensor]

  /// Log odds of every label, `[B, L]`, from the values of the last stage's maps at one place, or their means.
  func logits(means_BC: Tensor) throws -> Tensor

  /// Log odds of every label, `[B, L]`, from the last stage's maps.
  ///
  /// - Parameter dropout: Drops a part of the channels, given as `[B, C]`; nil for none.
  func logits(lastMaps_BCHW: Tensor, dropout: ((Tensor) throws -> Tensor)?) throws -> Tensor

  /// Log odds of every label, `[B, L]`, from those of every place, `[B, L, h, w]`.
  func pooled(_ maps_BLHW: Tensor) throws -> Tensor
}

extension LabelNetwork {
  func logits(lastMaps_BCHW: Tensor, dropout: ((Tensor) throws -> Tensor)?) throws -> Tensor {
    let means_BC = try lastMaps_BCHW.mean(dim: [2, 3])
    return try logits(means_BC: dropout?(means_BC) ?? means_BC)
  }

  func pooled(_ maps_BLHW: Tensor) throws -> Tensor { try maps_BLHW.mean(dim: [2, 3]) }

  /// Log odds of every label: `[B, L]`.
  ///
  /// - Parameter dropout: As for ``logits(lastMaps_BCHW:dropout:)``.
  func logits(_ image_B1HW: Tensor, isTraining: Bool, dropout: ((Tensor) throws -> Tensor)?) throws -> Tensor {
    let stages = try features(image_B1HW, isTraining: isTraining)
    return try logits(lastMaps_BCHW: stages[stages.count - 1], dropout: dropout)
  }

  /// Log odds of every label at every place of the last stage's maps: `[B, L, h, w]`.
  func logitMaps(lastMaps_BCHW: Tensor, dropout: ((Tensor) throws -> Tensor)? = nil) throws -> Tensor {
    var maps_BCHW = lastMaps_BCHW
    let shape = maps_BCHW.shape
    if let dropout {
      maps_BCHW =
        try maps_BCHW
        * dropout(Tensor.ones([shape[0], shape[1]], device: maps_BCHW.device))
        .to(maps_BCHW.dtype).reshape([shape[0], shape[1], 1, 1])
    }
    let places_NC = try maps_BCHW.permute([0, 2, 3, 1]).reshape([-1, shape[1]])
    return try logits(means_BC: places_NC).reshape([shape[0], shape[2], shape[3], -1]).permute([0, 3, 1, 2])
  }
}
