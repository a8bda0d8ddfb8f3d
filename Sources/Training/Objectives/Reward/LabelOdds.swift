import Support

/// What a classifier says of images that show its labels, and of images that do not.
struct LabelOdds: Equatable {
  /// Log odds of each label of images that show it, and of images that do not, in order of size; none where there are fewer
  /// than ``leastCount``.
  var present: [[Double]]
  var absent: [[Double]]

  /// Fewer images say too little of how odds are spread.
  static let leastCount = 10
}

extension LabelOdds {
  /// - Parameters:
  ///   - logits: Of each image, what is said of each label.
  ///   - signs: Of each image 1 for labels that it shows, -1 for those that it does not, 0 where that is not known.
  init(_ logits: [[Double]], signs: [[Double]], labels: Int) {
    func ordered(_ label: Int, _ sign: Double) -> [Double] {
      let chosen = zip(logits, signs).filter { $1[label] == sign }.map { $0.0[label] }
      return chosen.count < Self.leastCount ? [] : chosen.sorted()
    }
    present = (0..<labels).map { ordered($0, 1) }
    absent = (0..<labels).map { ordered($0, -1) }
  }

  /// The log odds that are as high among these as some are among others: the map between two distributions that moves
  /// odds least (Peyré and Cuturi, 2019, "Computational optimal transport", remark 2.30).
  ///
  /// - Parameters:
  ///   - odds: Of the label, in an image that belongs to the others.
  ///   - isPresent: Whether it is to be there.
  ///   - share: The share of these that is left out, of the faintest where a label is present, of the plainest where it is not.
  /// - Returns: nil if there are too few of either.
  func counterpart(
    of odds: Double, among others: LabelOdds, label: Int, isPresent: Bool, leavingOut share: Double
  ) -> Double? {
    let (own, theirs) =
      isPresent ? (present[label], others.present[label]) : (absent[label], others.absent[label])
    guard !own.isEmpty, !theirs.isEmpty else { return nil }
    let below = theirs.reduce(0.0) { $0 + ($1 < odds ? 1 : $1 == odds ? 0.5 : 0) }
    // 0 for the least and 1 for the greatest of the others, and for what lies beyond.
    let rank = min(max((below - 0.5) / Double(theirs.count - 1), 0), 1)
    return own.quantile(ofSorted: isPresent ? share + (1 - share) * rank : (1 - share) * rank)
  }
}
