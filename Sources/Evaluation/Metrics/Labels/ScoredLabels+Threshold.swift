extension ScoredLabels {
  /// The score from which on calling examples positive makes the sum of sensitivity and specificity greatest (Youden,
  /// Cancer 3, 1950); of several the lowest.
  ///
  /// - Throws: ``MetricError/singleClass(what:count:)``.
  public func bestThreshold() throws(MetricError) -> Double {
    let positives = labels.count { $0 }
    guard positives > 0, positives < count else {
      throw .singleClass(what: positives > 0 ? "positive" : "negative", count: count)
    }
    var best = (gain: -Double.infinity, threshold: 0.0)
    var (hits, falseAlarms) = (0, 0)
    let ordered = zip(scores, labels).sorted { $0.0 > $1.0 }
    for (index, (score, label)) in ordered.enumerated() {
      if label { hits += 1 } else { falseAlarms += 1 }
      // Examples of one score are called alike.
      if index + 1 < ordered.count, ordered[index + 1].0 == score { continue }
      let gain = Double(hits) / Double(positives) - Double(falseAlarms) / Double(count - positives)
      if gain >= best.gain { best = (gain, score) }
    }
    return best.threshold
  }
}
