import ImageFiles
import RadiographData
import RadiographModels
import Support

/// Whether what prompts ask for is what a classifier of findings and traits sees: findings, their absence, side, lobe and
/// size, sex, age and view, and whether it is as good for everybody.
///
/// What the classifier calls present is decided by a threshold for each label, which the validation part sets. Beside each
/// figure stands the classifier's own on held-out radiographs.
struct JudgeMeasurement {
  private let judge: OwnExtractor
  private let places: PlaceJudge
  private let heldOut: DatasetImages
  private let known: JudgedLabels
  let findings: [AskedFinding]
  let seed: UInt64

  private var labels: [String: JudgedLabel] { known.labels }
  private var description: String { known.description }

  /// - Parameters:
  ///   - path: A classifier of `thorax train classifier`.
  ///   - validation: Radiographs that set the thresholds.
  ///   - heldOut: Radiographs of patients whom neither the classifier nor the model has seen.
  /// - Throws: What reading the file throws; ``MeasurementError/blindJudge(path:)`` if no label can be judged by;
  ///   `DatasetError`, `TorchError`.
  init(path: String, validation: DatasetImages, heldOut: DatasetImages, seed: UInt64) throws {
    judge = try OwnExtractor(contentsOf: path)
    self.heldOut = heldOut
    places = try PlaceJudge(
      judge, path: path,
      normal: validation.selecting(
        validation.records.filter { $0.attributes.state(of: NIHLabels.noFinding) == .positive }))
    let known = try JudgedLabels(judge, validation: validation, heldOut: heldOut)
    self.known = known
    self.seed = seed
    findings = AskedFinding.all.filter { known.labels[$0.label] != nil }
    guard !findings.isEmpty else { throw MeasurementError.blindJudge(path: path) }
  }

  /// The judge of what is drawn of adults, with the validation part and the held-out adults of some sets.
  ///
  /// - Throws: As ``init(path:validation:heldOut:seed:)``.
  init(path: String, sets: RadiographSets, seed: UInt64) throws {
    let validation = try sets.dataset.records().filter { sets.isOfAdult($0) && $0.split == .validation }
    try self.init(
      path: path, validation: DatasetImages(sets.dataset, records: validation, title: "the validation part"),
      heldOut: DatasetImages(sets.dataset, records: sets.heldOutAdults, title: "held-out adults"), seed: seed)
  }

  private static func set(_ drawn: [(asked: AskedImage, image: GrayscaleImage)]) -> DrawnImages {
    DrawnImages(
      title: "samples",
      items: drawn.map { DrawnImages.Item(name: $0.asked.text, image: $0.image, facts: ImageFacts()) })
  }

  /// An asked image and what the judge says of what was drawn.
  private struct Judged {
    let asked: AskedImage
    let odds: [Double]
  }

  /// - Parameter drawn: Of each asked image what was drawn.
  /// - Throws: `MetricError`, `ImageFileError`, `TorchError`.
  func figures(_ drawn: [(asked: AskedImage, image: GrayscaleImage)]) throws -> [MeasuredFigure] {
    let judged = zip(drawn, try judge.odds(of: Self.set(drawn))).map { Judged(asked: $0.asked, odds: $1) }
    return try findingFigures(judged) + contrastFigures(judged) + negationFigures(judged) + placeFigures(drawn)
      + sizeFigures(judged) + traitFigures(judged) + fairnessFigures(judged) + known.ordered.map(\.areaFigure)
  }

  /// The judge, as reports name it.
  var judgeName: String { "\(judge.name) \(judge.hash.prefix(12))" }

  /// Of the judge's answers about asked findings, and about normal chests, the share that is as asked, both counted alike.
  ///
  /// - Returns: nil if one of both was not drawn.
  func agreement(_ drawn: [(asked: AskedImage, image: GrayscaleImage)]) throws -> Estimate? {
    var asked: [Bool] = []
    // All answers about a normal chest are of one sample.
    var normal: [(isRight: Bool, sample: Int)] = []
    for (index, odds) in try judge.odds(of: Self.set(drawn)).enumerated() {
      if let finding = drawn[index].asked.finding, let label = labels[finding.label] {
        asked.append(label.calls(odds))
      } else {
        normal += findings.compactMap { labels[$0.label].map { (!$0.calls(odds), index) } }
      }
    }
    guard !asked.isEmpty, !normal.isEmpty else { return nil }
    return try Bootstrap.estimate(groups: Array(asked.indices), and: normal.map(\.sample), seed: seed) {
      ((Self.share($0.map { asked[$0] }) ?? .nan) + (Self.share($1.map { normal[$0].isRight }) ?? .nan)) / 2
    }
  }

