import Foundation
import Torch

// N rows, D features

/// The Vendi score (Friedman and Dieng, arXiv:2210.02410, equation 1): how many different images a set is worth, 1 if all
/// are alike, N if no two have anything in common. Similarity is the cosine of two feature vectors.
///
/// It says nothing of realism: noise is diverse. Features that are never negative, as behind a rectifier, have large
/// cosines and low scores, so that a score is read beside that of as many real images.
public enum VendiScore {
  /// exp of the entropy of the eigenvalues of K / N, where K holds the cosine of every pair.
  ///
  /// - Parameter order: Of the Rényi entropy (Pasarkar and Dieng, arXiv:2310.12952): 1 is Shannon's, below 1 rare images
  ///   weigh more, above 1 frequent ones; infinity counts the largest eigenvalue alone.
  /// - Throws: ``MetricError`` for no rows, a row of zeros, and an order that is not positive; `TorchError`.
  public static func of(_ features: FeatureMatrix, order: Double = 1) throws -> Double {
    try features.require(rows: 1)
    guard order > 0 else {
      throw MetricError.invalidSetting(name: "the order", value: order, allowed: "a positive number")
    }
    let x_ND = try features.normalised()
    let transposed = try x_ND.transpose(dim0: 0, dim1: 1)
    // X X^T and X^T X share their eigenvalues: the smaller one is solved.
    let gram = try features.rows <= features.columns ? x_ND.matmul(transposed) : transposed.matmul(x_ND)
    // What rounding makes of eigenvalues of 0 would weigh much at orders below 1.
    let rounding = Double(max(features.rows, features.columns)) * Double.ulpOfOne
    let eigenvalues = try (gram / Double(features.rows)).linalgEigh().0.doubles().filter { $0 > rounding }
    if order == 1 { return exp(-eigenvalues.reduce(0) { $0 + $1 * log($1) }) }
    if order == .infinity { return 1 / (eigenvalues.max() ?? 1) }
    return pow(eigenvalues.reduce(0) { $0 + pow($1, order) }, 1 / (1 - order))
  }
}
