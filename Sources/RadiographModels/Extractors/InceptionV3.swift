import Torch
import TorchNN

// B batch, C channels, H height, W width, F features, K classes

/// Inception-v3 (Szegedy et al., 2016) as the Fréchet inception distance uses it: TensorFlow's network of 2015-12-05
/// with the names of pytorch-fid's file. Unlike torchvision's it leaves the border out of average pooling, pools the
/// last block by the maximum, and has 1,008 classes.
///
/// For inference alone. All weights are those of the file; how images are prepared is the caller's.
public struct InceptionV3 {
  /// The width of the features.
  public static let width = 2048
  public static let classes = 1008
  /// The side of the images that the network was trained with.
  public static let side = 299

  private let stem: [NormalisedConvolution]
  private let blocks: [any InceptionBlock]
  private let output: Linear

  /// Takes the parameters of a scope, by pytorch-fid's names.
  ///
  /// - Throws: `ParameterError`, `TorchError`.
  public init(_ scope: ParameterScope) throws {
    stem = [
      try NormalisedConvolution(scope["Conv2d_1a_3x3"], 3, 32, kernel: 3, stride: 2),
      try NormalisedConvolution(scope["Conv2d_2a_3x3"], 32, 32, kernel: 3),
      try NormalisedConvolution(scope["Conv2d_2b_3x3"], 32, 64, kernel: 3, padding: 1),
      try NormalisedConvolution(scope["Conv2d_3b_1x1"], 64, 80, kernel: 1),
      try NormalisedConvolution(scope["Conv2d_4a_3x3"], 80, 192, kernel: 3),
    ]
    blocks = [
      try InceptionA(scope["Mixed_5b"], 192, pool: 32), try InceptionA(scope["Mixed_5c"], 256, pool: 64),
      try InceptionA(scope["Mixed_5d"], 288, pool: 64), try InceptionB(scope["Mixed_6a"], 288),
      try InceptionC(scope["Mixed_6b"], 768, inner: 128), try InceptionC(scope["Mixed_6c"], 768, inner: 160),
      try InceptionC(scope["Mixed_6d"], 768, inner: 160), try InceptionC(scope["Mixed_6e"], 768, inner: 192),
      try InceptionD(scope["Mixed_7a"], 768), try InceptionE(scope["Mixed_7b"], 1280, pooling: .average),
      try InceptionE(scope["Mixed_7c"], 2048, pooling: .max),
    ]
    output = try Linear(scope["fc"], Self.width, Self.classes)
  }

  private static let pooling = Pooling2d(.max, 3, stride: 2)

  /// The means of the last maps, by which images are compared.
  ///
  /// - Parameter image_BCHW: Images of -1 to 1, 75 pixels a side or more, with three channels, or one that is the same for
  ///   all three.
  /// - Returns: `[B, F]`.
  /// - Throws: `TorchError` for images that are too small, or if memory runs out.
  public func features(_ image_BCHW: Tensor) throws -> Tensor {
    try withoutGradients {
      var x = try image_BCHW.contiguous(memoryFormat: .channelsLast)
      for convolution in stem[..<3] { x = try convolution(x) }
      x = try Self.pooling(x)
      for convolution in stem[3...] { x = try convolution(x) }
      x = try Self.pooling(x)
      for block in blocks { x = try block(x) }
      return try x.mean(dim: [2, 3])
    }
  }

  /// Log odds of the classes, up to a constant.
  ///
  /// - Parameters:
  ///   - features_BF: What ``features(_:)`` returns.
  ///   - withBias: Whether the last layer's bias is added. The Inception score as torch-fidelity and StyleGAN have it is
  ///     computed without.
  /// - Returns: `[B, K]`.
  /// - Throws: `TorchError` if memory runs out.
  public func logits(_ features_BF: Tensor, withBias: Bool) throws -> Tensor {
    try withoutGradients {
      withBias ? try output(features_BF) : try features_BF.linear(weight: output.weight.value)
    }
  }
}
