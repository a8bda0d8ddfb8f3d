import RadiographData
import RadiologyReports
import Support

/// Whether images show what their prompts, or the labels of their table, say of them: the findings that a classifier sees and
/// their side, sex, age and view, and how alike the images of one prompt are.
///
/// For images of anybody; samples that are drawn for the purpose have ``JudgeMeasurement``. What is asked for is read off
/// texts by ``PromptLabels``; a text that asks for a finding or for a normal chest says all there is.
struct PromptedJudgement: SetMeasurement {
  /// Of fewer images with a finding, or without, there is no figure of it.
  static let minimum = 5

  let title: String
  private let path: String
  private let calibration: CalibrationImages
  private let hasRecord: Bool
  private let note: @Sendable (String) -> Void

  /// - Parameters:
  ///   - path: A classifier of `thorax train classifier`.
  ///   - dataset: Whose parts outside of training set the thresholds.
  ///   - part: A part that is measured on and so sets none, if enough images remain.
  ///   - source: Only images of this source; nil for all.
  ///   - note: Called with a line if nothing can be judged.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)``,
  ///   ``MeasurementError/trainedOn(model:images:patients:names:)`` if the classifier was trained on patients who are
  ///   measured or set the thresholds; `DatasetError`.
  init(
    _ path: String, dataset: RadiographDataset, avoiding part: HeldOutPart, source: String? = nil,
    note: @escaping @Sendable (String) -> Void
  ) throws {
    title = "agreement with prompts by \(path.onOneLine(limit: 120))"
    (self.path, self.note) = (path, note)
    calibration = try CalibrationImages(
      dataset, avoiding: part, source: source, minimum: ImagesMeasurement.minimum)
    hasRecord = try calibration.requireUnseen(by: path, part: part, source: source, of: dataset)
  }

  func figures(_ compared: ComparedImages) throws -> [MeasuredFigure] {
    let samples = compared.samples
    let judge = try OwnExtractor(contentsOf: path)
    let reader = try PromptLabels(judge.labels)
    let asked = (0..<samples.count).map { reader.states(of: samples.facts(at: $0)) }
    guard asked.contains(where: { $0 != nil }) else { return try similarityFigures(compared) }
    let known = try JudgedLabels(
      judge, validation: calibration.images, heldOut: compared.heldOut, validationText: calibration.text)
    let labels = known.ordered.filter { reader.known.contains($0.name) }
    guard !labels.isEmpty else {
      note("of the judge's labels none can be held against the images of the dataset: agreement is not measured")
      return try similarityFigures(compared)
    }
    let odds = try judge.odds(of: samples)
    let how =
      "real: held-out images with it and without any finding, in the same shares; \(known.description)"
      + (hasRecord ? "" : "; which patients the judge was trained on is not known")
    var figures: [MeasuredFigure] = []
    var answers: (present: [Bool], absent: [Bool]) = ([], [])
    for label in labels {
      let states = asked.map { $0?[label.name] }
      let examples = zip(states, odds).compactMap { state, odds -> (label: Bool, odds: [Double])? in
        state.map { ($0 != .negative, odds) }
      }
      answers.present += examples.filter(\.label).map { label.calls($0.odds) }
      answers.absent += examples.filter { !$0.label }.map { label.calls($0.odds) }
      let positives = examples.count(where: \.label)
      guard positives >= Self.minimum, examples.count - positives >= Self.minimum else { continue }
      let sets =
        "\(positives) images that ask for it and \(examples.count - positives) that say it is not there; \(how)"
      figures += try label.scoreFigures(
        examples.map { (label: $0.label, call: label.calls($0.odds)) }, seed: compared.seed, how: sets)
      let area = try Bootstrap.estimate(count: examples.count, seed: compared.seed) { indices in
        RankingMetrics.areaUnderROC(
          indices.map { examples[$0].odds[label.column] }, indices.map { examples[$0].label }) ?? .nan
      }
      figures.append(
        MeasuredFigure("\(label.name.lowercased()), AUROC against its absence", area, real: label.area, how: sets))
    }
    func share(_ name: String, _ answers: [Bool], of truth: Bool) throws -> [MeasuredFigure] {
      guard !answers.isEmpty else { return [] }
      let real = labels.map { $0.realShare(of: truth) }
      return [
        MeasuredFigure(
          "finding seen where \(name)", try Bootstrap.mean(answers.map { $0 ? 1 : 0 }, seed: compared.seed),
          real: real.reduce(0, +) / Double(real.count),
          how:
            "share over images and \(labels.count) labels\(truth ? "" : ", denied or not named"); real: the mean over labels, on held-out images; \(how)"
        )
      ]
    }
    figures += try share("it is asked for", answers.present, of: true)
    figures += try share("it is not asked for", answers.absent, of: false)
    figures += try traitFigures(compared, odds, known, how: known.description)
    figures += try sideFigures(compared, judge, reader, labels)
    return try figures + similarityFigures(compared) + labels.map(\.areaFigure)
  }

