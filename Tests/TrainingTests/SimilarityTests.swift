import Evaluation
import Foundation
import Support
import Testing
import Torch

import TorchNN

/// The similarity of the loss against the one that is measured, which agrees with scikit-image.
@Suite("Structural similarity in the loss")
struct SimilarityTests {
  private static let (count, height, width) = (2, 24, 20)

  /// Slopes with noise over them, in -1...1: alike, and not the same.
  private static func images(seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: 0)
    var noise = SplitMix64(seed: seed)
    return (0..<count * height * width).map { position in
      let slope = Float(position % width) / Float(width) - 0.5
      let shared = Float(random.next(below: 1000)) / 1000 - 0.5
      return max(-1, min(1, slope + 0.5 * shared + 0.4 * (Float(noise.next(below: 1000)) / 1000 - 0.5)))
    }
  }

  private static func measured(_ a: [Float], _ b: [Float]) throws -> Double {
    func images(_ pixels: [Float]) throws -> GrayImages {
      try GrayImages(pixels: pixels, count: count, height: height, width: width)
    }
    let values = try StructuralSimilarity.values(images(a), images(b), dataRange: 2)
    return values.reduce(0, +) / Double(values.count)
  }

  private static func tensor(_ pixels: [Float]) throws -> Tensor {
    try Tensor(pixels, shape: [count, 1, height, width])
  }

  @Test("its value is the mean of what is measured")
  func values() throws {
    let (a, b) = (Self.images(seed: 1), Self.images(seed: 2))
    let similarity = WindowedSimilarity()
    let value = try similarity(Self.tensor(a), Self.tensor(b)).item()
    let expected = try Self.measured(a, b)
    #expect(expected > 0.2 && expected < 0.9)
    #expect(abs(value - expected) < 1e-5)
    #expect(abs(try similarity(Self.tensor(a), Self.tensor(a)).item() - 1) < 1e-6)
  }

  @Test("its gradient is the slope of what is measured")
  func gradients() throws {
    let (a, b) = (Self.images(seed: 1), Self.images(seed: 2))
    let input = try Self.tensor(a).setRequiresGrad(true)
    try WindowedSimilarity()(input, Self.tensor(b)).backward()
    let gradient = try #require(try input.grad).doubles()
    let largest = gradient.map(abs).max() ?? 0
    #expect(largest > 0)
    // Corners, edges, and the middle of the first and of the second image.
    for position in [0, 7, 5 * 20, 12 * 20 + 10, 480, 480 + 11 * 20 + 9, 959] {
      let step: Float = 0.01
      var (up, down) = (a, a)
      up[position] += step
      down[position] -= step
      let slope = try (Self.measured(up, b) - Self.measured(down, b)) / Double(up[position] - down[position])
      #expect(abs(gradient[position] - slope) < 0.01 * largest, "\(position)")
    }
  }
}
