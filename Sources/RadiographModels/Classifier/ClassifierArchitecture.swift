import Torch
import TorchNN

// B batch, C channels, H height, W width, L labels

/// What a classifier of several labels is made of, and what it is to be given.
public struct ClassifierArchitecture: Codable, Sendable, Equatable {
  /// The networks that there are.
  public enum Network: String, Codable, CaseIterable, Sendable {
    /// A few residual blocks, for a processor.
    case small
    /// DenseNet-121 (Huang et al., 2017), as CheXNet and most classifiers of radiographs since have it.
    case densenet121
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
  public var minimumSide: Int { network == .small ? 16 : 32 }

  /// The fewest images that a step of training can compute at once: two if the network normalises by the batch and its
  /// last maps are of one value, whose variance over a single image is not defined.
  public var minimumBatch: Int { network == .densenet121 && DenseNet.lastSide(side) == 1 ? 2 : 1 }

  /// - Throws: `ParameterError`, `TorchError`.
  func make(_ scope: ParameterScope) throws -> any LabelNetwork {
    switch network {
    case .small: try ResidualClassifier(scope, labels: labels.count)
    case .densenet121: try DenseNet(scope, labels: labels.count)
    }
  }
}

/// A network from images to one number a label.
protocol LabelNetwork {
  /// What each stage of the network makes of images, from the image's side on.
  ///
  /// - Parameter isTraining: Whether layers that follow the data move, and normalise by the batch.
  func features(_ image_B1HW: Tensor, isTraining: Bool) throws -> [Tensor]

  /// Log odds of every label, `[B, L]`, from the means of the last stage's maps.
  func logits(means_BC: Tensor) throws -> Tensor
}

extension LabelNetwork {
  /// The means of the last stage's maps: `[B, C]`.
  func means(_ image_B1HW: Tensor, isTraining: Bool) throws -> Tensor {
    let stages = try features(image_B1HW, isTraining: isTraining)
    return try stages[stages.count - 1].mean(dim: [2, 3])
  }

  /// Log odds of every label: `[B, L]`.
  ///
  /// - Parameter dropout: Drops parts of the last stage's means; nil for none.
  func logits(_ image_B1HW: Tensor, isTraining: Bool, dropout: ((Tensor) throws -> Tensor)?) throws -> Tensor {
    let means_BC = try means(image_B1HW, isTraining: isTraining)
    return try logits(means_BC: dropout?(means_BC) ?? means_BC)
  }
}
