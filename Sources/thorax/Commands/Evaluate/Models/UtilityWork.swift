import Evaluation
import Foundation
import Generation
import ImageFiles
import Models
import RadiographData
import RadiographImport
import Support
import Terminal
import Training

/// The work of `thorax evaluate utility`: images, a dataset of real and synthetic ones, trainings, and their comparison.
struct UtilityWork {
  /// Synthetic images, with their prompts.
  struct Drawn {
    var name: String
    var set: FolderImages
  }

  let dataset: RadiographDataset
  let parts: UtilityParts
  /// Where results go; all else is in `utility` there.
  let results: ResultFolder
  let folder: ResultFolder
  let request: TrainingRequest
  let seed: UInt64
  let console: Console
  private let note: WorkNotes

  init(
    dataset: RadiographDataset, parts: UtilityParts, folder results: ResultFolder, request: TrainingRequest,
    seed: UInt64, console: Console
  ) throws {
    (self.dataset, self.parts, self.results, self.request) = (dataset, parts, results, request)
    (self.seed, self.console) = (seed, console)
    folder = try ResultFolder("utility", in: results)
    note = WorkNotes(console)
  }

  /// Draws images for the prompts of training images: all, or as many as asked for, evenly spaced.
  func draw(_ name: String, count: Int?, settings: DrawSettings, threads: Int?) async throws -> Drawn {
    let source = try ModelSource(path: ModelCatalog.standard().path(for: name))
    if let record = TrainingRecord(model: source.path) {
      try record.requireUnseen(parts.test.records, all: dataset.records(), model: name)
    } else {
      note("\(name) does not say which images it was trained on: whether it has seen those tested on is not checked")
    }
    let host = try await ModelHost.load(source, threads: threads)
    let side = host.description.architecture.imageSide
    // Larger images are brought to the dataset's size; smaller ones would be known by their blur.
    guard side >= dataset.imageSize else {
      throw MeasurementError.imageSize(dataset: dataset.imageSize, model: side)
    }
    _ = try host.sampling(for: SamplingOverrides(steps: settings.steps, guidance: settings.guidance))
    let captioned = try DatasetImages(
      dataset, records: parts.training, title: "the training part", captions: true, seed: seed)
    let texts = (0..<captioned.count).compactMap { captioned.facts(at: $0).prompt }
    let wanted = count ?? texts.count
    let prompts = (0..<wanted).map { wanted > texts.count ? texts[$0 % texts.count] : texts[$0 * texts.count / wanted] }
    let kept = try SampleFolder(
      path: folder.path("samples"), origin: SampleFolder.Origin(host, steps: settings.steps))
    try await kept.fill(prompts, from: host, seed: seed, settings: settings, console: console)
    try await kept.writeTable()
    return Drawn(
      name: host.description.name, set: try await FolderImages(path: folder.path("samples"), table: kept.table()))
  }

  /// Images of a folder.
  func read(_ path: String, prompts: String?) throws -> Drawn {
    let table = try PromptTable(ofFolder: path, given: prompts)
    let set = try FolderImages(path: path, table: table)
    try set.requireOneSize()
    let image = try set.image(at: 0)
    guard min(image.width, image.height) >= dataset.imageSize else {
      throw MeasurementError.tooSmall(
        path: set.title, name: set.name(at: 0), found: [image.width, image.height], expected: dataset.imageSize)
    }
    return Drawn(name: URL(fileURLWithPath: path).lastPathComponent, set: set)
  }

  /// Trains and tests all classifiers.
  func measure(
    _ drawn: Drawn, findings: [String], shares: [Double], seeds: [UInt64], protocols: [UtilityProtocol]
  ) throws -> UtilityReport {
    try parts.requireUnseen(drawn.set)
    let labels = try PromptLabels(parts.labels)
    let states = (0..<drawn.set.count).map { labels.states(of: drawn.set.facts(at: $0)) }
    let labelled = states.count { $0 != nil }
    guard labelled > 0 else { throw MeasurementError.noPrompts(path: drawn.set.title, images: drawn.set.count) }
    var begun = UtilityBeginning(
      data: parts.hash, synthetic: drawn.set.contentHash, seed: seed, settings: try request.classifierRecipe().listing)
    try begun.write(to: folder)

    let assembled = try assemble(drawn.set, states)
    let synthetic = try assembled.records(
      matching: RecordFilter(split: .train, source: SyntheticSource.name, requiresText: false))
    let plan = try UtilityPlan(
      parts, synthetic: synthetic, source: SyntheticSource.name, findings: findings, shares: shares, seed: seed)
    begun.findings = plan.labels
    try begun.write(to: folder)
    for left in plan.leftOut { note("\(left.label) is left out: \(left.reason)") }

    let results = try protocols.map { try train(plan, $0, seeds: seeds) }
    try drawn.set.requireUnchanged()
    return UtilityReport(
      plan,
      synthetic: UtilityReport.Synthetic(
        name: drawn.name, hash: drawn.set.contentHash, images: drawn.set.count,
        unlabelled: states.count - labelled, copies: labelled - synthetic.count),
      recipe: begun.settings, seeds: seeds, seed: seed, results: results)
  }

