import RadiographModels

/// Whether what is asked is what is drawn, judged by a classifier that knows real images alone.
struct AgreementMeasurement {
  /// Samples' thumbnails for the classifier, and what each was asked to show.
  struct Drawn {
    let thumbnails: GrayImages
    let kinds: [RadiographKind]
  }

  let classifier: RadiographClassifier
  /// The classifier's balanced accuracy on held-out images.
  let realAccuracy: [Judgement: Double]
  let seed: UInt64
  /// What the classifier does on held-out images, children and adults, with pneumonia and without, all four counted alike,
  /// as hand-written prompts ask for them.
  private let realCalls: [Call]

  /// Whether pneumonia is there, and whether the classifier sees it.
  struct Call: Sendable, Equatable {
    let isThere: Bool
    let isSeen: Bool
  }

  init(classifier: RadiographClassifier, heldOut: ClassifierExamples, seed: UInt64) throws {
    self.classifier = classifier
    self.seed = seed
    let probabilities = try classifier.probabilities(heldOut.images)
    realCalls = Self.balanced(Self.calls(probabilities, heldOut.kinds), heldOut.kinds)
    realAccuracy = Dictionary(
      uniqueKeysWithValues: Judgement.allCases.map {
        ($0, heldOut.accuracy(of: $0, probabilities: probabilities))
      })
  }

  private var realPneumonia: Double {
    ((realAccuracy[.pneumoniaInChild] ?? .nan) + (realAccuracy[.pneumoniaInAdult] ?? .nan)) / 2
  }

  /// For each sample the probability that a judgement gives to what was asked for.
  private func probabilities(_ drawn: Drawn, of judgement: (RadiographKind) -> Judgement) throws -> [Double] {
    let all = try classifier.probabilities(drawn.thumbnails)
    return zip(all, drawn.kinds).map { probabilities, kind in
      let judgement = judgement(kind)
      let probability = probabilities[judgement.rawValue]
      return kind.targets[judgement.rawValue] == 1 ? probability : 1 - probability
    }
  }

  private static func calls(_ probabilities: [[Double]], _ kinds: [RadiographKind]) -> [Call] {
    zip(probabilities, kinds).map { Call(isThere: $1.hasPneumonia, isSeen: $0[$1.pneumonia.rawValue] > 0.5) }
  }

  /// As many calls of each kind of image, in which pneumonia is seen as often as it was.
  private static func balanced(_ calls: [Call], _ kinds: [RadiographKind]) -> [Call] {
    let size = 1000
    return [(true, true), (true, false), (false, true), (false, false)].flatMap { isChild, hasPneumonia -> [Call] in
      let found = zip(calls, kinds).filter { $0.1.isChild == isChild && $0.1.hasPneumonia == hasPneumonia }.map(\.0)
      guard !found.isEmpty else { return [] }
      let seen = Int((Double(found.count(where: \.isSeen) * size) / Double(found.count)).rounded())
      return (0..<size).map { Call(isThere: hasPneumonia, isSeen: $0 < seen) }
    }
  }

  /// For each sample the probability of what it was asked to show.
  func agreements(_ drawn: Drawn) throws -> [Double] { try probabilities(drawn) { $0.pneumonia } }

  /// Precision, recall and F1 of pneumonia and of its absence: the article's table 4.
  func findingFigures(_ drawn: Drawn) throws -> [MeasuredFigure] {
    let calls = Self.calls(try classifier.probabilities(drawn.thumbnails), drawn.kinds)
    let scores: [(name: String, value: (ConfusionMetrics) -> Double?)] = [
      ("precision", { $0.precision }), ("recall", { $0.recall }), ("F1", { $0.f1 }),
    ]
    func confusion(_ finding: Bool, _ calls: [Call]) -> ConfusionMetrics {
      ConfusionMetrics(calls.map { (label: $0.isThere == finding, call: $0.isSeen == finding) })
    }
    return try [("pneumonia", true), ("normal", false)].flatMap { name, finding in
      try scores.map { score in
        MeasuredFigure(
          "\(name), \(score.name)",
          try Bootstrap.estimate(count: calls.count, seed: seed) { indices in
            score.value(confusion(finding, indices.map { calls[$0] })) ?? .nan
          }, real: score.value(confusion(finding, realCalls)) ?? .nan,
          how: "of the samples of hand-written prompts, what the prompt asks taken as the truth and the classifier's "
            + "judgement as the finding; real: the same of held-out images and their labels, children and adults with "
            + "pneumonia and without counted alike, as the prompts are")
      }
    }
  }

  private func agreement(_ probabilities: [Double]) throws -> Estimate {
    try Bootstrap.mean(probabilities.map { $0 > 0.5 ? 1 : 0 }, seed: seed)
  }

  /// Agreement at the model's own settings.
  func figures(_ drawn: Drawn) throws -> [MeasuredFigure] {
    let pneumonia = try probabilities(drawn) { $0.pneumonia }
    let child = try probabilities(drawn) { _ in .child }
    func part(isChild: Bool) -> [Double] {
      zip(pneumonia, drawn.kinds).filter { $0.1.isChild == isChild }.map(\.0)
    }
    let real = "; real against real is its accuracy on held-out images, normal and pneumonia counted alike"
    return [
      MeasuredFigure(
        "pneumonia as asked", try agreement(pneumonia), real: realPneumonia, target: .atLeast(0.85),
        how: "share of samples of hand-written prompts, half of them of pneumonia, half of children, in which a "
          + "classifier sees what was asked, pneumonia against normal\(real), the mean of children and adults"),
      MeasuredFigure(
        "pneumonia as asked, children", try agreement(part(isChild: true)), real: realAccuracy[.pneumoniaInChild],
        how: "the samples of children among them, judged by what was learnt from the Kermany images"),
      MeasuredFigure(
        "pneumonia as asked, adults", try agreement(part(isChild: false)), real: realAccuracy[.pneumoniaInAdult],
        how: "the samples of adults among them, judged by what was learnt from NIH labels, which were read from "
          + "reports by a program: the real figure shows how well they can be read from pixels of this size"),
      MeasuredFigure(
        "adult or child as asked", try agreement(child), real: realAccuracy[.child],
        how: "the same samples, adult (NIH) against child (Kermany)"),
    ]
  }

  /// Agreement on pneumonia of the same prompts and seeds at rising guidance.
  func figures(atGuidance drawn: [(guidance: Double, samples: Drawn)]) throws -> [MeasuredFigure] {
    var figures: [MeasuredFigure] = []
    for (guidance, samples) in drawn {
      let probabilities = try probabilities(samples) { $0.pneumonia }
      let mean = probabilities.reduce(0, +) / Double(max(probabilities.count, 1))
      figures.append(
        MeasuredFigure(
          "pneumonia as asked, guidance \(MeasuredFigure.text(guidance))", try agreement(probabilities),
          real: realPneumonia,
          how: "a part of the same prompts, the same seeds at each guidance; not to fall as guidance rises; mean "
            + "probability of what was asked \(MeasuredFigure.text(mean))"))
    }
    return figures
  }
}