  /// The same on held-out images.
  var realAgreement: Double {
    let accuracies = findings.compactMap { labels[$0.label]?.realAccuracy }
    return accuracies.reduce(0, +) / Double(max(accuracies.count, 1))
  }

  private func share(
    _ name: String, _ answers: [Bool], real: Double?, how: String
  ) throws -> [MeasuredFigure] {
    guard !answers.isEmpty else { return [] }
    return [
      MeasuredFigure(
        name, try Bootstrap.mean(answers.map { $0 ? 1 : 0 }, seed: seed), real: real, how: "\(how); \(description)")
    ]
  }

  /// Precision, recall, F1 and kappa of each finding: samples of prompts with it against as many of normal chests.
  private func findingFigures(_ judged: [Judged]) throws -> [MeasuredFigure] {
    let normal = judged.filter { $0.asked.purpose == .normal }
    return try findings.filter { $0.label != "Pneumonia" }.flatMap { finding -> [MeasuredFigure] in
      guard let label = labels[finding.label] else { return [] }
      let positive = judged.filter { $0.asked.finding == finding && $0.asked.purpose == .finding }
      let calls = (positive.map { ($0, true) } + normal.map { ($0, false) }).map { sample, isAsked in
        (label: isAsked, call: label.calls(sample.odds))
      }
      return try label.scoreFigures(
        calls, seed: seed,
        how:
          "\(positive.count) samples of prompts with the finding and \(normal.count) of normal chests; real: held-out "
          + "images with it and without any finding, both counted alike; \(description)")
    }
  }

  /// Whether a finding is told from its absence and from other findings, both asked for: strong guidance makes samples that
  /// look like every finding at once, which only the second shows.
  private func contrastFigures(_ judged: [Judged]) throws -> [MeasuredFigure] {
    let asked = judged.filter { $0.asked.purpose == .finding }
    return try findings.flatMap { finding -> [MeasuredFigure] in
      guard let label = labels[finding.label] else { return [] }
      func figure(_ name: String, against others: [Judged], real: Double?, how: String) throws -> [MeasuredFigure] {
        let named = asked.filter { $0.asked.finding == finding }.map { $0.odds[label.column] }
        let others = others.map { $0.odds[label.column] }
        guard !named.isEmpty, !others.isEmpty else { return [] }
        let area = try Bootstrap.estimate(
          groups: Array(named.indices), and: Array(others.indices), seed: seed
        ) { first, second in
          RankingMetrics.areaUnderROC(
            first.map { named[$0] } + second.map { others[$0] }, first.map { _ in true } + second.map { _ in false })
            ?? .nan
        }
        return [MeasuredFigure("\(finding.label.lowercased()), AUROC against \(name)", area, real: real, how: how)]
      }
      return try figure(
        "its absence", against: judged.filter { $0.asked.finding == finding && $0.asked.purpose == .negated },
        real: label.area,
        how: "samples of prompts that name the finding against those that deny it; real: held-out images with it and "
          + "without any; \(description)")
        + figure(
          "other findings", against: asked.filter { $0.asked.finding != finding }, real: label.areaAgainstOthers,
          how:
            "samples of prompts that name the finding against those that name another; real: held-out images with it and "
            + "with others alone; \(description)")
    }
  }

  /// "No effusion" is to draw none.
  private func negationFigures(_ judged: [Judged]) throws -> [MeasuredFigure] {
    func seen(_ purpose: AskedImage.Purpose) -> [(answer: Bool, real: Double)] {
      judged.compactMap { sample in
        guard sample.asked.purpose == purpose, let finding = sample.asked.finding, let label = labels[finding.label]
        else { return nil }
        return (label.calls(sample.odds), label.realShare(of: purpose == .finding))
      }
    }
    return try [
      ("seen where its absence is asked for", AskedImage.Purpose.negated), ("seen where it is asked for", .finding),
    ]
    .flatMap { name, purpose in
      let answers = seen(purpose)
      return try share(
        "finding \(name)", answers.map(\.answer),
        real: answers.map(\.real).reduce(0, +) / Double(max(answers.count, 1)),
        how:
          "share of the samples in which the named finding is seen, \(findings.count) findings; real: of held-out images "
          + (purpose == .finding ? "that have it" : "without any finding"))
    }
  }

