/// A classifier's scores of examples whose class is known.
public struct ScoredLabels: Sendable, Equatable {
  /// What is done with examples that have no label, as uncertain findings have none.
  public enum Missing: Sendable {
    case refused
    case leftOut
  }

  /// The higher, the more likely the example is positive: a probability, or a logit.
  public let scores: [Double]
  public let labels: [Bool]

  /// Scores and labels of the same examples.
  ///
  /// - Throws: ``MetricError`` for other numbers of scores than labels, no examples, and scores that are not finite.
  public init(scores: [Double], labels: [Bool]) throws(MetricError) {
    try self.init(scores: scores, labels: labels, missing: .refused)
  }

  /// Scores and labels of the same examples, of which some may have none.
  ///
  /// - Parameter labels: nil for an example without a label.
  /// - Throws: ``MetricError`` for other numbers of scores than labels, missing labels that are refused, no examples that
  ///   have one, and scores that are not finite.
  public init(scores: [Double], labels: [Bool?], missing: Missing) throws(MetricError) {
    guard scores.count == labels.count else {
      throw .countMismatch(what: "scores", expected: labels.count, found: scores.count)
    }
    let absent = labels.count { $0 == nil }
    if missing == .refused, absent > 0 { throw .missingLabels(count: absent, total: labels.count) }
    guard scores.allSatisfy(\.isFinite) else { throw .notFinite(what: "the scores") }
    guard absent < labels.count else { throw .tooFew(what: "labelled examples", found: 0, minimum: 1) }
    let kept = labels.indices.filter { labels[$0] != nil }
    self.init(unchecked: kept.map { scores[$0] }, kept.map { labels[$0] == true })
  }

  private init(unchecked scores: [Double], _ labels: [Bool]) {
    self.scores = scores
    self.labels = labels
  }

  public var count: Int { labels.count }

  /// The examples at these indices, which may repeat.
  public func selecting(_ indices: [Int]) -> ScoredLabels {
    ScoredLabels(unchecked: indices.map { scores[$0] }, indices.map { labels[$0] })
  }
}
