import Torch
import TorchNN

// B batch, C channels, H height, W width, T tokens, D width of the tokens, N heads, E width of a head

/// The shape of a vision transformer of the DINOv2 family.
public struct VisionTransformerArchitecture: Sendable, Equatable {
  /// The width of the tokens; heads are of 64.
  public var width: Int
  public var layers: Int
  /// The side of a patch, in pixels.
  public var patch: Int
  /// Patches along a side of the images that the position embeddings are stored for.
  public var positionSide: Int
  /// The width inside the feed-forward layers.
  public var inner: Int

  public init(width: Int, layers: Int, patch: Int, positionSide: Int, inner: Int? = nil) {
    self.width = width
    self.layers = layers
    self.patch = patch
    self.positionSide = positionSide
    self.inner = inner ?? 4 * width
  }

  /// RAD-DINO (Pérez-García et al., 2025): ViT-B/14 for images of 518 pixels.
  public static let base = VisionTransformerArchitecture(width: 768, layers: 12, patch: 14, positionSide: 37)

  static let headWidth = 64
}

/// A vision transformer as DINOv2 has it (Oquab et al., 2023), with the names that transformers' `Dinov2Model` gives its
/// parameters in files.
public struct VisionTransformer {
  public let architecture: VisionTransformerArchitecture
  private let classToken: Parameter
  private let positions: Parameter
  private let patches: Conv2d
  private let layers: [TransformerLayer]
  private let norm: LayerNorm

  fileprivate static let epsilon = 1e-6

  /// Takes the parameters of a scope.
  ///
  /// - Throws: `ParameterError`, `TorchError`.
  public init(_ scope: ParameterScope, _ architecture: VisionTransformerArchitecture = .base) throws {
    self.architecture = architecture
    let width = architecture.width
    let embeddings = scope["embeddings"]
    let small = Initialisation.normal(standardDeviation: 0.02)
    classToken = try embeddings.parameter("cls_token", [1, 1, width], small)
    positions = try embeddings.parameter(
      "position_embeddings", [1, architecture.positionSide * architecture.positionSide + 1, width], small)
    patches = try Conv2d(
      embeddings["patch_embeddings.projection"], 3, width, kernel: architecture.patch, stride: architecture.patch,
      padding: 0)
    layers = try (0..<architecture.layers).map { try TransformerLayer(scope["encoder.layer", $0], architecture) }
    norm = try LayerNorm(scope["layernorm"], width, epsilon: Self.epsilon)
  }

  /// The class token after the last layer, normalised: what transformers calls `pooler_output`.
  ///
  /// - Parameter image_BCHW: Images of three channels, or of one that is the same for all three, of mean 0 and variance 1
  ///   over what the network was trained on. Sides that are no multiple of a patch lose the rest.
  /// - Returns: `[B, D]`.
  /// - Throws: `TorchError` for images smaller than a patch, or if memory runs out.
  public func classFeatures(_ image_BCHW: Tensor) throws -> Tensor {
    try withoutGradients {
      let shape = image_BCHW.shape
      let image = shape[1] == 1 ? try image_BCHW.expand(size: [shape[0], 3, shape[2], shape[3]]) : image_BCHW
      let maps_BDHW = try patches(image)
      let (rows, columns) = (maps_BDHW.shape[2], maps_BDHW.shape[3])
      let patches_BTD = try maps_BDHW.flatten(startDim: 2).transpose(dim0: 1, dim1: 2)
      let class_B1D = try classToken.value.expand(size: [shape[0], 1, architecture.width])
      var x = try Tensor.cat([class_B1D, patches_BTD], dim: 1)
      x = try x + self.positions(rows: rows, columns: columns)
      for layer in layers { x = try layer(x) }
      return try norm(x.select(dim: 1, index: 0))
    }
  }

  /// Position embeddings of an image of so many patches: those stored, or, of another number of patches, bicubic values
  /// between them.
  private func positions(rows: Int, columns: Int) throws -> Tensor {
    let (side, width) = (architecture.positionSide, architecture.width)
    let stored_1TD = try positions.value
    if rows == side, columns == side { return stored_1TD }
    let class_11D = try stored_1TD.narrow(dim: 1, start: 0, length: 1)
    let maps_1DHW = try stored_1TD.narrow(dim: 1, start: 1, length: side * side)
      .reshape([1, side, side, width]).permute([0, 3, 1, 2])
    let resized_1TD = try maps_1DHW.upsampleBicubic2D(outputSize: [rows, columns])
      .permute([0, 2, 3, 1]).reshape([1, rows * columns, width])
    return try Tensor.cat([class_11D, resized_1TD], dim: 1)
  }
}

/// Attention over all tokens and a feed-forward layer, each of normalised tokens, scaled by channel and added.
private struct TransformerLayer {
  private let norm1: LayerNorm
  private let query: Linear
  private let key: Linear
  private let value: Linear
  private let output: Linear
  private let scale1: Parameter
  private let norm2: LayerNorm
  private let linear1: Linear
  private let linear2: Linear
  private let scale2: Parameter

  init(_ scope: ParameterScope, _ architecture: VisionTransformerArchitecture) throws {
    let (width, inner) = (architecture.width, architecture.inner)
    func linear(_ name: String, _ inputs: Int, _ outputs: Int) throws -> Linear {
      try Linear(scope[name], inputs, outputs, initialisation: .normal(standardDeviation: 0.02))
    }
    norm1 = try LayerNorm(scope["norm1"], width, epsilon: VisionTransformer.epsilon)
    query = try linear("attention.attention.query", width, width)
    key = try linear("attention.attention.key", width, width)
    value = try linear("attention.attention.value", width, width)
    output = try linear("attention.output.dense", width, width)
    scale1 = try scope["layer_scale1"].parameter("lambda1", [width], .ones)
    norm2 = try LayerNorm(scope["norm2"], width, epsilon: VisionTransformer.epsilon)
    linear1 = try linear("mlp.fc1", width, inner)
    linear2 = try linear("mlp.fc2", inner, width)
    scale2 = try scope["layer_scale2"].parameter("lambda1", [width], .ones)
  }

  func callAsFunction(_ x_BTD: Tensor) throws -> Tensor {
    let normed_BTD = try norm1(x_BTD)
    let mixed_BNTE = try split(query(normed_BTD)).scaledDotProductAttention(
      key: split(key(normed_BTD)), value: split(value(normed_BTD)))
    let mixed_BTD = try mixed_BNTE.transpose(dim0: 1, dim1: 2).reshape(x_BTD.shape)
    let attended_BTD = try x_BTD + output(mixed_BTD) * scale1.value
    return try attended_BTD + linear2(linear1(norm2(attended_BTD)).gelu()) * scale2.value
  }

  private func split(_ x_BTD: Tensor) throws -> Tensor {
    try ImageAttention.split(
      tokens_BSC: x_BTD, heads: x_BTD.shape[2] / VisionTransformerArchitecture.headWidth)
  }
}
