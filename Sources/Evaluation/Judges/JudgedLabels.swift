import RadiographData
import RadiographModels
import Support

/// A label of a classifier that can be judged by: its threshold, and what the classifier is worth on held-out radiographs.
struct JudgedLabel {
  /// A label is judged by if so many held-out images have it, and so many have not.
  static let minimum = 10
  /// A label on which the classifier is worse than this says nothing: the area under its curve on held-out images.
  static let leastArea = 0.65

  let name: String
  let column: Int
  let threshold: Double
  /// Held-out images, the log odds and the truth.
  let heldOut: ScoredLabels
  let area: Double
  /// The area under the curve over held-out images with the label and with other findings alone; nil where one kind is
  /// missing.
  let areaAgainstOthers: Double?

  func calls(_ odds: [Double]) -> Bool { odds[column] >= threshold }

  /// Of held-out images that have the label (or have not) the share in which it is seen.
  func realShare(of truth: Bool) -> Double {
    let scores = zip(heldOut.scores, heldOut.labels).filter { $0.1 == truth }.map(\.0)
    return Double(scores.count { $0 >= threshold }) / Double(max(scores.count, 1))
  }

  var realAccuracy: Double { (realShare(of: true) + 1 - realShare(of: false)) / 2 }

  /// What the classifier does on held-out images, with the label and without it in the same shares as other images: precision
  /// depends on them.
  func realMetrics(positives: Int, negatives: Int) -> ConfusionMetrics {
    let scale = 2000 / Double(max(positives + negatives, 1))
    func calls(_ truth: Bool, _ count: Int) -> [(label: Bool, call: Bool)] {
      let size = Int((scale * Double(count)).rounded())
      let seen = Int((realShare(of: truth) * Double(size)).rounded())
      return (0..<size).map { (label: truth, call: $0 < seen) }
    }
    return ConfusionMetrics(calls(true, positives) + calls(false, negatives))
  }

  /// Precision, recall, F1 and Cohen's kappa of what is seen against what was asked for.
  ///
  /// - Parameter calls: Of each image whether the label was asked for, and whether it is seen.
  func scoreFigures(
    _ calls: [(label: Bool, call: Bool)], seed: UInt64, how: String
  ) throws -> [MeasuredFigure] {
    let scores: [(name: String, value: (ConfusionMetrics) -> Double?)] = [
      ("precision", { $0.precision }), ("recall", { $0.recall }), ("F1", { $0.f1 }), ("kappa", { $0.kappa }),
    ]
    let positives = calls.count(where: \.label)
    let real = realMetrics(positives: positives, negatives: calls.count - positives)
    return try scores.map { score in
      MeasuredFigure(
        "\(name.lowercased()), \(score.name)",
        try Bootstrap.estimate(count: calls.count, seed: seed) { indices in
          score.value(ConfusionMetrics(indices.map { calls[$0] })) ?? .nan
        }, real: score.value(real), how: how)
    }
  }

  /// How good the classifier is on held-out radiographs.
  var areaFigure: MeasuredFigure {
    MeasuredFigure(
      "judge, area under the curve of \(name)", value: area, count: heldOut.count,
      how:
        "of the judge on held-out images, \(heldOut.labels.count { $0 }) with the label; findings against images without "
        + "any")
  }
}

/// The labels of a classifier that can be judged by.
struct JudgedLabels {
  /// What prompts ask for of patient and view, as figures name it.
  static let traits: [(trait: ImageTrait, name: String)] = [
    (.female, "sex"), (.elderly, "age"), (.anteroposterior, "view"),
  ]

  let labels: [String: JudgedLabel]
  /// The classifier and where its thresholds come from, for a figure's explanation.
  let description: String

  /// - Parameters:
  ///   - validation: Radiographs that set the thresholds, by ``ScoredLabels/bestThreshold()``.
  ///   - heldOut: Radiographs of patients whom the classifier has not seen.
  ///   - validationText: What the first are, for a figure's explanation.
  /// - Throws: `DatasetError`, `TorchError`.
  init(
    _ judge: OwnExtractor, validation: DatasetImages, heldOut: DatasetImages,
    validationText: String = "the validation part"
  ) throws {
    let names = judge.labels
    let (validated, tested) = try (judge.odds(of: validation), judge.odds(of: heldOut))
    func examples(_ column: Int, _ odds: [[Double]], _ set: DatasetImages) -> ScoredLabels? {
      let truths = set.records.map { Self.truth(names[column], of: $0.attributes) }
      return try? ScoredLabels(scores: odds.map { $0[column] }, labels: truths, missing: .leftOut)
    }
    var labels: [String: JudgedLabel] = [:]
    for (column, name) in names.enumerated() {
      guard let threshold = try? examples(column, validated, validation)?.bestThreshold(),
        let known = examples(column, tested, heldOut), let area = try? RankingMetrics.areaUnderROC(known)
      else { continue }
      let positives = known.labels.count { $0 }
      guard positives >= JudgedLabel.minimum, known.count - positives >= JudgedLabel.minimum,
        area >= JudgedLabel.leastArea
      else { continue }
      let truths = heldOut.records.map { Self.truthAmongFindings(name, of: $0.attributes) }
      let others = try? ScoredLabels(scores: tested.map { $0[column] }, labels: truths, missing: .leftOut)
      labels[name] = JudgedLabel(
        name: name, column: column, threshold: threshold, heldOut: known, area: area,
        areaAgainstOthers: others.flatMap { try? RankingMetrics.areaUnderROC($0) })
    }
    self.labels = labels
    description =
      "judge \(judge.hash.prefix(12)); a label is seen from the log odds on that part best on \(validation.count) images "
      + "of \(validationText)"
  }

  /// In the order of the classifier's outputs.
  var ordered: [JudgedLabel] { labels.values.sorted { $0.column < $1.column } }

  /// Whether a radiograph has a label of the judge: of a finding against radiographs without any, as prompts ask.
  private static func truth(_ label: String, of attributes: RadiographAttributes) -> Bool? {
    if let trait = ImageTrait(rawValue: label) { return trait.holds(for: attributes) }
    if attributes.state(of: label) == .positive { return true }
    return attributes.isCalledNormal ? false : nil
  }

  /// Whether a radiograph with some finding has this one; nil for one without any.
  private static func truthAmongFindings(_ label: String, of attributes: RadiographAttributes) -> Bool? {
    let found = Set(AskedFinding.all.map(\.label)).filter { attributes.state(of: $0) == .positive }
    return found.isEmpty ? nil : found.contains(label)
  }
}
