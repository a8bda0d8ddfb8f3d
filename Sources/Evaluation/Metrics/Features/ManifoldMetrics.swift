import Torch

// N real rows, M generated rows

/// Fidelity and diversity apart, by balls that reach from each feature vector to its k-th nearest neighbour in its own
/// set.
///
/// Precision and recall are those of Kynkäänniemi et al. (arXiv:1904.06991), density and coverage those of Naeem et al.
/// (arXiv:2002.09797), as the package `prdc` computes them. All four depend on N and k: a larger set has smaller balls.
public struct ManifoldMetrics: Sendable, Equatable {
  /// The share of generated vectors that lie in the ball of a real one. One real outlier has a ball that much fits into.
  public let precision: Double
  /// The share of real vectors that lie in the ball of a generated one.
  public let recall: Double
  /// In how many balls of real vectors a generated one lies on average, over k; may exceed 1.
  public let density: Double
  /// The share of real vectors in whose ball a generated one lies. Copies of the real images have 1.
  public let coverage: Double
  /// How far the balls reach.
  public let neighbours: Int
  /// Of each generated vector, in how many balls of real ones it lies.
  let hits: [Int]
  /// Of each real vector, whether it lies in the ball of a generated one.
  let isRecalled: [Bool]
  /// Of each real vector, whether a generated one lies in its ball.
  let isCovered: [Bool]

  /// - Parameter neighbours: k; that of the papers is 3 (precision and recall) and 5 (density and coverage).
  /// - Throws: ``MetricError`` for sets of different widths, k below 1, and sets of not more than k vectors; `TorchError`.
  public init(real: FeatureMatrix, generated: FeatureMatrix, neighbours: Int = 5) throws {
    try real.requireColumns(of: generated)
    guard neighbours >= 1 else { throw MetricError.tooFew(what: "neighbours", found: neighbours, minimum: 1) }
    for features in [real, generated] { try features.require(rows: neighbours + 1) }
    let (realRows, generatedRows) = (try real.tensor(), try generated.tensor())
    let realRadii = try Self.radii(realRows, neighbours)
    let generatedRadii = try Self.radii(generatedRows, neighbours)

    var hits: [Int] = []
    var isRecalled = [Bool](repeating: false, count: real.rows)
    var isCovered = isRecalled
    for (start, block) in try generatedRows.blocks() {
      let distances = try block.cdist(other: realRows).doubles()
      for row in 0..<block.shape[0] {
        var balls = 0
        let radius = generatedRadii[start + row]
        for (target, distance) in distances[row * real.rows..<(row + 1) * real.rows].enumerated() {
          if distance < realRadii[target] {
            balls += 1
            isCovered[target] = true
          }
          if distance < radius { isRecalled[target] = true }
        }
        hits.append(balls)
      }
    }
    precision = Double(hits.count { $0 > 0 }) / Double(generated.rows)
    density = Double(hits.reduce(0, +)) / Double(neighbours * generated.rows)
    recall = Double(isRecalled.count { $0 }) / Double(real.rows)
    coverage = Double(isCovered.count { $0 }) / Double(real.rows)
    (self.neighbours, self.hits, self.isRecalled, self.isCovered) = (neighbours, hits, isRecalled, isCovered)
  }

  /// The distance of each row to its k-th nearest neighbour among the others.
  private static func radii(_ rows: Tensor, _ neighbours: Int) throws -> [Double] {
    let count = rows.shape[0]
    var radii: [Double] = []
    for (start, block) in try rows.blocks() {
      let distances = try block.cdist(other: rows).doubles()
      for row in 0..<block.shape[0] {
        let nearest = FeatureDistances.least(
          neighbours, of: distances[row * count..<(row + 1) * count], except: start + row)
        radii.append(nearest[neighbours - 1].distance)
      }
    }
    return radii
  }
}
