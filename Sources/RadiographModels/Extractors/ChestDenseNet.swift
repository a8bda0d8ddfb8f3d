import Torch
import TorchNN

// B batch, H height, W width, F features, L labels

/// DenseNet-121 of one channel as TorchXRayVision has it (Cohen et al., 2022), with its names.
public struct ChestDenseNet {
  /// The width of the features.
  public static let width = 1024
  /// The side of the images that the published weights were trained with.
  public static let side = 224

  private let network: DenseNet

  /// Takes the parameters of a scope.
  ///
  /// - Parameter labels: The number of findings of the last layer.
  /// - Throws: `ParameterError`, `TorchError`.
  public init(_ scope: ParameterScope, labels: Int) throws {
    network = try DenseNet(scope, labels: labels)
  }

  /// The means of the last maps after ReLU, and the log odds of the findings: TorchXRayVision's `features2` and what its
  /// last layer makes of them.
  ///
  /// - Parameter image_B1HW: Images of -1024 to 1024.
  /// - Returns: `[B, F]` and `[B, L]`.
  /// - Throws: `TorchError` for images of less than 32 pixels a side, or if memory runs out.
  public func callAsFunction(_ image_B1HW: Tensor) throws -> (features_BF: Tensor, logits_BL: Tensor) {
    try withoutGradients {
      let image = try image_B1HW.contiguous(memoryFormat: .channelsLast)
      let stages = try network.features(image, isTraining: false)
      let features_BF = try stages[stages.count - 1].mean(dim: [2, 3])
      return (features_BF, try network.logits(means_BC: features_BF))
    }
  }
}
