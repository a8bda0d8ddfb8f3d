import ImageFiles
import RadiographData
import RadiographModels
import Support

/// Measures a model against radiographs that its training never saw.
///
/// Everything follows from the seed: which prompts, which noise, which real images replace the samples.
public struct ModelMeasurement: Sendable {
  public struct Options: Sendable {
    /// Samples of hand-written prompts, rounded down to as many of each prompt.
    public var samples = 400
    public var seed: UInt64 = 0
    /// The part of the dataset from which real images that training never saw are taken.
    public var part = HeldOutPart.test
    /// What the figures should be.
    public var targets = FigureTargets()
    /// What is known of the images that the model was trained on.
    public var training: TrainingRecord?
    /// Networks by whose features samples are compared with real images.
    public var extractors: [ExtractorChoice] = []
    /// A classifier of findings and traits that judges what is drawn of prompts about them.
    public var judge: String?
    /// A classifier of corruptions, which says how many samples have an anatomy that no chest has.
    public var anatomy: String?
    /// Files of an LPIPS network, which images are compared by; empty for none.
    public var perceptual: [String] = []
    /// A network that recognises patients, which says whether samples show some of the training part.
    public var reidentifier: ReidentifierChoice?

    public init() {}
  }

  public struct Result: Sendable {
    public var report: FigureReport
    /// Uncurated samples: a row a prompt, consecutive seeds from 0.
    public let contactSheet: GrayscaleImage
    /// The samples nearest to a training image, above that image.
    public let nearestPairs: GrayscaleImage
    /// The verdicts of the copy gate on all samples, and those nearest to a training image.
    public let gate: GateReport
    public let pairs: GatePairs
    /// Samples by the probability that the judge gives to what was asked, the least first.
    public let agreements: [(item: DrawnImages.Item, probability: Double)]
    /// The samples that the judge of anatomy finds the least plausible; none without a judge.
    public let implausible: [ImplausibleImage]
    /// Agreement by guidance.
    public let guidances: [(guidance: Double, agreement: Double)]
    /// Samples and as many held-out images, for the page of blind readers.
    public let samples: DrawnImages
    public let real: DatasetImages
  }

  public static let contactSheetPrompts = ReaderPrompt.contactSheet
  static let guidances = [1.0, 2, 4]
  static let contactSheetColumns = 8
  static let shownPairs = 10
  static let realDraws = 12
  /// Of so many samples one round of all people is drawn for each finding that is judged.
  static let samplesARound = 200

  let host: any ImageGenerator
  let sets: RadiographSets
  /// The hand-written prompts whose people the dataset has.
  private let prompts: [ReaderPrompt]
  let options: Options
  let folder: SampleFolder?
  let note: @Sendable (String) -> Void
  private let classifier: @Sendable (ClassifierExamples) throws -> RadiographClassifier
  private let memory = FeatureMemory()
  private let anatomy: AnatomyMeasurement?
  private let reidentification: ReidentificationMeasurement?
  /// What the report says of networks whose training is not known, or that cannot measure.
  private let notes: [String]

