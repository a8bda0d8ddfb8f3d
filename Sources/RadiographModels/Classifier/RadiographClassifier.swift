import Torch
import TorchNN

// B batch, H height, W width, J judgements

/// What a classifier decides about a radiograph; the raw value is its place among the network's outputs.
public enum Judgement: Int, CaseIterable, Sendable {
  /// Pneumonia against normal, where the patient is a child.
  case pneumoniaInChild
  /// Pneumonia against normal, where the patient is an adult.
  case pneumoniaInAdult
  /// Child against adult.
  case child
}

/// A small convolutional network that judges what a radiograph shows. No generator is trained with it.
public struct RadiographClassifier {
  /// The width and height that images are averaged down to.
  public static let side = 64

  private static let widths = [24, 48, 96, 128]
  private let convolutions: [Conv2d]
  private let norms: [GroupNorm]
  private let dropout = Dropout(0.3)
  private let output: Linear

  /// Takes the parameters of a scope.
  ///
  /// - Throws: `TorchError`.
  public init(_ scope: ParameterScope) throws {
    var convolutions: [Conv2d] = []
    var norms: [GroupNorm] = []
    for (index, width) in Self.widths.enumerated() {
      let inputs = index == 0 ? 1 : Self.widths[index - 1]
      convolutions.append(
        try Conv2d(scope["convolutions", index], inputs, width, kernel: index == 0 ? 5 : 3, stride: 2, bias: false))
      norms.append(try GroupNorm(scope["norms", index], groups: 8, channels: width))
    }
    self.convolutions = convolutions
    self.norms = norms
    output = try Linear(scope["output"], Self.widths[Self.widths.count - 1], Judgement.allCases.count)
  }

  /// Log odds of every judgement.
  ///
  /// - Parameters:
  ///   - image_B1HW: images of mean 0 and variance 1, each by itself.
  ///   - generator: what dropout draws from while training; nil for use.
  /// - Returns: `[B, J]`.
  /// - Throws: `TorchError` for images of another shape.
  public func callAsFunction(_ image_B1HW: Tensor, generator: Generator? = nil) throws -> Tensor {
    var x = image_B1HW
    for (convolution, norm) in zip(convolutions, norms) { x = try norm(convolution(x)).silu() }
    return try output(dropout(x.mean(dim: [2, 3]), generators: generator.map { [$0] }))
  }

  /// The probability of every judgement for each image.
  ///
  /// - Parameters:
  ///   - pixels: grey values of any range, of images of ``side`` pixels a side, image by image.
  ///   - count: how many images there are.
  /// - Throws: `TorchError`, also if there are fewer pixels than the images have.
  public func probabilities(pixels: [Float], count: Int) throws -> [[Double]] {
    let area = Self.side * Self.side
    return try withoutGradients {
      try stride(from: 0, to: count, by: 128).flatMap { start -> [[Double]] in
        let rows = min(128, count - start)
        let values = (start..<start + rows).flatMap { Self.standardised(pixels[$0 * area..<($0 + 1) * area]) }
        let logits_BJ = try self(Tensor(values, shape: [rows, 1, Self.side, Self.side]))
        let probabilities = try logits_BJ.sigmoid().doubles()
        let width = Judgement.allCases.count
        return (0..<rows).map { Array(probabilities[$0 * width..<($0 + 1) * width]) }
      }
    }
  }

  /// An image without its own brightness and contrast, which say more of the detector than of the chest.
  public static func standardised(_ pixels: ArraySlice<Float>) -> [Float] {
    let count = Double(max(pixels.count, 1))
    let mean = pixels.reduce(0.0) { $0 + Double($1) } / count
    let variance = pixels.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
    let scale = 1 / max(variance.squareRoot(), 1e-6)
    return pixels.map { Float((Double($0) - mean) * scale) }
  }
}
