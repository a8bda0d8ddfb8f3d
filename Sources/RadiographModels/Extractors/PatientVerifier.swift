import Torch
import TorchNN

// B batch, H height, W width, D embedding width

/// The Siamese network that says whether two radiographs are of one patient (Packhäuser et al., Scientific Reports 12,
/// 2022), with the names of its published files; CheXGenBench's re-identification score is its probability.
///
/// A ResNet-50 of three colours, whose outputs go through a sigmoid, and a linear layer over the absolute differences of
/// two such embeddings.
public struct PatientVerifier {
  /// The side that CheXGenBench brings images to.
  public static let side = 224

  /// The number of values of an embedding.
  public let width: Int
  private let network: ResNet
  private let output: Linear

  /// Takes the parameters of a scope.
  ///
  /// - Throws: `ParameterError`, `TorchError`.
  public init(_ scope: ParameterScope, width: Int) throws {
    self.width = width
    network = try ResNet(scope["model"], labels: width, shape: ResNet.Shape(inputs: 3))
    output = try Linear(scope["fc_end"], width, 1)
  }

  /// Embeddings.
  ///
  /// - Parameter image_B1HW: Images of 0 to 1.
  /// - Returns: `[B, D]`, 0 to 1.
  /// - Throws: `TorchError` if memory runs out.
  public func embeddings(_ image_B1HW: Tensor) throws -> Tensor {
    try withoutGradients {
      let shape = image_B1HW.shape
      let colours = try image_B1HW.expand(size: [shape[0], 3, shape[2], shape[3]]).contiguous(
        memoryFormat: .channelsLast)
      return try network.logits(colours, isTraining: false, dropout: nil).sigmoid()
    }
  }

  /// The probability that two images are of one patient.
  ///
  /// - Parameters:
  ///   - one_BD: Embeddings of ``embeddings(_:)``.
  ///   - other_BD: Those of the other images.
  /// - Returns: `[B, 1]`.
  /// - Throws: `TorchError` if memory runs out.
  public func probability(_ one_BD: Tensor, _ other_BD: Tensor) throws -> Tensor {
    try withoutGradients { try output((one_BD - other_BD).abs()).sigmoid() }
  }
}
