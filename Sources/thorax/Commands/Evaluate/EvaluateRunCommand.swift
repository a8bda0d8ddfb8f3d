import ArgumentParser
import Evaluation
import Foundation
import Generation
import Models
import RunRecords
import Support
import Terminal
import Training

/// `thorax evaluate run`.
struct EvaluateRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Measure the distance of samples to real images at each step of which a run keeps weights.",
    discussion: """
      Draws samples of the diffusion model of each step, for the prompts of the run's validation part, and compares them \
      with its images by the features of a network: the FID if that is Inception-v3. From then on the distances are a \
      column of 'thorax train status RUN --table' and of the run's page.

      A run keeps the weights of its newest two checkpoints and those that validated best; --set cadence.keep=20 keeps \
      more. Called again, also while the run trains, it measures the steps that have come since.
      """)

  @Argument(help: ArgumentHelp("Folder of the run.", valueName: "run"), completion: .directory)
  var folder: String

  @Option(help: ArgumentHelp("Dataset that the run was begun with.", valueName: "dataset"), completion: .directory)
  var data: String

  @OptionGroup var extractors: ExtractorOptions

  @Option(
    help: """
      Samples of each step (default: \(SampleComparison.standardSamples), or as many as there are training images).
      """, transform: NumberText.whole)
  var samples: Int?

  @Option(parsing: .unconditional, help: "Seed of the first sample.", transform: NumberText.whole)
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Average the weights of each step over this share of the training, 0.01 to 0.25, from the snapshots of a run with "
        + "averageWidths (default: the exponential average, which validation looks at).", valueName: "width"))
  var emaWidth: Double?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    if let samples { try EvaluationOptions.check("samples", samples, SampleComparison.minimum...1_000_000) }
    let choices = try extractors.required()
    let snapshots = try RunSnapshots(of: URL(fileURLWithPath: folder), averageWidth: emaWidth)
    let images = try snapshots.images(in: URL(fileURLWithPath: data))
    let comparison = try SampleComparison(
      images.dataset, training: images.training, validation: images.validation, samples: samples, seed: seed,
      captionSeed: snapshots.seed)
    let networks = try choices.map { try FeatureExtractorFile.load($0.path, pipeline: $0.pipeline) }
    let work = try Work(snapshots, comparison, console: common.console, threads: common.threads)
    var columns = try networks.map { try work.column($0) }
    for step in snapshots.steps { try await work.measure(step, in: &columns) }
    work.noteUnkeptSteps(columns)
    try snapshots.writePage()
    if json { return try Console.writeJSON(["distances": columns.map(\.distances)]) }
    try Console.writeResult(RunStatus.table(of: .diffusion, in: snapshots.run))
  }

  /// A network, and what was measured by it.
  private struct Column {
    let measurement: SampleDistanceMeasurement
    var distances: SampleDistances
  }

  private struct Work {
    let snapshots: RunSnapshots
    let comparison: SampleComparison
    let folder: ResultFolder
    let console: Console
    let threads: Int?
    let note: WorkNotes

    private var url: URL { URL(fileURLWithPath: folder.path) }

    init(_ snapshots: RunSnapshots, _ comparison: SampleComparison, console: Console, threads: Int?) throws {
      (self.snapshots, self.comparison, self.console, self.threads) = (snapshots, comparison, console, threads)
      note = WorkNotes(console)
      folder = try ResultFolder(RunFolder(snapshots.run, stage: .diffusion).distances.path)
    }

    /// The column of a network, with what was measured by it before.
    func column(_ extractor: any FeatureExtractor) throws -> Column {
      note("features of \(comparison.real.count) validation images by \(extractor.name)")
      let measurement = try SampleDistanceMeasurement(
        comparison, with: extractor, keeping: FeatureStatisticsStore(folder: folder.path("statistics")))
      var distances = SampleDistances(
        measure: measurement.measure, network: measurement.network, extractor: extractor.name,
        extractorHash: extractor.hash, preprocessing: extractor.preprocessing, averageWidth: snapshots.averageWidth,
        samples: comparison.samples, seed: comparison.seed, images: comparison.real.count,
        imagesHash: measurement.imagesHash)
      if let stored = distances.stored(in: url) { return Column(measurement: measurement, distances: stored) }
      note("features of \(SampleComparison.trainingDraws) x \(comparison.samples) training images in their place")
      distances.trainingDistance = try measurement.trainingDistance()
      distances.trainingDraws = SampleComparison.trainingDraws
      try distances.write(in: url)
      return Column(measurement: measurement, distances: distances)
    }

    /// Draws and measures the samples of a step, unless all columns have them.
    func measure(_ step: Int, in columns: inout [Column]) async throws {
      try Task.checkCancellation()
      guard let model = try snapshots.model(at: step) else {
        return console.note("step \(step) is left out: the run has removed its checkpoint meanwhile")
      }
      let missing = columns.indices.filter { columns[$0].distances[step]?.model != model.hash }
      guard !missing.isEmpty, let drawn = try await draw(model) else { return }
      for index in missing {
        let distance: Double
        do {
          distance = try columns[index].measurement.distance(of: drawn)
        } catch MetricError.notFinite {
          console.note("step \(step) has no distance: the features of its samples are not finite")
          continue
        }
        // Another call may have measured other steps meanwhile.
        columns[index].distances = columns[index].distances.stored(in: url) ?? columns[index].distances
        columns[index].distances.set(.init(step: step, distance: distance, model: model.hash))
        try columns[index].distances.write(in: url)
        note("step \(step): \(String(format: "%.4g", distance)) by \(columns[index].distances.network)")
      }
    }

    /// Returns nil for a model that draws what is not finite.
    private func draw(_ model: RunSnapshots.Model) async throws -> DrawnImages? {
      let meter = console.meter("drawing samples of step \(model.step)", unit: "samples", total: comparison.samples)
      defer { meter.finish() }
      do {
        let host = try await model.export.host(
          dtype: .float32, beside: FileManager.default.temporaryDirectory.appendingPathComponent("thorax"),
          textEncoder: snapshots.textEncoderFolder(), threads: threads)
        let kept = try SampleFolder(
          path: folder.path("step-\(model.step)-\(model.hash.prefix(12))"), origin: SampleFolder.Origin(host))
        return try await comparison.draw(from: host, keptIn: kept) { meter.update($0) }
      } catch ModelError.notFinite {
        console.note("step \(model.step) has no distance: its samples are not finite")
        return nil
      }
    }

    /// Says how to keep the weights of more steps, if the run has validated some of which it has none.
    func noteUnkeptSteps(_ columns: [Column]) {
      guard snapshots.averageWidth == nil else { return }
      let validated = snapshots.validatedSteps
      let unkept = validated.filter { step in
        !snapshots.steps.contains(step) && columns.contains { $0.distances[step] == nil }
      }
      guard !unkept.isEmpty else { return }
      console.note(
        "\(unkept.count) of \(validated.count) validated steps have no distance, since the run keeps no weights of them: "
          + "train with --set cadence.keep=\(max(20, validated.count)) and cadence.checkpoint as cadence.validate")
    }
  }
}
