import Foundation
import Models
import RadiographData
import RadiographModels
import Support
import TensorFiles

/// A run of a stage that this process alone writes into, or the first of those that train together: its settings, its data, and how it was begun.
struct BegunRun<Settings: StageSettings> {
  typealias Recipe = StageRecipe<Settings>

  let request: TrainingRequest
  let folder: RunFolder
  let recipe: Recipe
  let limits: RunLimits
  let report: (TrainingReport) -> Void
  private let dataset: RadiographDataset
  let beginning: RunBeginning
  let group: any ProcessGroup
  /// The lock of the run; nil in all processes but the first.
  private let lock: RunLock?
  private let traces: RunTraces

  /// Checks settings, networks and dataset, then takes the run's folder and writes down what the run is begun with.
  /// Nothing is written into a folder that is not a run's before settings and data have been checked.
  ///
  /// Of several processes the first does so; the others come afterwards, and only read.
  ///
  /// - Parameter architecture: Another than the settings'.
  /// - Throws: `TrainingError`, `DatasetError`, `FileAccessError`.
  init(
    _ request: TrainingRequest, architecture: ModelArchitecture?, limits: RunLimits,
    group: any ProcessGroup = Alone(),
    report: @escaping (TrainingReport) -> Void
  ) throws {
    let folder = RunFolder(request.run, stage: Settings.stage)
    let known = group.isFirst ? try RunLock.again(request.run) : nil
    let resolved: ResolvedRecipe<Settings> = try request.resolve(in: folder)
    let dataset = try request.namingLines(of: Settings.stage) {
      try resolved.recipe.validate()
      let networks = try architecture ?? resolved.recipe.common.modelArchitecture()
      let dataset = try request.openDataset()
      try resolved.recipe.own.requireFit(networks, imageSide: dataset.imageSize, path: dataset.url.path)
      // A run that was begun goes on with what it has.
      if !request.options.resume { try resolved.recipe.own.requireNames(in: dataset) }
      return dataset
    }
    guard resolved.recipe.common.imagesPerStep >= group.share.count else {
      throw TrainingError.tooManyProcesses(
        count: group.share.count, imagesPerStep: resolved.recipe.common.imagesPerStep)
    }
    try request.namingLines(of: Settings.stage) {
      try resolved.recipe.requireEnoughImages(processes: group.share.count)
    }
    var traces = RunTraces(before: request.run)
    if group.isFirst {
      lock = try known ?? RunLock(request.run)
      traces.look(at: folder, and: [request.preprocessingRecord])
      folder.removeLeftovers()
    } else {
      lock = nil
    }
    self.traces = traces
    if !request.options.resume, folder.newestStep() != nil {
      throw TrainingError.runExists(path: folder.folder.path)
    }
    if group.isFirst {
      do {
        try folder.create()
        try AtomicFile.write(Array(ConfigurationResolver.yaml(resolved.recipe).utf8), to: folder.configuration.path)
        try request.record(dataset.settings.preprocessing)
      } catch {
        traces.remove()
        throw error
      }
    }
    for note in resolved.notes { report(.note(note)) }
    recipe = resolved.recipe
    beginning =
      if folder.newestStep() == nil {
        .new
      } else {
        try RunDatasetFiles(folder: folder).stored() == nil ? .formerVersion : .resumed
      }
    (self.request, self.folder, self.limits, self.report, self.dataset) = (request, folder, limits, report, dataset)
    self.group = group
  }

  /// Removes what this start has made; for a run that ends before its first step.
  func withdraw() { traces.remove() }

  /// The images of the run, checked against those that it was begun with.
  ///
  /// - Parameters:
  ///   - withoutTexts: whether images of which nothing is known but their pixels are among them.
  ///   - isIncluded: whether the stage can use an image; nil for all.
  /// - Throws: `TrainingError.noImages`, `TrainingError.datasetChanged`, `DatasetError`, `FileAccessError`.
  func data(
    _ seed: UInt64, withoutTexts: Bool, where isIncluded: ((RadiographRecord) -> Bool)? = nil
  ) throws -> StageData {
    // The others compare with what the first has written.
    try group.firstThenOthers { try ownData(seed, withoutTexts: withoutTexts, where: isIncluded) }
  }

  private func ownData(
    _ seed: UInt64, withoutTexts: Bool, where isIncluded: ((RadiographRecord) -> Bool)?
  ) throws -> StageData {
    let withoutTexts = withoutTexts && beginning != .formerVersion
    func part(_ split: DatasetSplit) throws -> PixelBatches {
      let all = try PixelBatches(dataset, split: split, withoutTexts: withoutTexts, device: request.device)
      guard isIncluded != nil || request.isIncluded != nil else { return all }
      return try all.filtered(split) { record in
        request.isIncluded?(record) != false && isIncluded?(record) != false
      }
    }
    let (training, validation) = (try part(.train), try part(.validation))
    let record = try RunDataset(
      training: training.records, validation: validation.records,
      texts: ![.autoencoder, .reidentifier].contains(Settings.stage),
      patients: Settings.stage == .reidentifier)
    let files = RunDatasetFiles(folder: folder)
    switch beginning {
    case .new where group.isFirst: try files.write(record, training: training.records)
    // Every process has to see the images that the first sees.
    case .new, .resumed: try files.require(record, path: dataset.url.path)
    case .formerVersion: break
    }
    let validated = try ValidationImages(
      validation.records, limit: Settings.validationLimit, randomness: TrainingRandomness(seed: seed), run: beginning,
      writes: group.isFirst, file: folder.folder.appendingPathComponent("validation.json"))
    return StageData(training: training, validation: validation, validated: validated.positions)
  }

  /// Checks that no validation image of the diffusion model was trained on by the run's autoencoder, and reports if the
  /// dataset has changed since.
  ///
  /// - Throws: ``TrainingError/validationWasTrainedOn(path:images:)``, `FileAccessError`, `DatasetError`.
  func requireUnseenValidation(_ data: StageData) throws {
    let files = RunDatasetFiles(folder: RunFolder(request.run, stage: .autoencoder))
    let seen = try files.trainedOn(data.validation.records)
    guard seen == 0 else { throw TrainingError.validationWasTrainedOn(path: dataset.url.path, images: seen) }
    guard beginning == .new, let begun = try files.stored() else { return }
    let all = try RunDataset(
      training: try PixelBatches(dataset, split: .train, withoutTexts: true).records,
      validation: try PixelBatches(dataset, split: .validation, withoutTexts: true).records, texts: false)
    if begun != all {
      report(
        .note(
          "the dataset has changed since the autoencoder was trained: \(begun.trainingImages) training images then, "
            + "\(all.trainingImages) now"))
    }
  }
}

/// The images that a stage sees.
struct StageData {
  let training: PixelBatches
  let validation: PixelBatches
  /// Places in the validation part that validation looks at.
  let validated: [Int]
}
