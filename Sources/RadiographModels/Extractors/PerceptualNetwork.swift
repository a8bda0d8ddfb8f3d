import TensorFiles
import Torch
import TorchNN

// B batch, C channels, H height, W width

/// The network of LPIPS (Zhang et al., CVPR 2018): the maps of five stages of a classifier of photographs, and a weight for
/// each channel of each.
///
/// Parameters have the names of torchvision's state dict, `features.0.weight`, and of the package `lpips`,
/// `lin0.model.1.weight`, of version 0.1.
public struct PerceptualNetwork {
  /// The classifier whose maps are compared, by the name that `lpips` has for it.
  public enum Backbone: String, Sendable, CaseIterable {
    /// torchvision's `alexnet`.
    case alexNet = "alex"
    /// torchvision's `vgg16`.
    case vgg16 = "vgg"

    /// The least side of an image for which the last stage has a value.
    public var minimumSide: Int {
      switch self {
      case .alexNet: 31
      case .vgg16: 16
      }
    }

    /// A convolution by its place among torchvision's `features`.
    fileprivate struct Layer {
      let place: Int
      let inputs: Int
      let outputs: Int
      var kernel = 3
      var stride = 1
      var padding = 1
    }

    fileprivate var stages: [[Layer]] {
      switch self {
      case .alexNet:
        return [
          [Layer(place: 0, inputs: 3, outputs: 64, kernel: 11, stride: 4, padding: 2)],
          [Layer(place: 3, inputs: 64, outputs: 192, kernel: 5, padding: 2)],
          [Layer(place: 6, inputs: 192, outputs: 384)], [Layer(place: 8, inputs: 384, outputs: 256)],
          [Layer(place: 10, inputs: 256, outputs: 256)],
        ]
      case .vgg16:
        let widths = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]
        var (place, inputs) = (0, 3)
        return widths.map { width, count in
          let stage = (0..<count).map { layer in
            Layer(place: place + 2 * layer, inputs: layer == 0 ? inputs : width, outputs: width)
          }
          // Each convolution has its rectifier, each stage its pooling.
          place += 2 * count + 1
          inputs = width
          return stage
        }
      }
    }

