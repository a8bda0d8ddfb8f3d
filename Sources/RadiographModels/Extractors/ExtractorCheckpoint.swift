import Support
import TensorFiles
import Torch
import TorchNN

/// The weights of a published feature extractor in a user's file: which network it is follows from the names in it.
///
///     let checkpoint = try ExtractorCheckpoint(path: "pt_inception-2015-12-05-6726825d.pth")
///     let network = try checkpoint.inceptionV3()
///
/// The file is checked whole when it is opened, and LibTorch is not started: every tensor of the architecture is there,
/// of its shape and finite, and nothing else.
public struct ExtractorCheckpoint: Sendable {
  /// The networks that are known, with what their files leave open.
  public enum Architecture: Sendable, Equatable {
    case inceptionV3
    case chestDenseNet(labels: Int)
    case visionTransformer(VisionTransformerArchitecture)
    case patientVerifier(width: Int)

    /// As messages and reports call it.
    public var name: String {
      switch self {
      case .inceptionV3: "Inception-v3 of pytorch-fid"
      case .chestDenseNet: "DenseNet-121 of TorchXRayVision"
      case .visionTransformer(.base): "RAD-DINO (ViT-B/14)"
      case .visionTransformer(let shape):
        "DINOv2 of width \(shape.width), \(shape.layers) layers, patches of \(shape.patch)"
      case .patientVerifier: "Siamese ResNet-50 of Packhäuser et al."
      }
    }
  }

  public let path: String
  public let architecture: Architecture
  /// The weights by the names that our networks ask for.
  public let tensors: [String: MappedTensor]

  /// Maps and checks a file: safetensors, or PyTorch's (`.pt`, `.pth`, `.bin`) with a state dictionary at its root or
  /// under `state_dict`, or with a whole module, as TorchXRayVision publishes them.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError` if it cannot be read; ``ExtractorFileError`` if it is no extractor's, or
  ///   not a whole one.
  public init(path: String) throws {
    try self.init(path: path, stored: Self.stored(path))
  }

  /// Checks tensors that are mapped already.
  ///
  /// - Throws: ``ExtractorFileError`` if they are no extractor's, or not a whole one.
  public init(path: String, stored: [(name: String, tensor: MappedTensor)]) throws {
    self.path = path
    var tensors: [String: MappedTensor] = [:]
    for (name, tensor) in stored {
      if let name = Self.ours(name) { tensors[name] = tensor }
    }
    guard let architecture = Self.architecture(of: tensors) else {
      throw ExtractorFileError.unknown(path: path, names: stored.map(\.name).sorted())
    }
    self.architecture = architecture
    self.tensors = tensors
    let shapes = ParameterStore.shapesOnly()
    switch architecture {
    case .inceptionV3: _ = try InceptionV3(shapes.root)
    case .chestDenseNet(let labels): _ = try ChestDenseNet(shapes.root, labels: labels)
    case .visionTransformer(let shape): _ = try VisionTransformer(shapes.root, shape)
    case .patientVerifier(let width): _ = try PatientVerifier(shapes.root, width: width)
    }
    do {
      try ParameterLoadingError.requireFit(stored: tensors, for: shapes.parameters)
    } catch let problems as ParameterLoadingError {
      throw ExtractorFileError.unfit(path: path, architecture: architecture.name, problems)
    }
  }

  // MARK: What is in the file

  /// The tensors of a file, by its own names.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError`.
  static func stored(_ path: String) throws -> [(name: String, tensor: MappedTensor)] {
    if path.hasSuffix(".safetensors") {
      let file = try SafetensorsFile(path: path)
      return try file.names.map { ($0, try file.tensor($0)) }
    }
    let archive = try TorchArchive(path: path, acceptsModule: true)
    if let state = archive.root.state { return state }
    for key in ["state_dict", "model_state_dict"] where archive.root[key]?.dictionary != nil {
      return try archive.tensors(at: key)
    }
    return try archive.tensors()
  }

  /// Our name for a tensor of a file; nil for what no extractor computes with: counts of batches, the token for what is
  /// masked in training, thresholds of decisions.
  private static func ours(_ name: String) -> String? {
    var name = name
    for prefix in ["module.", "dinov2."] where name.hasPrefix(prefix) { name.removeFirst(prefix.count) }
    if name.hasSuffix(".num_batches_tracked") || ["embeddings.mask_token", "op_threshs"].contains(name) { return nil }
    // transformers 5 calls the same layers otherwise, if it wrote the file.
    for (new, old) in attentionNames where name.contains(new) { name = name.replacing(new, with: old) }
    return name
  }