  /// The dataset with the synthetic images in its training part.
  private func assemble(_ set: FolderImages, _ states: [[String: LabelState]?]) throws -> RadiographDataset {
    let url = URL(fileURLWithPath: folder.path("dataset"))
    if !FileManager.default.fileExists(atPath: url.path) { try dataset.copy(to: url) }
    let images = states.enumerated().compactMap { index, labels in
      labels.map { labels in
        SyntheticSource.Image(path: set.name(at: index), labels: labels) { try set.image(at: index) }
      }
    }
    let display = TrainingDisplay(console: console)
    defer { display.finish() }
    let source = try SyntheticSource.list(images, beside: dataset)
    let summary = try DatasetImport(source, into: url, options: SyntheticSource.options).run {
      display.show(.progress($0))
    }
    if let unreadable = summary.excluded.first(where: { $0.reason == .unreadable }) {
      try set.requireUnchanged()
      throw MeasurementError.unreadableImage(path: unreadable.path, reason: unreadable.detail)
    }
    return try RadiographDataset.open(url)
  }

  /// All classifiers of one way of training.
  private func train(_ plan: UtilityPlan, _ way: UtilityProtocol, seeds: [UInt64]) throws -> UtilityReport.Results {
    var common = request
    common.dataset = URL(fileURLWithPath: folder.path("dataset"))
    let steps = try request.classifierRecipe().recipe.steps
    // Validated once, at the end: no real image chooses among the weights of a classifier that saw synthetic ones.
    common.settings +=
      ["labels=\(try Self.list(plan.labels))", "traits=false", "cadence.validate=\(steps)", "cadence.keep=1"]
      + way.settings
    let scores = try plan.arms.map { arm in
      UtilityComparison.Scores(
        arm,
        try seeds.map { seed in
          let name = "\(way.folder)-\(arm.folder)-\(seed)"
          var own = common
          own.run = URL(fileURLWithPath: folder.path("runs/\(name)"))
          own.settings.append("seed=\(seed)")
          own.isIncluded = { plan.uses($0, in: arm) }
          note("training \(way.rawValue), \(arm.name), seed \(seed)")
          let display = TrainingDisplay(console: console)
          defer { display.finish() }
          try Trainer.complete(
            .classifier, own, steps: steps, shouldStop: { Task.isCancelled }, report: display.show)
          let classifier = try OwnExtractor(contentsOf: RunFolder(own.run, stage: .classifier).best.path)
          let odds = try classifier.odds(of: plan.parts.test, labels: plan.labels)
          try folder.write(plan.table(of: odds), to: "runs/\(name)/scores.csv")
          return odds
        })
    }
    note("comparing \(plan.arms.count.of("classifier")) by \(plan.labels.count.of("finding"))")
    let (rows, mean) = try UtilityComparison(plan).rows(scores, seed: seed)
    return UtilityReport.Results(
      way, mirrored: try common.classifierRecipe().recipe.own.mirror, rows: rows, mean: mean)
  }

  private static func list(_ labels: [String]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: try encoder.encode(labels), as: UTF8.self)
  }

  func write(_ report: UtilityReport) throws {
    try results.write(PrettyJSON.data(report) + Data("\n".utf8), to: UtilityReport.fileName)
    try results.write(report.markdown, to: "utility.md")
    try results.write(report.page(program: "thorax \(ThoraxVersion.current)"), to: "utility.html")
    note("done: \(results.path)")
  }
}

/// What the runs of a folder were begun with: others cannot go on with them.
struct UtilityBeginning: Codable {
  var data: String
  var synthetic: String
  var seed: UInt64
  var settings: [String: String]
  /// Nil until the synthetic images were counted.
  var findings: [String]?

  private static let name = "begun.json"
  /// Settings that differ between the trainings of a call, or that say only how often something is written.
  private static let varying = ["labels", "mirror", "seed", "traits", "uncertain"]

  init(data: String, synthetic: String, seed: UInt64, settings: [String: String]) {
    (self.data, self.synthetic, self.seed) = (data, synthetic, seed)
    self.settings = settings.filter { !Self.varying.contains($0.key) && !$0.key.hasPrefix("cadence.") }
  }

  /// - Throws: ``MeasurementError/begunOtherwise(path:what:)`` if the folder was begun with something else.
  private func check(in folder: ResultFolder) throws {
    let path = folder.path(Self.name)
    guard FileManager.default.fileExists(atPath: path) else { return }
    guard let begun = try? JSONDecoder().decode(Self.self, from: BoundedFile.contents(of: path)) else {
      throw MeasurementError.begunOtherwise(path: folder.path, what: "images")
    }
    let differences = [
      ("real images", begun.data == data), ("synthetic images", begun.synthetic == synthetic),
      ("settings", begun.settings == settings), ("--seed", begun.seed == seed),
      ("findings", findings == nil || begun.findings == nil || begun.findings == findings),
    ]
    guard let other = differences.first(where: { !$0.1 }) else { return }
    throw MeasurementError.begunOtherwise(path: folder.path, what: other.0)
  }

  /// Writes down what the runs are begun with.
  ///
  /// - Throws: As ``check(in:)``; `FileAccessError`.
  func write(to folder: ResultFolder) throws {
    try check(in: folder)
    try folder.write(PrettyJSON.data(self), to: Self.name)
  }
}