  /// - Parameters:
  ///   - folder: Where samples are kept on disk.
  ///   - classifier: the judge of what is drawn, trained on the given images and on nothing else.
  ///   - note: called with a line about every part of the work, and as samples are drawn.
  /// - Throws: ``MeasurementError`` where model, dataset and options do not go together; `DatasetError`.
  public init(
    host: any ImageGenerator, dataset: RadiographDataset, options: Options, folder: SampleFolder? = nil,
    classifier: @escaping @Sendable (ClassifierExamples) throws -> RadiographClassifier,
    note: @escaping @Sendable (String) -> Void
  ) throws {
    try host.require(imageSize: dataset.imageSize)
    let size = dataset.imageSize
    guard size % MemorisationMeasurement.side == 0 else {
      throw MeasurementError.indivisibleImageSize(size, by: MemorisationMeasurement.side)
    }
    self.host = host
    let sets = try RadiographSets(dataset, part: options.part)
    self.sets = sets
    prompts = ReaderPrompt.all.filter { sets.hasChildren || !$0.kind.isChild }
    guard options.samples >= prompts.count else {
      throw MeasurementError.tooFewSamples(options.samples, minimum: prompts.count)
    }
    try options.training?.requireUnseen(
      sets.heldOutAdultSource + sets.heldOutChildren, all: dataset.records(matching: .everything),
      model: host.description.name)
    let everything = try dataset.records(matching: .everything)
    var notes = try TrainingRecord.requireUnseen(
      by: ([options.judge, options.anatomy] + options.extractors.map(\.path)).compactMap { $0 },
      everything.filter { options.part.contains($0.split) || $0.split == .validation }, all: everything)
    // Before hours are spent on the rest.
    anatomy = try options.anatomy.map {
      try AnatomyMeasurement($0, dataset: dataset, avoiding: options.part, seed: options.seed)
    }
    reidentification = try ReidentificationMeasurement.measurement(
      options.reidentifier, dataset: dataset, avoiding: options.part, remarks: &notes, note: note)
    self.notes = notes
    self.options = options
    self.folder = folder
    self.classifier = classifier
    self.note = note
  }

  /// Draws the samples and measures them.
  ///
  /// - Throws: What drawing throws; `DatasetError`, ``MetricError``, `TorchError`.
  public func run() async throws -> Result {
    var remarks = notes
    let judge = try agreementMeasurement(&remarks)
    note("autoencoder on \(sets.heldOutAdultSource.count) held-out images")
    let perceptual = try options.perceptual.isEmpty ? nil : PerceptualDistance(contentsOf: options.perceptual)
    var figures = try await ReconstructionMeasurement.figures(
      of: sets.images(of: sets.heldOutAdultSource), patients: sets.heldOutAdultSource.map(\.patient), host: host,
      perceptual: perceptual, seed: options.seed)

    var random = SplitMix64(seed: options.seed)
    var source = SampleSource(host: host, folder: folder) { [note] count in
      if count % 20 == 0 { note("\(count) samples drawn") }
    }
    let adults = try await heldOutAdultSamples(&source)
    note("realism of \(adults.count) samples")
    figures += try realismFigures(adults)
    figures += try pairFigures(adults, perceptual)

    let perPrompt = options.samples / prompts.count
    let asked = try await readerSamples(&source, perPrompt: perPrompt)
    figures += try DiversityMeasurement(seed: options.seed).figures(
      byPrompt: Dictionary(grouping: asked.map(\.sample), by: \.prompt).values.map { $0.map(\.image) },
      real: sets.images(of: Array((sets.heldOutAdults + sets.heldOutChildren).shuffled(using: &random).prefix(60))))
    let drawnOfAsked = try Self.drawn(asked)
    let items = Self.items(adults + asked.map(\.sample))
    var agreements: [(item: DrawnImages.Item, probability: Double)] = []
    var guided: [MeasuredFigure] = []
    if let judge {
      figures += try judge.figures(drawnOfAsked) + judge.findingFigures(drawnOfAsked)
      agreements = try zip(items.suffix(asked.count), judge.agreements(drawnOfAsked))
        .map { (item: $0, probability: $1) }.sorted { $0.probability < $1.probability }
      var atGuidance: [(guidance: Double, samples: AgreementMeasurement.Drawn)] = []
      for guidance in Self.guidances {
        note("guidance \(guidance)")
        let samples = try await readerSamples(&source, perPrompt: max(1, perPrompt / 4), guidance: guidance)
        atGuidance.append((guidance, try Self.drawn(samples)))
      }
      guided = try judge.figures(atGuidance: atGuidance)
      figures += guided
    }

    let spaces = GateSpaces(extractors: options.extractors, autoencoder: host, memory: memory)
    let (all, gate) = try await ModelGate.gate(sets.dataset, avoiding: options.part, spaces: spaces, note: note)
    note("nearest training images")
    var people = [
      People(
        name: "adults", samples: (adults + asked.filter { !$0.kind.isChild }.map(\.sample)).map(\.image),
        real: sets.heldOutAdults)
    ]
    if sets.hasChildren {
      people.append(
        People(
          name: "children", samples: asked.filter { $0.kind.isChild }.map(\.sample.image), real: sets.heldOutChildren))
    }
    let (nearest, nearestPairs) = try memorisation(people)
    figures += try await nearest + latentMemorisation(people, gate)
    figures += try extractorFigures(adults)
    figures += try await judgeFigures(&source, &remarks)
    let drawn = DrawnImages(title: host.description.name, items: items)
    let (implausible, anatomical) = try anatomyFigures(drawn)
    figures += try anatomical + reidentificationFigures(drawn)
    note("copies among \(drawn.count) samples")
    let copies = GateReport(try await gate.findings(drawn), gate: gate)
    figures.append(
      try await copies.figure(of: "all samples", real: gate.findings(heldOutImages()), seed: options.seed))

    note("time and memory of an image")
    figures += try await ResourceMeasurement(host: host, seed: options.seed).figures(prompts.map(\.text))
    note("contact sheet")
    var rows: [[GrayscaleImage]] = []
    for prompt in ReaderPrompt.contactSheet {
      rows.append(try await source.samples(of: prompt, seed: 0, count: Self.contactSheetColumns).map(\.image))
    }
    return Result(
      report: report(figures, gate: copies, notes: remarks), contactSheet: try GrayscaleImage(grid: rows),
      nearestPairs: nearestPairs,
      gate: copies, pairs: try GatePairs(copies, of: drawn, training: all), agreements: agreements,
      implausible: implausible,
      guidances: zip(Self.guidances, guided).map { (guidance: $0, agreement: $1.value) }, samples: drawn,
      real: try DatasetImages(
        sets.dataset, records: sets.heldOutAdults + sets.heldOutChildren, title: "held-out images"))
  }

