import Foundation
import ImageFiles
import Torch

// K candidates, N training images, P pixels of a window, V alignments

/// The training images as the gate compares others with them.
public struct GateIndex: GateSpace {
  /// How near an image is to the training images.
  public struct Match: Sendable, Equatable {
    /// The place of the nearest training image.
    public let nearest: Int
    /// The distance to it over that to the tenth nearest: near 0 for a copy, near 1 for an image to which no training image
    /// is special. Between pixels, one less the correlation in the best alignment; elsewhere the Euclidean distance.
    public let distance: Double
  }

  static let coarse = GateWindow(side: GateDescriptor.side / 2)
  static let fine = GateWindow(side: GateDescriptor.side)
  /// How many of the nearest are looked at; the distance to the last is the measure of the others.
  static let candidates = 10

  let name = GateSpaces.pixels

  /// The images' names, in order.
  public let names: [String]
  private let coarseWindows_NP: [Float]
  private let fineWindows_NP: [Float]

  public var count: Int { names.count }

  /// The least number of training images that a distance can be computed from.
  public static let minimum = 20

  /// Describes the images of a set.
  ///
  /// - Parameter progress: Called after each image with the number of images since the start.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)``; what reading throws.
  public init(_ set: any ImageSet, progress: (Int) -> Void = { _ in }) throws {
    try set.require(Self.minimum)
    var coarse: [Float] = []
    var fine: [Float] = []
    coarse.reserveCapacity(set.count * Self.coarse.count)
    fine.reserveCapacity(set.count * Self.fine.count)
    for index in 0..<set.count {
      try Task.checkCancellation()
      let descriptor = try GateDescriptor(set.image(at: index))
      coarse += Self.coarse.samples(descriptor.coarseField, [.identity])
      fine += Self.fine.samples(descriptor.field, [.identity])
      progress(index + 1)
    }
    names = (0..<set.count).map(set.name(at:))
    (coarseWindows_NP, fineWindows_NP) = (coarse, fine)
  }

  /// The windows of the images, as a file holds them.
  ///
  /// - Parameter coarse: `count` rows of ``coarse``'s window, and as many of ``fine``'s in `fine`.
  init(coarse: [Float], fine: [Float]) {
    names = (0..<coarse.count / Self.coarse.count).map { "\($0)" }
    (coarseWindows_NP, fineWindows_NP) = (coarse, fine)
  }

  /// The windows of all images, row by row.
  var windows: (coarse: [Float], fine: [Float]) { (coarseWindows_NP, fineWindows_NP) }

  /// The training image nearest to each image.
  ///
  /// - Parameter progress: Called after each image with the number of images since the start.
  /// - Throws: `TorchError`; what reading throws.
  public func matches(_ set: any ImageSet, progress: (Int) -> Void = { _ in }) throws -> [Match] {
    try withoutGradients {
      let training_PN = try Tensor(coarseWindows_NP, shape: [count, Self.coarse.count]).transpose(dim0: 0, dim1: 1)
      return try (0..<set.count).map { index in
        try Task.checkCancellation()
        defer { progress(index + 1) }
        return try match(GateDescriptor(set.image(at: index)), training_PN)
      }
    }
  }

  private func match(_ descriptor: GateDescriptor, _ training_PN: Tensor) throws -> Match {
    let alignments = GateAlignment.coarse
    let windows = Self.coarse.samples(descriptor.coarseField, alignments)
    let similarity_VN = try Tensor(windows, shape: [alignments.count, Self.coarse.count]).matmul(training_PN)
    let best_N = try similarity_VN.amax(dim: [0]).floats()
    let alignment_N = try similarity_VN.argmax(dim: 0).int64s()
    let nearest = best_N.indices.sorted { (best_N[$1], $0) < (best_N[$0], $1) }.prefix(Self.candidates)
    let distances = nearest.map { place in
      (place, 1 - Double(refined(descriptor, place, from: alignments[Int(alignment_N[place])])))
    }.sorted { $0.1 < $1.1 }
    let (first, last) = (distances[0], distances[distances.count - 1])
    return Match(nearest: first.0, distance: max(first.1, 0) / max(last.1, 1e-6))
  }

  /// The correlation with a training image, the alignment improved in three rounds.
  private func refined(_ descriptor: GateDescriptor, _ place: Int, from start: GateAlignment) -> Float {
    let window = Self.fine
    var best: (correlation: Float, alignment: GateAlignment) = (-.infinity, start)
    for (scale, shift) in [(Float(0.02), Float(1)), (0.01, 0.5), (0.005, 0.25)] {
      let tried = best.alignment.neighbours(scale: scale, shift: shift)
      let samples = window.samples(descriptor.field, tried)
      for (index, alignment) in tried.enumerated() {
        var sum: Float = 0
        for pixel in 0..<window.count {
          sum += samples[index * window.count + pixel] * fineWindows_NP[place * window.count + pixel]
        }
        if sum > best.correlation { best = (sum, alignment) }
      }
    }
    return best.correlation
  }
}
