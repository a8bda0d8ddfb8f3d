import TensorFiles
import Torch
import TorchNN

// B batch, C channels, D embedding width, H height, W width

/// What a network that recognises patients is made of, and what it is to be given.
public struct ReidentifierArchitecture: Codable, Sendable, Equatable {
  /// The number of values that describe an image.
  public var width: Int
  /// The side that images are brought to.
  public var side: Int

  public init(width: Int, side: Int) {
    self.width = width
    self.side = side
  }

  /// The sides that the network takes.
  public static let sides = 16...StandardisedRadiograph.largestSide
  /// The widths that an embedding may have.
  public static let widths = 2...4096
}

/// A network that says of two radiographs how much they look like the same patient (Packhäuser et al., Scientific Reports
/// 12, 2022): one encoder for both images, as in every Siamese network, and the cosine of their embeddings.
///
/// The encoder is the small one of classifiers. Unlike a classifier's it keeps the places of what it finds, at most 4 x 4,
/// because bones and organs are recognised by where they lie.
public struct Reidentifier {
  public let architecture: ReidentifierArchitecture
  private let encoder: ResidualEncoder
  private let pooling: Pooling2d
  private let output: Linear

  private static let record = ArchitectureRecord<ReidentifierArchitecture>(key: "thorax:reidentifier")
  /// Places of the last maps in each direction, at most, that the embedding is made of.
  private static let places = 4

  /// Whether a file is one that this type reads. A file that cannot be read is none.
  public static func isReidentifier(_ path: String) -> Bool { record.isIn(path) }

  /// A re-identifier from the parameters of a scope.
  ///
  /// - Throws: `ParameterError`, `TorchError`.
  public init(_ scope: ParameterScope, _ architecture: ReidentifierArchitecture) throws {
    self.architecture = architecture
    encoder = try ResidualEncoder(scope)
    let side = ResidualEncoder.mapSide(architecture.side)
    pooling = Pooling2d(.average, (side + Self.places - 1) / Self.places)
    let places = pooling.outputSide(side)
    output = try Linear(scope["output"], ResidualEncoder.channels * places * places, architecture.width)
  }

  /// Reads a re-identifier that was trained, and freezes it.
  ///
  /// - Throws: ``ClassifierFileError/noReidentifier(path:)`` for a file that holds something else, `FileAccessError`,
  ///   `TensorFileError`, `ParameterLoadingError`, `TorchError`.
  public init(contentsOf path: String, device: Device = .cpu) throws {
    let file = try SafetensorsFile(path: path)
    guard let architecture = Self.record.read(file), ReidentifierArchitecture.widths.contains(architecture.width),
      ReidentifierArchitecture.sides.contains(architecture.side)
    else { throw ClassifierFileError.noReidentifier(path: path) }
    let store = ParameterStore(tensors: try file.loadTensors(), device: device, memoryFormat: .channelsLast)
    try self.init(store.root, architecture)
    try store.verify()
  }

  /// What a file of the weights holds beside them: width and side, by which it is read again.
  ///
  /// - Throws: `EncodingError`.
  public func metadata() throws -> [String: String] { try Self.record.metadata(of: architecture) }

  /// Embeddings of length 1; the product of two is the cosine of their angle, from -1 to 1, near 1 for one patient.
  ///
  /// - Parameter image_B1HW: Square images of grey values in any range and of any size.
  /// - Returns: `[B, D]` in float32.
  /// - Throws: `TorchError` if memory runs out.
  public func callAsFunction(_ image_B1HW: Tensor) throws -> Tensor {
    let maps = try encoder.features(StandardisedRadiograph.tensor(image_B1HW, side: architecture.side))
    let places_BCHW = try pooling(maps[maps.count - 1])
    let x_BD = try output(places_BCHW.contiguous().flatten(startDim: 1)).to(.float32)
    return try x_BD * (x_BD.square().sum(dim: [1], keepdim: true) + 1e-12).rsqrt()
  }
}
