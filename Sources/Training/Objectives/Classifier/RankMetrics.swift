/// How well scores tell images that have a label from those that have not.
enum RankMetrics {
  /// The area under the receiver operating characteristic: how often an image with the label has the greater score than
  /// one without, equal scores counting half (Hanley and McNeil, 1982).
  ///
  /// - Returns: nil if all images have the label or none has.
  static func areaUnderROC(_ scores: [Double], _ isPositive: [Bool]) -> Double? {
    let positives = isPositive.count { $0 }
    let negatives = isPositive.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    var (won, negativesBelow) = (0.0, 0)
    for group in groups(scores, isPositive).reversed() {
      won += Double(group.positives) * (Double(negativesBelow) + Double(group.negatives) / 2)
      negativesBelow += group.negatives
    }
    return won / (Double(positives) * Double(negatives))
  }

  /// The average precision: over all thresholds, the precision times what the recall gains there, as scikit-learn's
  /// `average_precision_score`.
  ///
  /// - Returns: nil if no image has the label.
  static func averagePrecision(_ scores: [Double], _ isPositive: [Bool]) -> Double? {
    let positives = isPositive.count { $0 }
    guard positives > 0 else { return nil }
    var (found, seen, sum) = (0, 0, 0.0)
    for group in groups(scores, isPositive) {
      found += group.positives
      seen += group.positives + group.negatives
      sum += Double(group.positives) * Double(found) / Double(seen)
    }
    return sum / Double(positives)
  }

  /// How many of both there are at each score, the greatest first.
  private static func groups(
    _ scores: [Double], _ isPositive: [Bool]
  ) -> [(positives: Int, negatives: Int)] {
    var groups: [(positives: Int, negatives: Int)] = []
    var last: Double?
    for (score, positive) in zip(scores, isPositive).sorted(by: { $0.0 > $1.0 }) {
      if last != score { groups.append((0, 0)) }
      last = score
      if positive { groups[groups.count - 1].positives += 1 } else { groups[groups.count - 1].negatives += 1 }
    }
    return groups
  }
}