  // MARK: Parts

  /// - Returns: nil, with a remark, where images of one of the four kinds are missing.
  private func agreementMeasurement(_ remarks: inout [String]) throws -> AgreementMeasurement? {
    let kinds = Set((sets.trainingAdults + sets.trainingChildren).compactMap(sets.kind))
      .intersection((sets.heldOutAdults + sets.heldOutChildren).compactMap(sets.kind))
    guard kinds.count == RadiographKind.allCases.count else {
      let text =
        "Of images of children and adults with pneumonia and without, the dataset lacks some (children are those of the "
        + "source \(RadiographSets.childSource)): pneumonia, and adult or child, as asked are not measured."
      note(text)
      remarks.append(text)
      return nil
    }
    note("reading \(sets.training.count) training images")
    let examples = try sets.examples(of: sets.trainingAdults + sets.trainingChildren)
    let heldOut = try sets.examples(of: sets.heldOutAdults + sets.heldOutChildren)
    return try AgreementMeasurement(classifier: classifier(examples), heldOut: heldOut, seed: options.seed)
  }

  /// One sample for each held-out adult, of a prompt that the grammar makes of that patient's labels.
  private func heldOutAdultSamples(_ source: inout SampleSource) async throws -> [DrawnSample] {
    let writer = try CaptionWriter.standard()
    var samples: [DrawnSample] = []
    for (index, record) in sets.heldOutAdults.enumerated() {
      for prompt in writer.captions(of: record, count: 1, seed: options.seed).texts {
        samples += try await source.samples(of: prompt, seed: options.seed &+ UInt64(index), count: 1)
      }
    }
    return samples
  }

  private func realismFigures(_ samples: [DrawnSample]) throws -> [MeasuredFigure] {
    var random = SplitMix64(seed: options.seed)
    let realDraws = try RealismMeasurement.Compared.draws(
      Self.realDraws, of: samples.count,
      from: DatasetImages(sets.dataset, records: sets.trainingAdults, title: "adults of the training part"),
      using: &random)
    let measurement = try RealismMeasurement(
      training: sets.thumbnails(of: sets.trainingAdults, size: RealismMeasurement.thumbnailSize),
      heldOut: RealismMeasurement.Compared(sets.images(of: sets.heldOutAdults)),
      patients: sets.heldOutAdults.map(\.patient))
    return try measurement.figures(
      samples: RealismMeasurement.Compared(samples.map(\.image)), realDraws: realDraws, seed: options.seed)
  }