  private static let attentionNames = [
    (".attention.q_proj.", ".attention.attention.query."), (".attention.k_proj.", ".attention.attention.key."),
    (".attention.v_proj.", ".attention.attention.value."), (".attention.o_proj.", ".attention.output.dense."),
  ]

  private static func architecture(of tensors: [String: MappedTensor]) -> Architecture? {
    func shape(_ name: String) -> [Int]? { tensors[name]?.shape }
    if tensors.keys.contains(where: { $0.hasPrefix("Mixed_") }) { return .inceptionV3 }
    if tensors.keys.contains(where: { $0.hasPrefix("features.denseblock") }) {
      return .chestDenseNet(labels: max(1, shape("classifier.weight")?.first ?? 1))
    }
    if tensors["fc_end.weight"] != nil {
      return .patientVerifier(width: max(1, shape("model.fc.weight")?.first ?? 1))
    }
    let layer = "encoder.layer."
    let layers = Set(
      tensors.keys.lazy.filter { $0.hasPrefix(layer) && $0.contains(".layer_scale") }
        .map { $0.dropFirst(layer.count).prefix { $0 != "." } })
    guard !layers.isEmpty else { return nil }
    var found = VisionTransformerArchitecture.base
    // Sizes that no such network has are left for the shapes to be held against.
    if let width = shape("embeddings.cls_token")?.last, width > 0, width % VisionTransformerArchitecture.headWidth == 0,
      width <= 1 << 13
    {
      found.width = width
    }
    if let patch = shape("embeddings.patch_embeddings.projection.weight")?.last, (1...64).contains(patch) {
      found.patch = patch
    }
    if let positions = shape("embeddings.position_embeddings"), positions.count == 3 {
      let side = Int(Double(max(0, positions[1] - 1)).squareRoot().rounded())
      if (1...1 << 10).contains(side) { found.positionSide = side }
    }
    found.layers = layers.count
    found.inner =
      shape("\(layer)0.mlp.fc1.weight")?.first.flatMap { (1...1 << 16).contains($0) ? $0 : nil } ?? 4 * found.width
    return .visionTransformer(found)
  }

  // MARK: Networks

  /// A hash of the weights. The same weights have one hash in either file format.
  public var contentHash: String { tensors.contentHash }

  /// The network, if the file is one of ``Architecture/inceptionV3``.
  ///
  /// - Throws: ``ExtractorFileError/otherArchitecture(path:found:)``; `TorchError` if memory runs out.
  public func inceptionV3() throws -> InceptionV3 {
    guard architecture == .inceptionV3 else { throw otherArchitecture }
    return try network { try InceptionV3($0) }
  }

  /// The network, if the file is one of ``Architecture/chestDenseNet(labels:)``.
  ///
  /// - Throws: ``ExtractorFileError/otherArchitecture(path:found:)``; `TorchError` if memory runs out.
  public func chestDenseNet() throws -> ChestDenseNet {
    guard case .chestDenseNet(let labels) = architecture else { throw otherArchitecture }
    return try network(.channelsLast) { try ChestDenseNet($0, labels: labels) }
  }

  /// The network, if the file is one of ``Architecture/visionTransformer(_:)``.
  ///
  /// - Throws: ``ExtractorFileError/otherArchitecture(path:found:)``; `TorchError` if memory runs out.
  public func visionTransformer() throws -> VisionTransformer {
    guard case .visionTransformer(let shape) = architecture else { throw otherArchitecture }
    return try network { try VisionTransformer($0, shape) }
  }

  /// The network, if the file is one of ``Architecture/patientVerifier(width:)``.
  ///
  /// - Throws: ``ExtractorFileError/otherArchitecture(path:found:)``; `TorchError` if memory runs out.
  public func patientVerifier() throws -> PatientVerifier {
    guard case .patientVerifier(let width) = architecture else { throw otherArchitecture }
    return try network(.channelsLast) { try PatientVerifier($0, width: width) }
  }

  private var otherArchitecture: ExtractorFileError { .otherArchitecture(path: path, found: architecture.name) }

  private func network<Network>(
    _ memoryFormat: MemoryFormat = .contiguous, _ make: (ParameterScope) throws -> Network
  ) throws -> Network {
    let store = ParameterStore(tensors: try tensors.tensors(), memoryFormat: memoryFormat)
    let network = try make(store.root)
    try store.verify()
    try store.fixForInference()
    return network
  }
}
