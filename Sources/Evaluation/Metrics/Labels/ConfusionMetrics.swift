/// What a classifier got right and wrong at one threshold, and the measures that follow. A measure whose denominator is 0
/// is nil.
public struct ConfusionMetrics: Sendable, Equatable {
  public let truePositives: Int
  public let falsePositives: Int
  public let trueNegatives: Int
  public let falseNegatives: Int

  /// - Parameter threshold: An example with this score or a higher one is called positive.
  public init(_ examples: ScoredLabels, threshold: Double = 0.5) {
    self.init(zip(examples.labels, examples.scores).map { (label: $0, call: $1 >= threshold) })
  }

  /// - Parameter examples: Whether each is positive, and whether it was called so.
  public init(_ examples: [(label: Bool, call: Bool)]) {
    var counts = [[0, 0], [0, 0]]
    for (label, call) in examples { counts[label ? 1 : 0][call ? 1 : 0] += 1 }
    (trueNegatives, falsePositives, falseNegatives, truePositives) = (
      counts[0][0], counts[0][1], counts[1][0], counts[1][1]
    )
  }

  public var count: Int { truePositives + falsePositives + trueNegatives + falseNegatives }

  /// Of the examples called positive, the share that is; nil if none was.
  public var precision: Double? { Self.ratio(truePositives, truePositives + falsePositives) }

  /// Of the positive examples, the share that was called so (sensitivity); nil if there is none.
  public var recall: Double? { Self.ratio(truePositives, truePositives + falseNegatives) }

  /// Of the negative examples, the share that was called so; nil if there is none.
  public var specificity: Double? { Self.ratio(trueNegatives, trueNegatives + falsePositives) }

  /// The harmonic mean of precision and recall; nil if no example is positive and none was called so.
  public var f1: Double? { Self.ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }

  /// The share of all examples that was called as it is; nil without examples.
  public var accuracy: Double? { Self.ratio(truePositives + trueNegatives, count) }

  /// Cohen's kappa of the classifier and the labels; nil if both call all examples the same.
  public var kappa: Double? {
    Self.kappa(
      agreeing: truePositives + trueNegatives, count: count,
      margins: [
        (truePositives + falsePositives, truePositives + falseNegatives),
        (trueNegatives + falseNegatives, trueNegatives + falsePositives),
      ])
  }

  /// Cohen's kappa of two readers (Educational and Psychological Measurement 20, 1960): how far their agreement goes
  /// beyond that of two readers who call each class as often, but at random. 1 is full agreement, 0 that of chance. It
  /// falls where one class is rare.
  ///
  /// - Parameters: The classes that each reader gave to the same examples.
  /// - Returns: nil if both gave one and the same class to all.
  /// - Throws: ``MetricError`` for other numbers of calls, or none.
  public static func kappa<Class: Hashable>(_ first: [Class], _ second: [Class]) throws(MetricError) -> Double? {
    guard first.count == second.count else {
      throw .countMismatch(what: "calls of the second reader", expected: first.count, found: second.count)
    }
    guard !first.isEmpty else { throw .tooFew(what: "calls", found: 0, minimum: 1) }
    var margins: [Class: (Int, Int)] = [:]
    for (a, b) in zip(first, second) {
      margins[a, default: (0, 0)].0 += 1
      margins[b, default: (0, 0)].1 += 1
    }
    return kappa(
      agreeing: zip(first, second).count { $0 == $1 }, count: first.count, margins: Array(margins.values))
  }

  private static func kappa(agreeing: Int, count: Int, margins: [(Int, Int)]) -> Double? {
    // Both times the count squared, so that all is exact.
    let chance = margins.reduce(0) { $0 + $1.0 * $1.1 }
    return ratio(agreeing * count - chance, count * count - chance)
  }

  private static func ratio(_ part: Int, _ whole: Int) -> Double? { whole == 0 ? nil : Double(part) / Double(whole) }
}