  private static func items(_ samples: [DrawnSample]) -> [DrawnImages.Item] {
    samples.enumerated().map { index, sample in
      DrawnImages.Item(
        name: "sample \(index)", image: sample.image, facts: ImageFacts(prompt: sample.prompt, seed: sample.seed))
    }
  }

  private func pairFigures(_ samples: [DrawnSample], _ perceptual: PerceptualDistance?) throws -> [MeasuredFigure] {
    let records = Array(sets.heldOutAdults.prefix(samples.count))
    return try PairMeasurement(
      samples: GrayImages(samples.map(\.image)), real: GrayImages(sets.images(of: records)),
      patients: records.map(\.patient), perceptual: perceptual, seed: options.seed
    ).figures()
  }

  private func heldOutImages() throws -> DatasetImages {
    try DatasetImages(
      sets.dataset, records: sets.heldOutAdultSource + sets.heldOutChildren, title: "held-out images")
  }

  private func anatomyFigures(_ drawn: DrawnImages) throws -> ([ImplausibleImage], [MeasuredFigure]) {
    guard let anatomy else { return ([], []) }
    note(anatomy.title)
    let (figures, suspects) = try anatomy.figures(of: drawn, heldOut: heldOutImages())
    return (try ImplausibleImage.list(suspects, of: drawn), figures)
  }

  private typealias AskedSample = (sample: DrawnSample, kind: RadiographKind)

  /// Image k of prompt p has the seed that `generate --prompts FILE --count N` gives it: the first seed + p N + k.
  private func readerSamples(
    _ source: inout SampleSource, perPrompt: Int, guidance: Double? = nil
  ) async throws -> [AskedSample] {
    let stride = options.samples / prompts.count
    var asked: [AskedSample] = []
    for (index, prompt) in prompts.enumerated() {
      let samples = try await source.samples(
        of: prompt.text, seed: options.seed &+ UInt64(index * stride), count: perPrompt, guidance: guidance)
      asked += samples.map { ($0, prompt.kind) }
    }
    return asked
  }

  private static func drawn(_ asked: [AskedSample]) throws -> AgreementMeasurement.Drawn {
    let thumbnails = try GrayImages(asked.map(\.sample.image)).thumbnails(size: RadiographClassifier.side)
    return AgreementMeasurement.Drawn(thumbnails: thumbnails, kinds: asked.map(\.kind))
  }

  /// Samples of adults or of children, and held-out images of them.
  private struct People {
    var name: String
    var samples: [GrayscaleImage]
    var real: [RadiographRecord]
  }

  private func memorisation(_ people: [People]) throws -> (figures: [MeasuredFigure], nearestPairs: GrayscaleImage) {
    let side = MemorisationMeasurement.side
    let measurement = MemorisationMeasurement(
      space: MemorisationMeasurement.pixels, training: try sets.thumbnails(of: sets.training, size: side).features,
      seed: options.seed)
    var figures: [MeasuredFigure] = []
    var pairs: [(image: GrayscaleImage, neighbour: FeatureDistances.Neighbour)] = []
    for people in people {
      let (found, nearest) = try measurement.figures(
        people: people.name, samples: GrayImages(people.samples).thumbnails(size: side).features,
        real: sets.thumbnails(of: people.real, size: side).features, patients: people.real.map(\.patient))
      figures += found
      pairs += zip(people.samples, nearest).map { (image: $0, neighbour: $1) }
    }
    let shown = pairs.sorted { $0.neighbour.distance < $1.neighbour.distance }.prefix(Self.shownPairs)
    let training = try shown.map { try sets.dataset.image(of: sets.training[$0.neighbour.index]) }
    return (figures, try GrayscaleImage(grid: [shown.map(\.image), training]))
  }