    /// The pooling before a stage; nil if there is none.
    fileprivate func pooling(before stage: Int) -> Pooling2d? {
      switch self {
      case .alexNet: stage == 1 || stage == 2 ? Pooling2d(.max, 3, stride: 2) : nil
      case .vgg16: stage > 0 ? Pooling2d(.max, 2) : nil
      }
    }
  }

  public let backbone: Backbone
  private let stages: [[Conv2d]]
  /// The weight of each channel of each stage, `[1, C, 1, 1]`.
  private let weights: [Parameter]

  /// A network from the parameters of a scope.
  ///
  /// - Throws: `ParameterError`, `TorchError`.
  public init(_ scope: ParameterScope, _ backbone: Backbone) throws {
    self.backbone = backbone
    stages = try backbone.stages.map { stage in
      try stage.map { layer in
        try Conv2d(
          scope["features", layer.place], layer.inputs, layer.outputs, kernel: layer.kernel, stride: layer.stride,
          padding: layer.padding)
      }
    }
    weights = try backbone.stages.enumerated().map { index, stage in
      let channels = stage[stage.count - 1].outputs
      return try scope["lin\(index)"]["model", 1].parameter(
        "weight", [1, channels, 1, 1], .kaimingUniform(fanIn: channels))
    }
  }

  /// Reads published weights and freezes them: a file of torchvision's classifier and one of the package's weights of
  /// channels (`alex.pth`, `vgg.pth`, saved again: the originals were pickled by Python 2), or one file with the state
  /// dict of the whole `lpips.LPIPS`.
  ///
  /// - Parameter files: Safetensors or PyTorch's files. The classifier's last layers are passed over.
  /// - Throws: `FileAccessError`, `TensorFileError`; `ParameterLoadingError` with every name that is missing, unexpected
  ///   or of another shape; `TorchError`.
  public init(contentsOf files: [String], _ backbone: Backbone, device: Device = .cpu) throws {
    try self.init(tensors: Self.tensors(of: files), backbone, device: device)
  }

  /// The same with the backbone that the first convolution's size tells: 11 x 11 is AlexNet's.
  ///
  /// - Throws: As ``init(contentsOf:_:device:)``.
  public init(contentsOf files: [String], device: Device = .cpu) throws {
    let tensors = try Self.tensors(of: files)
    let isAlexNet = tensors["features.0.weight"]?.shape.last == 11
    try self.init(tensors: tensors, isAlexNet ? .alexNet : .vgg16, device: device)
  }

  private static func tensors(of files: [String]) throws -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for path in files {
      for (name, tensor) in try stored(path) {
        if let name = parameter(of: name) { tensors[name] = try Tensor(tensor, name: name) }
      }
    }
    return tensors
  }

  private init(tensors: [String: Tensor], _ backbone: Backbone, device: Device) throws {
    let store = ParameterStore(tensors: tensors, device: device, memoryFormat: .channelsLast)
    try self.init(store.root, backbone)
    try store.verify()
    try store.fixForInference()
  }

  private static func stored(_ path: String) throws -> [(name: String, tensor: MappedTensor)] {
    guard path.hasSuffix(".safetensors") else {
      return try TorchArchive(path: path).tensors().map { ($0.name, $0.tensor) }
    }
    let file = try SafetensorsFile(path: path)
    return try file.names.map { ($0, try file.tensor($0)) }
  }

  /// The parameter that a published name means; nil for what LPIPS does not use or has twice.
  private static func parameter(of name: String) -> String? {
    let parts = name.split(separator: ".")
    switch parts.first {
    case "classifier", "scaling_layer", "lins": return nil
    // net.slice2.3.weight is features.3.weight of torchvision.
    case "net" where parts.count > 2: return (["features"] + parts.dropFirst(2)).joined(separator: ".")
    default: return name
    }
  }

  /// What the package subtracts from each colour and divides it by.
  private static let shift: [Float] = [-0.030, -0.088, -0.188]
  private static let scale: [Float] = [0.458, 0.448, 0.450]

  /// The distance of each pair of images.
  ///
  /// - Parameters:
  ///   - a_BCHW: Images in [-1, 1] of three channels, or of one, which is repeated.
  ///   - b_BCHW: Others of the same shape.
  /// - Returns: `[B]`.
  /// - Throws: `TorchError` for other shapes and sides under the backbone's least, or if memory runs out.
  public func distances(_ a_BCHW: Tensor, _ b_BCHW: Tensor) throws -> Tensor {
    let pairs = try zip(maps(a_BCHW), maps(b_BCHW))
    var sum_B: Tensor?
    for ((a, b), weight) in zip(pairs, weights) {
      let difference = try (Self.normalised(a) - Self.normalised(b)).square()
      let distance_B = try (difference * weight.value).sum(dim: [1]).mean(dim: [1, 2])
      sum_B = try sum_B.map { try $0 + distance_B } ?? distance_B
    }
    guard let sum_B else { throw TorchError.operationFailed("no stages") }
    return sum_B
  }

  /// What each stage makes of images, behind its rectifier.
  private func maps(_ image_BCHW: Tensor) throws -> [Tensor] {
    let device = image_BCHW.device
    // One grey channel becomes three by what follows.
    var x =
      try (image_BCHW - Tensor(Self.shift, shape: [1, 3, 1, 1]).to(device))
      / Tensor(Self.scale, shape: [1, 3, 1, 1]).to(device)
    x = try x.contiguous(memoryFormat: .channelsLast)
    return try stages.enumerated().map { index, stage in
      if let pooling = backbone.pooling(before: index) { x = try pooling(x) }
      for convolution in stage { x = try convolution(x, activation: .relu) }
      return x
    }
  }

  /// The channels of each place, divided by their length.
  private static func normalised(_ map_BCHW: Tensor) throws -> Tensor {
    try map_BCHW / (map_BCHW.square().sum(dim: [1], keepdim: true).sqrt() + 1e-10)
  }
}
