import Torch
import TorchNN

// B batch, C channels, H height, W width, L labels

/// The small network of classifiers: the stages of ``ResidualEncoder``, and a number for each label from the means of the
/// last.
struct ResidualClassifier: LabelNetwork {
  private let encoder: ResidualEncoder
  private let output: Linear

  init(_ scope: ParameterScope, labels: Int) throws {
    encoder = try ResidualEncoder(scope)
    output = try Linear(scope["output"], ResidualEncoder.channels, labels)
  }

  func features(_ image_B1HW: Tensor, isTraining: Bool) throws -> [Tensor] { try encoder.features(image_B1HW) }

  func logits(means_BC: Tensor) throws -> Tensor { try output(means_BC) }
}
