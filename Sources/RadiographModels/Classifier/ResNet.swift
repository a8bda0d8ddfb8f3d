import Torch
import TorchNN

// B batch, C channels, H height, W width, L labels

/// ResNet-50 (He et al., 2016) with torchvision's layout and names: residual blocks of three convolutions, of which the
/// middle one halves the side. One input channel if nothing else is said, where torchvision's has three.
struct ResNet: LabelNetwork {
  /// The blocks of each stage, and the width of a stage's inner convolutions; the defaults are those of `resnet50`.
  struct Shape {
    var blocks = [3, 4, 6, 3]
    var inputs = 1
    var initial = 64
    /// The width of a block's result, in inner widths.
    var expansion = 4
  }

  private struct Normalised {
    let convolution: Conv2d
    let norm: BatchNorm2d

    func callAsFunction(_ x_BCHW: Tensor, isTraining: Bool) throws -> Tensor {
      try norm(convolution(x_BCHW), isTraining: isTraining)
    }
  }

  private struct Block {
    let layers: [Normalised]
    /// What brings the input to the result's width and side; nil if it has them.
    let shortcut: Normalised?

    func callAsFunction(_ x_BCHW: Tensor, isTraining: Bool) throws -> Tensor {
      var y = x_BCHW
      for (index, layer) in layers.enumerated() {
        y = try layer(y, isTraining: isTraining)
        if index + 1 < layers.count { y = try y.relu() }
      }
      return try (y + (shortcut.map { try $0(x_BCHW, isTraining: isTraining) } ?? x_BCHW)).relu()
    }
  }

  private let input: Normalised
  private let stages: [[Block]]
  private let output: Linear

  /// - Throws: `ParameterError`, `TorchError`.
  init(_ scope: ParameterScope, labels: Int, shape: Shape = Shape()) throws {
    func layer(
      _ scope: ParameterScope, _ convolution: String, _ norm: String, _ inputs: Int, _ outputs: Int, kernel: Int,
      stride: Int = 1
    ) throws -> Normalised {
      // torchvision fills these by `kaiming_normal_` over what goes out.
      let deviation = (2 / Double(outputs * kernel * kernel)).squareRoot()
      return Normalised(
        convolution: try Conv2d(
          scope[convolution], inputs, outputs, kernel: kernel, stride: stride, bias: false,
          initialisation: .normal(standardDeviation: deviation)),
        norm: try BatchNorm2d(scope[norm], outputs))
    }
    input = try layer(scope, "conv1", "bn1", shape.inputs, shape.initial, kernel: 7, stride: 2)
    var channels = shape.initial
    stages = try shape.blocks.enumerated().map { stage, count in
      let inner = shape.initial << stage
      let outputs = inner * shape.expansion
      return try (0..<count).map { index in
        let place = scope["layer\(stage + 1)", index]
        let stride = index == 0 && stage > 0 ? 2 : 1
        defer { channels = outputs }
        return Block(
          layers: [
            try layer(place, "conv1", "bn1", channels, inner, kernel: 1),
            try layer(place, "conv2", "bn2", inner, inner, kernel: 3, stride: stride),
            try layer(place, "conv3", "bn3", inner, outputs, kernel: 1),
          ],
          shortcut: index > 0
            ? nil : try layer(place["downsample"], "0", "1", channels, outputs, kernel: 1, stride: stride))
      }
    }
    output = try Linear(scope["fc"], channels, labels)
  }

  private static let pooling = Pooling2d(.max, 3, stride: 2, padding: 1)

  /// The side of the last maps for images of a side.
  static func lastSide(_ side: Int, shape: Shape = Shape()) -> Int {
    // Every convolution that halves a side rounds up.
    (1..<shape.blocks.count).reduce(pooling.outputSide((side + 1) / 2)) { side, _ in (side + 1) / 2 }
  }

  func features(_ image_B1HW: Tensor, isTraining: Bool) throws -> [Tensor] {
    var x = try input(image_B1HW, isTraining: isTraining).relu()
    var features = [x]
    x = try Self.pooling(x)
    for stage in stages {
      for block in stage { x = try block(x, isTraining: isTraining) }
      features.append(x)
    }
    return features
  }

  func logits(means_BC: Tensor) throws -> Tensor { try output(means_BC) }
}