  private func latentMemorisation(_ people: [People], _ gate: CopyGate) async throws -> [MeasuredFigure] {
    guard let latents = gate.others.first(where: { $0.name == GateSpaces.latents }) else { return [] }
    let side = GateFeatures.latentSide
    let measurement = MemorisationMeasurement(
      name: latents.name, space: "means of the autoencoder's latents, at most \(side) x \(side) places",
      training: latents.training, seed: options.seed)
    var figures: [MeasuredFigure] = []
    for people in people {
      let samples = DrawnImages(
        title: people.name,
        items: people.samples.map { DrawnImages.Item(name: "sample", image: $0, facts: ImageFacts()) })
      let real = try DatasetImages(sets.dataset, records: people.real, title: people.name)
      figures += try measurement.figures(
        people: people.name, samples: await latents.features(of: samples), real: await latents.features(of: real),
        patients: people.real.map(\.patient)
      ).figures
    }
    return figures
  }

  /// - Parameter remarks: Gets why nothing can be judged, if that is so.
  private func judgeFigures(
    _ source: inout SampleSource, _ remarks: inout [String]
  ) async throws -> [MeasuredFigure] {
    guard let path = options.judge else { return [] }
    note("judging by \(path)")
    let measurement: JudgeMeasurement
    do {
      measurement = try JudgeMeasurement(path: path, sets: sets, seed: options.seed)
    } catch let error as MeasurementError {
      // After all else has been measured: a dataset may lack what sets thresholds.
      let text = "The judge of findings could not be used: \(error)."
      note(text)
      remarks.append(text)
      return []
    }
    var drawn: [(asked: AskedImage, image: GrayscaleImage)] = []
    for asked in AskedImage.all(measurement.findings, rounds: max(1, options.samples / Self.samplesARound)) {
      let samples = try await source.samples(of: asked.text, seed: options.seed &+ UInt64(asked.place), count: 1)
      drawn += samples.map { (asked, $0.image) }
    }
    return try measurement.figures(drawn)
  }

  private func extractorFigures(_ adults: [DrawnSample]) throws -> [MeasuredFigure] {
    let compared = ComparedImages(
      samples: DrawnImages(title: "samples of adults", items: Self.items(adults)),
      heldOut: try DatasetImages(sets.dataset, records: sets.heldOutAdults, title: "held-out adults"),
      training: try DatasetImages(sets.dataset, records: sets.trainingAdults, title: "adults of the training part"),
      side: sets.dataset.imageSize, seed: options.seed)
    return try options.extractors.flatMap { choice in
      let measurement = ExtractorMeasurement(choice, memory: memory, note: note)
      note(measurement.title)
      return try measurement.figures(compared)
    }
  }

  private func reidentificationFigures(_ drawn: DrawnImages) throws -> [MeasuredFigure] {
    guard let measurement = reidentification else { return [] }
    note(measurement.title)
    return try measurement.figures(
      ComparedImages(
        samples: drawn,
        heldOut: heldOutImages(),
        training: DatasetImages(sets.dataset, records: sets.training, title: "the training part"),
        side: sets.dataset.imageSize, seed: options.seed))
  }

  private func report(_ figures: [MeasuredFigure], gate: GateReport, notes: [String]) -> FigureReport {
    let sampling = host.description.sampling
    func images(_ source: String) -> FigureReport.Images {
      let heldOut = (sets.heldOutAdultSource + sets.heldOutChildren).filter { $0.source == source }
      return FigureReport.Images(
        source: source, training: sets.training.count { $0.source == source }, heldOut: heldOut.count,
        heldOutPatients: Set(heldOut.map(\.patient)).count)
    }
    var report = FigureReport(
      model: FigureReport.Model(
        name: host.description.name, hash: host.hash, steps: sampling.steps, guidance: sampling.guidance,
        sampler: sampling.sampler.rawValue),
      images: (sets.adultSources + (sets.hasChildren ? [RadiographSets.childSource] : [])).map(images),
      seed: options.seed,
      figures: options.targets.applied(to: figures))
    report.notes = notes
    report.gate = gate
    return report
  }
}
