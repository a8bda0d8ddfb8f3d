import Foundation
import Torch

// N rows, L classes

/// The Inception score (Salimans et al., arXiv:1606.03498, section 4): exp of the mean divergence of an image's classes
/// from those of all images. 1 if every image gets the same classes, at most the number of classes.
///
/// Only generated images enter: an image of each class, drawn from memory, scores best. Classes of photographs say
/// little of radiographs, and the score grows with N.
public struct InceptionScore: Sendable, Equatable {
  /// The mean over the splits.
  public let mean: Double
  /// Over the splits, divided by their number.
  public let standardDeviation: Double
  /// How many images, of all splits together.
  public let count: Int
  public let splits: Int

  /// The score by a classifier's logits, in the order in which they are given: shuffle images that are sorted.
  ///
  /// - Parameters:
  ///   - logits: One row for an image, one column for a class.
  ///   - splits: How many parts of nearly the same size the score is computed for.
  /// - Throws: ``MetricError`` for fewer than one split or fewer images than splits; `TorchError`.
  public init(logits: FeatureMatrix, splits: Int = 10) throws {
    guard splits >= 1 else { throw MetricError.tooFew(what: "splits", found: splits, minimum: 1) }
    guard logits.rows >= splits else {
      throw MetricError.tooFew(what: "images", found: logits.rows, minimum: splits)
    }
    let x_NL = try logits.tensor()
    let shifted = try x_NL - x_NL.amax(dim: [1], keepdim: true)
    let logarithms_NL = try shifted - shifted.exp().sum(dim: [1], keepdim: true).log()
    let scores = try (0..<splits).map { split in
      let start = split * logits.rows / splits
      let part = try logarithms_NL.narrow(dim: 0, start: start, length: (split + 1) * logits.rows / splits - start)
      let probabilities = try part.exp()
      // A class that no image has gets 0 times a finite logarithm.
      let marginal = try probabilities.mean(dim: [0], keepdim: true).clamp(min: Double.leastNormalMagnitude)
      return try exp((probabilities * (part - marginal.log())).sum(dim: [1]).mean().item())
    }
    let mean = scores.reduce(0, +) / Double(splits)
    self.mean = mean
    standardDeviation = (scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(splits)).squareRoot()
    (count, self.splits) = (logits.rows, splits)
  }
}
