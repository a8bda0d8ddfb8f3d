/// Whether probabilities mean what they say: of the examples that are called 70 % likely, 70 % should be positive.
public struct Calibration: Sendable, Equatable {
  /// The examples whose probability lies in one of the equal parts of 0 ... 1.
  public struct Bin: Sendable, Equatable {
    public let count: Int
    /// The mean of their probabilities.
    public let predicted: Double
    /// The share of them that is positive.
    public let observed: Double
  }

  /// The parts that hold examples, from 0 to 1.
  public let bins: [Bin]
  /// The mean of (probability - label)^2 (Brier, Monthly Weather Review 78, 1950): calibration and sharpness together.
  public let brierScore: Double
  /// The expected calibration error: the mean over examples of |predicted - observed| of their bin (Naeini, Cooper and
  /// Hauskrecht, AAAI 2015). It depends on the number of bins and grows with it when examples are few; probabilities that
  /// are all the share of positive examples have 0.
  public let expectedError: Double
  /// The greatest |predicted - observed| of a bin.
  public let maximumError: Double

  /// - Parameters:
  ///   - examples: Their scores are probabilities.
  ///   - bins: How many equal parts 0 ... 1 is cut into; a probability on a border belongs to the lower one.
  /// - Throws: ``MetricError`` for scores outside 0 ... 1 and fewer than one bin.
  public init(_ examples: ScoredLabels, bins: Int = 10) throws(MetricError) {
    guard bins >= 1 else { throw .tooFew(what: "bins", found: bins, minimum: 1) }
    if let score = examples.scores.first(where: { !(0...1).contains($0) }) {
      throw .invalidSetting(name: "a probability", value: score, allowed: "a value from 0 to 1")
    }
    let borders = (1..<max(bins, 1)).map { Double($0) * (1 / Double(bins)) }
    var sums = [(count: Int, predicted: Double, positive: Int)](repeating: (0, 0, 0), count: bins)
    var squares = 0.0
    for (score, label) in zip(examples.scores, examples.labels) {
      // The first guess may be one off where the product is rounded.
      var bin = min(Int(score * Double(bins)), bins - 1)
      while bin > 0, score <= borders[bin - 1] { bin -= 1 }
      while bin < bins - 1, score > borders[bin] { bin += 1 }
      sums[bin].count += 1
      sums[bin].predicted += score
      sums[bin].positive += label ? 1 : 0
      squares += (score - (label ? 1 : 0)) * (score - (label ? 1 : 0))
    }
    let filled = sums.filter { $0.count > 0 }.map {
      Bin(
        count: $0.count, predicted: $0.predicted / Double($0.count),
        observed: Double($0.positive) / Double($0.count))
    }
    let total = Double(examples.count)
    self.bins = filled
    brierScore = squares / total
    expectedError = filled.reduce(0) { $0 + Double($1.count) / total * abs($1.predicted - $1.observed) }
    maximumError = filled.reduce(0) { max($0, abs($1.predicted - $1.observed)) }
  }
}