  /// Sides and lobes: both sides, and both lobes, of the same seeds.
  private func placeFigures(_ drawn: [(asked: AskedImage, image: GrayscaleImage)]) throws -> [MeasuredFigure] {
    let samples = drawn.filter { sample in
      switch sample.asked.purpose {
      case .side, .zone: true
      case .finding, .normal, .negated, .size: false
      }
    }
    let answers = try places.answers(
      Self.set(samples),
      labels: samples.map { $0.asked.finding.flatMap { labels[$0.label]?.column } ?? 0 })
    var sides: [Bool] = []
    var lobes: [Bool] = []
    for (sample, answer) in zip(samples, answers) {
      guard let answer else { continue }
      switch sample.asked.purpose {
      case .side(let side): if let found = answer.side { sides.append(found == side) }
      case .zone(let zone): lobes.append(answer.isUpper == (zone == .upper))
      case .finding, .normal, .negated, .size: break
      }
    }
    let real = try places.agreement(with: heldOut, labels: findings.filter(\.hasSide).map(\.label))
    let how =
      "share of samples of prompts that name a side in which the network of places sees it there, both sides from the "
      + "same seeds; real: of \(real.sides.count) held-out findings that people marked on one side"
    return try share("side as asked", sides, real: Self.share(real.sides), how: how)
      + share(
        "side, wrong", sides.map { !$0 }, real: Self.share(real.sides).map { 1 - $0 },
        how: "the rest of the same samples")
      + share(
        "lobe as asked", lobes, real: Self.share(real.lobes),
        how:
          "likewise, of prompts that name an upper or a lower lobe; real: of \(real.lobes.count) held-out findings in the "
          + "upper third or the lower third alone")
  }

  private static func share(_ answers: [Bool]) -> Double? {
    answers.isEmpty ? nil : Double(answers.count { $0 }) / Double(answers.count)
  }

  private func sizeFigures(_ judged: [Judged]) throws -> [MeasuredFigure] {
    let marked = Array(zip(heldOut.records, try judge.odds(of: heldOut)))
    return try [ImageFinding.Size.small, .large].flatMap { size in
      let answers = judged.compactMap { sample -> Bool? in
        guard sample.asked.purpose == .size(size), let finding = sample.asked.finding, let label = labels[finding.label]
        else { return nil }
        return !label.calls(sample.odds)
      }
      let real = marked.flatMap { record, odds in
        findings.compactMap { finding -> Bool? in
          let isMarked = record.attributes.findings.contains { $0.name == finding.label && $0.size == size }
          return isMarked ? labels[finding.label].map { !$0.calls(odds) } : nil
        }
      }
      return try share(
        size == .small ? "findings, missed" : "large findings, missed", answers, real: Self.share(real),
        how: "share of samples of prompts with a \(size.rawValue) finding in which the judge does not see it; real: of "
          + "\(real.count) held-out findings that people marked and that are as large")
    }
  }

  private func traitFigures(_ judged: [Judged]) throws -> [MeasuredFigure] {
    try JudgedLabels.traits.flatMap { trait, name in
      guard let label = labels[trait.name] else { return [MeasuredFigure]() }
      let answers = judged.compactMap { sample in
        sample.asked.person.holds(trait).map { label.calls(sample.odds) == $0 }
      }
      return try share(
        "\(name) as asked", answers, real: label.realAccuracy,
        how:
          "share of all samples of adults in which the judge sees the \(name) that was asked for (\(trait.name), or not)"
      )
    }
  }

  /// Whether findings come out as often whoever is asked for.
  private func fairnessFigures(_ judged: [Judged]) throws -> [MeasuredFigure] {
    let samples = judged.compactMap { sample -> (person: AskedImage.Person, isSeen: Bool)? in
      guard sample.asked.purpose == .finding, let finding = sample.asked.finding, let label = labels[finding.label]
      else { return nil }
      return (sample.asked.person, label.calls(sample.odds))
    }
    let groups: [(name: String, trait: ImageTrait, words: String)] = [
      ("sex", .female, "women less that of men"), ("age", .elderly, "70-year-olds less that of 30-year-olds"),
      ("view", .anteroposterior, "AP less that of PA"),
    ]
    return try groups.compactMap { name, trait, words in
      func difference(_ indices: [Int]) -> Double {
        func recall(_ isSo: Bool) -> Double {
          let group = indices.map { samples[$0] }.filter { $0.person.holds(trait) == isSo }
          return Double(group.count(where: \.isSeen)) / Double(max(group.count, 1))
        }
        return recall(true) - recall(false)
      }
      guard !samples.isEmpty else { return nil }
      return MeasuredFigure(
        "recall of findings, difference by \(name)",
        try Bootstrap.estimate(count: samples.count, seed: seed, statistic: difference), real: 0,
        how: "share of samples of prompts with a finding in which it is seen, \(words); \(description)")
    }
  }
}