  /// Whether images show the sex, the age and the view that their prompts name.
  private func traitFigures(
    _ compared: ComparedImages, _ odds: [[Double]], _ known: JudgedLabels, how: String
  ) throws -> [MeasuredFigure] {
    let subjects = try SubjectReader.standard()
    let asked = (0..<compared.samples.count).map { compared.samples.facts(at: $0).prompt.map(subjects.subject) }
    return try JudgedLabels.traits.compactMap { trait, name in
      guard let label = known.labels[trait.name] else { return nil }
      let answers = zip(asked, odds).compactMap { subject, odds in
        subject?.holds(trait).map { label.calls(odds) == $0 }
      }
      guard answers.count >= 2 * Self.minimum else { return nil }
      return MeasuredFigure(
        "\(name) as asked", try Bootstrap.mean(answers.map { $0 ? 1 : 0 }, seed: compared.seed),
        real: label.realAccuracy,
        how:
          "share of the images whose prompts name it in which the judge sees the \(name) that was asked for "
          + "(\(trait.name), or not); \(how)")
    }
  }

  /// Whether findings are on the side that prompts name: the first such finding of each prompt.
  private func sideFigures(
    _ compared: ComparedImages, _ judge: OwnExtractor, _ reader: PromptLabels, _ labels: [JudgedLabel]
  ) throws -> [MeasuredFigure] {
    let normal = try calibration.images.selecting(
      calibration.images.records.filter { $0.attributes.state(of: NIHLabels.noFinding) == .positive })
    let sided = AskedFinding.all.filter(\.hasSide).map(\.label)
    let candidates = labels.filter { sided.contains($0.name) }
    let asked = (0..<compared.samples.count).map { index -> (column: Int, side: Laterality)? in
      guard let prompt = compared.samples.facts(at: index).prompt else { return nil }
      return candidates.lazy.compactMap { label in reader.side(of: label.name, in: prompt).map { (label.column, $0) } }
        .first
    }
    guard normal.count >= JudgedLabel.minimum, asked.count(where: { $0 != nil }) >= 2 * Self.minimum else { return [] }
    let places = try PlaceJudge(judge, path: path, normal: normal)
    let answers = try places.answers(compared.samples, labels: asked.map { $0?.column ?? 0 })
    let right = zip(asked, answers).compactMap { asked, answer in
      asked.flatMap { asked in answer?.side.map { $0 == asked.side } }
    }
    guard right.count >= 2 * Self.minimum else { return [] }
    let real = try places.agreement(with: compared.heldOut, labels: candidates.map(\.name)).sides
    return [
      MeasuredFigure(
        "side as asked", try Bootstrap.mean(right.map { $0 ? 1 : 0 }, seed: compared.seed),
        real: real.isEmpty ? nil : Double(real.count { $0 }) / Double(real.count),
        how:
          "share of the images whose prompts name a side in which the network of places sees the finding there; real: of "
          + "\(real.count) held-out findings that people marked on one side")
    ]
  }

  /// How alike the images of one prompt are.
  private func similarityFigures(_ compared: ComparedImages) throws -> [MeasuredFigure] {
    let samples = compared.samples
    let ofPrompt = Dictionary(grouping: 0..<samples.count) { samples.facts(at: $0).prompt }
    let prompts = ofPrompt.filter { $0.key != nil && $0.value.count > 1 }.values.sorted { $0[0] < $1[0] }
    return try DiversityMeasurement(seed: compared.seed).figures(
      byPrompt: prompts.map { try $0.prefix(DiversityMeasurement.limit).map(samples.image(at:)) },
      real: DistributionMeasurement.images(compared.heldOut, limit: 60))
  }
}
