import Torch
import TorchNN

// B batch, C channels, H height, W width, L labels

/// DenseNet (Huang et al., 2017) with torchvision's layout and names: every layer of a block sees what all layers before it
/// have made. One input channel, where torchvision's has three.
struct DenseNet: LabelNetwork {
  /// Which of the family it is; the defaults are those of `densenet121`.
  struct Shape {
    var growth = 32
    var blocks = [6, 12, 24, 16]
    var initial = 64
    /// The width of a layer's first convolution, in growths.
    var bottleneck = 4
  }

  private struct Layer {
    let norm1: BatchNorm2d
    let convolution1: Conv2d
    let norm2: BatchNorm2d
    let convolution2: Conv2d

    func callAsFunction(_ kept: [Tensor], isTraining: Bool) throws -> Tensor {
      let x = try norm1(Tensor.cat(kept, dim: 1), isTraining: isTraining).relu()
      return try convolution2(norm2(convolution1(x), isTraining: isTraining).relu())
    }
  }

  private let input: (convolution: Conv2d, norm: BatchNorm2d)
  private let blocks: [[Layer]]
  /// Between two blocks: half the channels and half the side.
  private let transitions: [(norm: BatchNorm2d, convolution: Conv2d)]
  private let outputNorm: BatchNorm2d
  private let classifier: Linear

  init(_ scope: ParameterScope, labels: Int, shape: Shape = Shape()) throws {
    let features = scope["features"]
    func convolution(
      _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1
    ) throws -> Conv2d {
      // torchvision fills convolutions by `kaiming_normal_`.
      let deviation = (2 / Double(inputs * kernel * kernel)).squareRoot()
      return try Conv2d(
        scope, inputs, outputs, kernel: kernel, stride: stride, bias: false,
        initialisation: .normal(standardDeviation: deviation))
    }
    input = (
      try convolution(features["conv0"], 1, shape.initial, kernel: 7, stride: 2),
      try BatchNorm2d(features["norm0"], shape.initial)
    )
    var channels = shape.initial
    var blocks: [[Layer]] = []
    var transitions: [(norm: BatchNorm2d, convolution: Conv2d)] = []
    for (index, count) in shape.blocks.enumerated() {
      let place = features["denseblock\(index + 1)"]
      let inner = shape.bottleneck * shape.growth
      blocks.append(
        try (0..<count).map { layer in
          let place = place["denselayer\(layer + 1)"]
          let inputs = channels + layer * shape.growth
          return Layer(
            norm1: try BatchNorm2d(place["norm1"], inputs),
            convolution1: try convolution(place["conv1"], inputs, inner, kernel: 1),
            norm2: try BatchNorm2d(place["norm2"], inner),
            convolution2: try convolution(place["conv2"], inner, shape.growth, kernel: 3))
        })
      channels += count * shape.growth
      if index + 1 < shape.blocks.count {
        let place = features["transition\(index + 1)"]
        transitions.append(
          (
            try BatchNorm2d(place["norm"], channels),
            try convolution(place["conv"], channels, channels / 2, kernel: 1)
          ))
        channels /= 2
      }
    }
    (self.blocks, self.transitions) = (blocks, transitions)
    outputNorm = try BatchNorm2d(features["norm5"], channels)
    classifier = try Linear(scope["classifier"], channels, labels)
  }

  private static let firstPooling = Pooling2d(.max, 3, stride: 2, padding: 1)
  private static let transitionPooling = Pooling2d(.average, 2)

  /// The side of the last maps for images of a side.
  static func lastSide(_ side: Int, shape: Shape = Shape()) -> Int {
    // The first convolution, of 7 pixels, halves a side and rounds up.
    (1..<shape.blocks.count).reduce(firstPooling.outputSide((side + 1) / 2)) { side, _ in
      transitionPooling.outputSide(side)
    }
  }

  func features(_ image_B1HW: Tensor, isTraining: Bool) throws -> [Tensor] {
    var x = try input.norm(input.convolution(image_B1HW), isTraining: isTraining).relu()
    var features = [x]
    x = try Self.firstPooling(x)
    for (index, block) in blocks.enumerated() {
      var kept = [x]
      for layer in block { kept.append(try layer(kept, isTraining: isTraining)) }
      x = try Tensor.cat(kept, dim: 1)
      guard index < transitions.count else { break }
      features.append(x)
      let transition = transitions[index]
      x = try Self.transitionPooling(transition.convolution(transition.norm(x, isTraining: isTraining).relu()))
    }
    return features + [try outputNorm(x, isTraining: isTraining).relu()]
  }

  func logits(means_BC: Tensor) throws -> Tensor { try classifier(means_BC) }
}
