import Foundation
import Torch

/// Averages of a width that was not tracked, made of stored ones after training (Karras et al., 2024, section 3.2 and
/// appendix C).
public enum PostHocAverage {
  /// What a snapshot is the average of, or what is wanted: a profile, and the step at which it ends.
  public struct Point: Sendable, Hashable {
    /// The number of updates that led to it, 1 or more.
    public var time: Int
    public var profile: PowerFunction

    public init(time: Int, profile: PowerFunction) {
      self.time = time
      self.profile = profile
    }
  }

  /// The weights of the snapshots whose sum comes nearest to `target`: least squares between the profiles, as functions
  /// of the time of training.
  ///
  /// - Returns: One weight for each snapshot; negative ones are usual, and the sum is close to 1.
  /// - Throws: ``WeightAverageError`` if there is no snapshot, if a time is below 1, if `target` ends later than the
  ///   last snapshot, or if two snapshots are the same.
  public static func weights(of snapshots: [Point], target: Point) throws(WeightAverageError) -> [Double] {
    guard let last = snapshots.map(\.time).max() else { throw .noSnapshots }
    for time in snapshots.map(\.time) + [target.time] where time < 1 {
      throw .invalidSetting(name: "the step of an average", value: Double(time), allowed: "1 or more")
    }
    guard target.time <= last else { throw .laterThanSnapshots(time: target.time, last: last) }
    return try solve(
      snapshots.map { row in snapshots.map { innerProduct(row, $0) } }, snapshots.map { innerProduct($0, target) })
  }

  /// The sum of snapshots, tensor by tensor, so that no snapshot need be in memory whole.
  ///
  /// - Parameters:
  ///   - shapes: The shapes of the parameters in each snapshot, by path; one snapshot for each of `weights`.
  ///   - weights: As from ``weights(of:target:)``.
  ///   - tensor: A snapshot's tensor of a path, floating-point numbers of any type.
  /// - Returns: The weights by path, in float32 on the CPU.
  /// - Throws: ``WeightAverageError`` if the snapshots hold different parameters or their number is not that of the
  ///   weights; `TorchError` if memory runs out; what `tensor` throws.
  public static func sum(
    of shapes: [[String: [Int]]], weights: [Double], tensor: (_ snapshot: Int, _ path: String) throws -> Tensor?
  ) throws -> [String: Tensor] {
    guard let first = shapes.first else { throw WeightAverageError.noSnapshots }
    guard shapes.count == weights.count else {
      throw WeightAverageError.countMismatch(snapshots: shapes.count, weights: weights.count)
    }
    if let other = shapes.firstIndex(where: { $0 != first }) {
      throw WeightAverageError.otherParameters(snapshot: other)
    }
    return try withoutGradients {
      var result: [String: Tensor] = [:]
      for (path, shape) in first {
        // Large weights of both signs cancel each other, so the sum is taken in float64. GPUs of Apple have none.
        let sum = try Tensor.zeros(shape, dtype: .float64)
        for (index, weight) in weights.enumerated() {
          if let stored = try tensor(index, path) { try sum.addInPlace(stored.to(.cpu).to(.float64), alpha: weight) }
        }
        result[path] = try sum.to(.float32)
      }
      return result
    }
  }

  /// The integral of the product of two profiles over the time of training, in closed form.
  static func innerProduct(_ a: Point, _ b: Point) -> Double {
    let (earlier, later) = a.time < b.time ? (a, b) : (b, a)
    let (first, second) = (earlier.profile.gamma, later.profile.gamma)
    // Up to the earlier time, where the first profile ends, the second grows as s^second.
    return (first + 1) * (second + 1) / (first + second + 1)
      * pow(Double(earlier.time) / Double(later.time), second) / Double(later.time)
  }

  /// Gauss's elimination with pivots from the whole column.
  private static func solve(_ matrix: [[Double]], _ right: [Double]) throws(WeightAverageError) -> [Double] {
    var (matrix, right) = (matrix, right)
    let count = right.count
    let scale = matrix.flatMap { $0 }.reduce(0) { max($0, abs($1)) }
    for column in 0..<count {
      guard let pivot = (column..<count).max(by: { abs(matrix[$0][column]) < abs(matrix[$1][column]) }),
        abs(matrix[pivot][column]) > scale * 1e-15
      else { throw .dependentSnapshots }
      matrix.swapAt(column, pivot)
      right.swapAt(column, pivot)
      for row in column + 1..<max(count, column + 1) {
        let factor = matrix[row][column] / matrix[column][column]
        for other in column..<count { matrix[row][other] -= factor * matrix[column][other] }
        right[row] -= factor * right[column]
      }
    }
    for row in (0..<count).reversed() {
      for other in row + 1..<max(count, row + 1) { right[row] -= matrix[row][other] * right[other] }
      right[row] /= matrix[row][row]
    }
    return right
  }
}
