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
    let work = try RunDistanceWork(snapshots, comparison, console: common.console, threads: common.threads)
    var columns = try networks.map { try work.column($0) }
    for step in snapshots.steps { try await work.measure(step, in: &columns) }
    work.noteUnkeptSteps(columns)
    try snapshots.writePage()
    if json { return try Console.writeJSON(["distances": columns.map(\.distances)]) }
    try Console.writeResult(RunStatus.table(of: .diffusion, in: snapshots.run))
  }
}
