import ArgumentParser
import Evaluation
import Foundation
import Generation
import RadiographData
import Support
import Terminal
import Torch
import Training

/// `thorax evaluate utility`.
struct EvaluateUtilityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "utility",
    abstract: "Say what synthetic images are worth for training a classifier that is tested on real ones.",
    discussion: """
      Trains the same classifier on the real training part, on synthetic images, and on both, tests each on real images, \
      and writes utility.json, utility.md and utility.html into the output folder, and runs and samples into utility/ there. \
      No image is mirrored. A call that was interrupted goes on where it was.

      The labels of a synthetic image are read off its prompt, or come from the column chexpert_labels of its table.
      """)

  @OptionGroup var options: EvaluationOptions

  @Option(
    help: ArgumentHelp(
      "Model that draws the images, for prompts of the training part: a name, or a model folder.",
      valueName: "name|dir"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "Folder of synthetic images instead: of 'thorax evaluate samples' or 'thorax generate', or anybody's with --prompts.",
      valueName: "dir"), completion: .directory)
  var synthetic: String?

  @Option(
    help: ArgumentHelp(
      "Table of the images' prompts with the columns prompt and img_savename (default: prompt_INFO.csv in the folder, or "
        + "what the images say of themselves).", valueName: "file.csv"), completion: .file(extensions: ["csv"]))
  var prompts: String?

  @Option(
    help: "Images that the model draws (default: as many as the training part has).", transform: NumberText.whole)
  var count: Int?

  @Option(help: "Denoising steps of each image (default: the model's own).", transform: NumberText.whole)
  var steps: Int?

  @Option(help: "Guidance scale of each image (default: the model's own).", transform: NumberText.real)
  var guidance: Double?

  @Option(help: ArgumentHelp("Only real images of this source of the dataset.", valueName: "name"))
  var source: String?

  @Option(
    help: ArgumentHelp(
      "Finding to compare by; may be given again (default: all that every part has enough images of).",
      valueName: "label"))
  var finding: [String] = []

  @Option(help: ArgumentHelp("Seeds of the trainings of each classifier.", valueName: "n,n,..."))
  var seeds = "0,1,2"

  @Option(
    help: ArgumentHelp(
      "Shares of the real training patients to train on as well, without and with the synthetic images.",
      valueName: "x,x,..."))
  var share: String?

  @Flag(help: "Train each classifier also as CheXGenBench's trainer does, with mirrored images, and show both.")
  var asPublished = false

  @Option(
    help: ArgumentHelp("Recipe of the classifier.", valueName: "name"), completion: .list(RecipeCatalog.names))
  var recipe = "judge"

  @Option(
    help: ArgumentHelp("Settings that differ from the recipe's.", valueName: "file.yaml"),
    completion: .file(extensions: ["yaml", "yml"]))
  var config: String?

  @OptionGroup var step: StepOptions

  @Option(help: ArgumentHelp("Folder to write to.", valueName: "dir"), completion: .directory)
  var output: String

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  /// The fewest images that are drawn or given.
  private static let counts = UtilityParts.minimum...10_000_000

  func run() async throws {
    try common.check()
    let trainingSeeds = try EvaluationOptions.list(seeds, option: "seeds") { UInt64($0) }
    guard Set(trainingSeeds).count == trainingSeeds.count else {
      throw RequestError.outOfRange(what: "seeds", value: seeds, allowed: "each seed once")
    }
    let shares = try share.map(Self.shares) ?? []
    if let count { try EvaluationOptions.check("count", count, Self.counts) }
    try SamplingOverrides(steps: steps, guidance: guidance).validate()
    try checkOrigin()
    let dataset = try RadiographDataset.open(URL(fileURLWithPath: options.data))
    try dataset.requireNoLeakage()
    let request = try trainingRequest()
    let parts = try UtilityParts(dataset, part: options.split, source: source)
    if let threads = common.threads { try LibTorch.setThreads(threads) }

    let work = try UtilityWork(
      dataset: dataset, parts: parts, folder: try ResultFolder(output), request: request, seed: options.seed,
      console: common.console)
    let drawn =
      if let model {
        try await work.draw(
          model, count: count, settings: DrawSettings(steps: steps, guidance: guidance), threads: common.threads)
      } else {
        try work.read(synthetic ?? "", prompts: prompts)
      }
    let report = try work.measure(
      drawn, findings: finding, shares: shares, seeds: trainingSeeds,
      protocols: asPublished ? [.corrected, .asPublished] : [.corrected])
    try work.write(report)
    if json { try Console.writeJSON(report) } else { try Console.writeResult(report.markdown) }
  }

  private func checkOrigin() throws {
    guard (model == nil) != (synthetic == nil) else {
      throw RequestError.conflict(
        "one of --model and --synthetic is needed", remedy: "say which model draws the images, or where they are")
    }
    if model == nil, count != nil || steps != nil || guidance != nil {
      throw RequestError.conflict(
        "--count, --steps and --guidance are of a model that draws", remedy: "leave them out with --synthetic")
    }
    if model != nil, prompts != nil {
      throw RequestError.conflict(
        "--prompts is of images that are there", remedy: "leave it out with --model, whose prompts are the dataset's")
    }
  }

  private static func shares(_ text: String) throws -> [Double] {
    let shares = try EvaluationOptions.list(text, option: "share") { Double($0) }
    guard shares.allSatisfy({ $0 > 0 && $0 < 1 }), Set(shares).count == shares.count else {
      throw RequestError.outOfRange(
        what: "share", value: text, allowed: "numbers between 0 and 1, each once, as 0.01,0.1")
    }
    return shares
  }

  /// What all trainings have in common.
  private func trainingRequest() throws -> TrainingRequest {
    let (device, settings) = try step.resolved()
    let request = TrainingRequest(
      dataset: URL(fileURLWithPath: options.data), run: URL(fileURLWithPath: output), recipe: recipe,
      configuration: config.map { URL(fileURLWithPath: $0) }, settings: settings, device: device)
    let resolved = try request.classifierRecipe().recipe
    guard !resolved.own.mirror else {
      throw RequestError.conflict(
        "the classifiers are never mirrored", remedy: "leave out mirror=true; --as-published shows what it does")
    }
    guard resolved.own.labels.isEmpty else {
      throw RequestError.conflict("all classifiers have the same labels", remedy: "choose them by --finding")
    }
    return request
  }
}
