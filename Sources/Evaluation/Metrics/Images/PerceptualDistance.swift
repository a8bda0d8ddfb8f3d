import RadiographModels
import Torch

// B batch, H height, W width

/// The learned perceptual image patch similarity, LPIPS (Zhang et al., CVPR 2018, equation 1), of grey images, which a
/// `PerceptualNetwork` sees as three equal colours.
///
/// What the package `lpips` computes, version 0.1 of its weights. The network was made for photographs.
public struct PerceptualDistance {
  private let network: PerceptualNetwork

  /// The network, as reports name it.
  public var name: String { "the weights of lpips 0.1 for \(network.backbone.rawValue)" }

  public init(_ network: PerceptualNetwork) { self.network = network }

  /// Reads published weights: ``PerceptualNetwork/init(contentsOf:device:)``.
  ///
  /// - Throws: As that.
  public init(contentsOf files: [String]) throws { try self.init(PerceptualNetwork(contentsOf: files)) }

  /// One value for each pair of images, 0 for equal ones.
  ///
  /// - Parameter range: The least and the greatest value that a pixel can have.
  /// - Throws: ``MetricError`` for sets of different shape, images that the network cannot take, and an empty range;
  ///   `TorchError` if memory runs out.
  public func values(_ a: GrayImages, _ b: GrayImages, range: ClosedRange<Float> = 0...1) throws -> [Double] {
    let width = Double(range.upperBound) - Double(range.lowerBound)
    try a.requirePairs(with: b, dataRange: width)
    try a.require(side: network.backbone.minimumSide)
    func prepared(_ image_B1HW: Tensor) throws -> Tensor {
      // To -1 ... 1, as the package takes it.
      try (image_B1HW - Double(range.lowerBound)) * (2 / width) - 1
    }
    return try withoutGradients {
      try a.pairedBlocks(with: b, dtype: .float32) { try network.distances(prepared($0), prepared($1)).doubles() }
    }
  }
}
