import TensorFiles
import Torch
import TorchNN

// B batch, H height, W width, L labels

/// A classifier of radiographs into several labels, with all that is done to an image before: it is brought to the
/// network's side, and loses its own brightness and contrast, which say more of the detector than of the chest.
public struct LabelClassifier {
  public let architecture: ClassifierArchitecture
  private let network: any LabelNetwork
  private let dropout: Dropout

  private static let record = ArchitectureRecord<ClassifierArchitecture>(key: "thorax:classifier")

  /// Whether a file is one that this type reads. A file that cannot be read is none.
  public static func isClassifier(_ path: String) -> Bool {
    record.isIn(path)
  }

  /// A classifier from the parameters of a scope.
  ///
  /// - Parameter dropout: The share of the last stage's means that training drops.
  /// - Throws: `ParameterError`, `TorchError`.
  public init(_ scope: ParameterScope, _ architecture: ClassifierArchitecture, dropout: Double = 0) throws {
    self.architecture = architecture
    network = try architecture.make(scope)
    self.dropout = Dropout(dropout)
  }

  /// Reads a classifier that was trained, and freezes it.
  ///
  /// - Throws: ``ClassifierFileError`` for a file that is no classifier's, `FileAccessError`, `TensorFileError`,
  ///   `ParameterLoadingError`, `TorchError`.
  public init(contentsOf path: String, device: Device = .cpu) throws {
    let file = try SafetensorsFile(path: path)
    guard let architecture = Self.record.read(file), !architecture.labels.isEmpty,
      (architecture.minimumSide...StandardisedRadiograph.largestSide).contains(architecture.side)
    else { throw ClassifierFileError.noClassifier(path: path) }
    let store = ParameterStore(tensors: try file.loadTensors(), device: device, memoryFormat: .channelsLast)
    try self.init(store.root, architecture)
    try store.verify()
  }

  /// What a file of the weights holds beside them: labels, network and side, by which it is read again.
  ///
  /// - Throws: `EncodingError`.
  public func metadata() throws -> [String: String] { try Self.record.metadata(of: architecture) }

  /// Log odds of every label.
  ///
  /// - Parameters:
  ///   - image_B1HW: Square images of grey values in any range and of any size.
  ///   - isTraining: Whether layers that follow the data move, and normalise by the batch.
  ///   - dropout: The generators from which it is drawn what is dropped, one for each image; nil drops nothing.
  /// - Returns: `[B, L]`.
  /// - Throws: `TorchError` if memory runs out.
  public func callAsFunction(
    _ image_B1HW: Tensor, isTraining: Bool = false, dropout generators: [Generator]? = nil
  ) throws -> Tensor {
    try network.logits(prepared(image_B1HW), isTraining: isTraining, dropout: dropping(generators))
  }

  /// Log odds of every label and of the label at every place, for training.
  ///
  /// - Parameters: as for ``callAsFunction(_:isTraining:dropout:)``; what is dropped of both is the same.
  /// - Returns: `[B, L]` and `[B, L, h, w]`.
  /// - Throws: `TorchError` if memory runs out.
  public func withPlaces(
    _ image_B1HW: Tensor, isTraining: Bool = false, dropout generators: [Generator]? = nil
  ) throws -> (logits_BL: Tensor, maps_BLHW: Tensor) {
    try places(ofLastMaps: lastMaps(image_B1HW, isTraining: isTraining), dropout: dropping(generators))
  }

  /// Log odds of every label and of the label at every place, of the last stage's maps.
  func places(
    ofLastMaps lastMaps_BCHW: Tensor, dropout: ((Tensor) throws -> Tensor)? = nil
  ) throws -> (logits_BL: Tensor, maps_BLHW: Tensor) {
    let maps_BLHW = try network.logitMaps(lastMaps_BCHW: lastMaps_BCHW, dropout: dropout)
    return (try network.pooled(maps_BLHW), maps_BLHW)
  }

  private func lastMaps(_ image_B1HW: Tensor, isTraining: Bool = false) throws -> Tensor {
    let stages = try network.features(prepared(image_B1HW), isTraining: isTraining)
    return stages[stages.count - 1]
  }

  private func dropping(_ generators: [Generator]?) -> ((Tensor) throws -> Tensor)? {
    generators.map { generators in { try dropout($0, generators: generators) } }
  }

  /// What each stage of the network makes of images: features to compare images by.
  ///
  /// - Parameter image_B1HW: as for ``callAsFunction(_:isTraining:dropout:)``.
  /// - Throws: `TorchError` if memory runs out.
  public func features(_ image_B1HW: Tensor) throws -> [Tensor] {
    try network.features(prepared(image_B1HW), isTraining: false)
  }

  /// The means of the last stage's maps, by which images are compared, and log odds of every label.
  ///
  /// - Parameter image_B1HW: as for ``callAsFunction(_:isTraining:dropout:)``.
  /// - Returns: `[B, C]` and `[B, L]`.
  /// - Throws: `TorchError` if memory runs out.
  public func meanFeatures(_ image_B1HW: Tensor) throws -> (means_BC: Tensor, logits_BL: Tensor) {
    let (logits_BL, means_BC) = try withStageMeans(image_B1HW)
    return (means_BC[means_BC.count - 1], logits_BL)
  }

  /// Log odds of every label, and the means of each stage's maps, by which images are compared.
  ///
  /// - Parameter image_B1HW: as for ``callAsFunction(_:isTraining:dropout:)``.
  /// - Returns: `[B, L]`, and `[B, C]` of each stage.
  /// - Throws: `TorchError` if memory runs out.
  public func withStageMeans(_ image_B1HW: Tensor) throws -> (logits_BL: Tensor, means_BC: [Tensor]) {
    let stages = try features(image_B1HW)
    return (
      try network.logits(lastMaps_BCHW: stages[stages.count - 1], dropout: nil),
      try stages.map { try $0.mean(dim: [2, 3]) }
    )
  }

  /// Log odds of every label at every place of the last stage's maps, with the bias in every place. Of a network whose maps
  /// become means these are class activation maps (Zhou et al., 2016, equation 2), and their mean is the image's log odds.
  ///
  /// - Parameter image_B1HW: as for ``callAsFunction(_:isTraining:dropout:)``.
  /// - Returns: `[B, L, h, w]`.
  /// - Throws: `TorchError` if memory runs out.
  public func activationMaps(_ image_B1HW: Tensor) throws -> Tensor {
    try network.logitMaps(lastMaps_BCHW: lastMaps(image_B1HW))
  }

  /// Images of the network's side with mean 0 and variance 1, each by itself.
  ///
  /// - Throws: `TorchError` if memory runs out.
  func prepared(_ image_B1HW: Tensor) throws -> Tensor {
    try StandardisedRadiograph.tensor(image_B1HW, side: architecture.side)
  }
}

/// What is wrong with a file that should hold a classifier or a re-identifier.
public enum ClassifierFileError: Error, Equatable, CustomStringConvertible {
  case noClassifier(path: String)
  case noReidentifier(path: String)

  public var description: String {
    switch self {
    case .noClassifier(let path):
      "\(path) holds no classifier: name checkpoints/best.safetensors of a run of 'thorax train classifier'"
    case .noReidentifier(let path):
      "\(path) holds no re-identifier: name checkpoints/best.safetensors of a run of 'thorax train reidentifier'"
    }
  }
}
