/// How well scores put positive examples before negative ones, whatever the threshold.
public enum RankingMetrics {
  /// The area under the receiver operating characteristic: the chance that a positive example scores higher than a
  /// negative one, where a tie counts half (Hanley and McNeil, Radiology 143, 1982).
  ///
  /// - Parameters:
  ///   - scores: The higher, the more likely the example is positive. None is NaN.
  ///   - isPositive: The class of each example.
  /// - Returns: A value from 0 to 1; nil if all examples are of one class.
  public static func areaUnderROC(_ scores: [Double], _ isPositive: [Bool]) -> Double? {
    let positives = isPositive.count { $0 }
    let negatives = isPositive.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    // In halves of pairs, so that the count is exact.
    var (above, halves) = (0, 0)
    for level in levels(scores, isPositive) {
      halves += level.negatives * (2 * above + level.positives)
      above += level.positives
    }
    return Double(halves) / 2 / (Double(positives) * Double(negatives))
  }

  /// The average precision, sum over thresholds of (R_n - R_(n-1)) P_n, without interpolation, as scikit-learn's
  /// `average_precision_score`. A classifier that guesses has the share of positive examples, which differs between sets.
  ///
  /// - Parameters: As for ``areaUnderROC(_:_:)``.
  /// - Returns: A value above 0, at most 1; nil if no example is positive.
  public static func averagePrecision(_ scores: [Double], _ isPositive: [Bool]) -> Double? {
    let positives = isPositive.count { $0 }
    guard positives > 0 else { return nil }
    var (sum, found, seen) = (0.0, 0, 0)
    for level in levels(scores, isPositive) {
      found += level.positives
      seen += level.positives + level.negatives
      sum += Double(level.positives) * Double(found) / Double(seen)
    }
    return sum / Double(positives)
  }

  /// How many of each class have each score, the highest first: equal scores cannot be told apart.
  private static func levels(_ scores: [Double], _ isPositive: [Bool]) -> [(positives: Int, negatives: Int)] {
    var levels: [(positives: Int, negatives: Int)] = []
    var last: Double?
    for index in scores.indices.sorted(by: { scores[$0] > scores[$1] }) {
      if last != scores[index] { levels.append((0, 0)) }
      last = scores[index]
      if isPositive[index] {
        levels[levels.count - 1].positives += 1
      } else {
        levels[levels.count - 1].negatives += 1
      }
    }
    return levels
  }
}
