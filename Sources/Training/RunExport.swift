import Diffusion
import Foundation
import Models
import RadiographModels
import Support
import TensorFiles
import Torch

/// A finished run as a model that generation can load.
public struct RunExport {
  public let description: ModelDescription
  public let weights: ModelWeights

  /// Reads the best weights of both stages; of a run with a distilled model those of that.
  ///
  /// - Parameters:
  ///   - run: the folder that was given to `thorax train --output`.
  ///   - name: the model's name.
  ///   - averageWidth: The width of the average of the diffusion model's weights, as a share of its training, if it is
  ///     not to be the exponential average that validated best.
  ///   - facts: what the card says beside what is read from the run.
  ///   - undistilled: Whether to export the diffusion model even if another was distilled from it.
  /// - Throws: ``TrainingError/missingStage(path:stage:)`` if a stage was not trained yet, `FileAccessError`,
  ///   `TensorFileError`.
  public init(
    run: URL, name: String, licence: String, averageWidth: Double? = nil, facts: [String: String] = [:],
    undistilled: Bool = false
  ) throws {
    try self.init(
      run: run, name: name, licence: licence, averageWidth: averageWidth, facts: facts, architecture: nil,
      undistilled: undistilled)
  }

  /// - Parameter architecture: another than the preset's, which only tests have.
  init(
    run: URL, name: String, licence: String, averageWidth: Double? = nil, facts: [String: String] = [:],
    architecture: ModelArchitecture?, undistilled: Bool = false
  ) throws {
    let distilled = RunFolder(run, stage: .distillation)
    if !undistilled, averageWidth == nil, FileManager.default.fileExists(atPath: distilled.best.path) {
      let (description, weights) = try Self.distilled(
        distilled, name: name, licence: licence, facts: facts, architecture: architecture)
      self.init(description: description, weights: weights)
      return
    }
    let folder = RunFolder(run, stage: .diffusion)
    for stage in [RunFolder(run, stage: .autoencoder), folder] { try Self.requireTrained(stage) }
    try self.init(
      run: run, name: name, licence: licence,
      diffusion: averageWidth.map { try Self.averaged($0, in: folder) } ?? BestWeights(contentsOf: folder.best),
      averageWidth: averageWidth, facts: facts, architecture: architecture)
  }

  private init(description: ModelDescription, weights: ModelWeights) {
    (self.description, self.weights) = (description, weights)
  }

  private static func requireTrained(_ folder: RunFolder) throws {
    guard FileManager.default.fileExists(atPath: folder.best.path) else {
      throw TrainingError.missingStage(
        path: folder.url.path, stage: TrainingStageName(rawValue: folder.stage) ?? .diffusion)
    }
  }

  /// The model of a run's autoencoder and of weights that its diffusion model has had.
  ///
  /// - Parameters:
  ///   - diffusion: The weights of U-Net and text projection.
  ///   - averageWidth: The width of their average; nil for the exponential average.
  /// - Throws: As ``init(run:name:licence:averageWidth:facts:undistilled:)``.
  init(
    run: URL, name: String, licence: String, diffusion: BestWeights, averageWidth: Double?,
    facts: [String: String] = [:], architecture: ModelArchitecture?
  ) throws {
    let stages = (RunFolder(run, stage: .autoencoder), RunFolder(run, stage: .diffusion))
    try Self.requireTrained(stages.0)
    let autoencoderRecipe: AutoencoderRecipe = try ConfigurationResolver.stored(stages.0.configuration)
    let recipe: DiffusionRecipe = try ConfigurationResolver.stored(stages.1.configuration)
    let statisticsFile = DiffusionPreparation.statisticsFile(in: stages.1)
    let statistics = try JSONDecoder().decode(LatentStatistics.self, from: Data(contentsOf: statisticsFile))
    let autoencoder = try BestWeights(contentsOf: stages.0.best)

    var description = try ModelDescription(
      of: recipe, architecture: architecture ?? recipe.common.modelArchitecture(), latent: statistics)
    description.name = name
    description.licence = licence
    // A run can be exported where its encoder is not; the model then goes by the name alone.
    let encoder = try? TextEncoderReference(atHand: recipe.textEncoder)
    description.textEncoder = encoder ?? TextEncoderReference(name: recipe.textEncoder)
    // An encoder that was given as a folder is looked up by that folder's name on other machines.
    if recipe.textEncoder.hasPrefix("/") || recipe.textEncoder.hasPrefix(".") {
      description.textEncoder.name = URL(fileURLWithPath: recipe.textEncoder).lastPathComponent
    }
    description.training = facts.merging(
      [
        "vae_steps": autoencoder.metadata["step"] ?? "", "vae_batch": "\(autoencoderRecipe.batchSize)",
        "diffusion_steps": diffusion.metadata["step"] ?? "",
        "diffusion_batch": "\(recipe.batchSize * recipe.accumulation)",
        "average_width": averageWidth.map { "\($0)" }, "validation_loss": diffusion.metadata["loss"],
      ].compactMapValues { $0 }
    ) { given, _ in given }
    let trained = [TrainingStageName.autoencoder: autoencoder.tensors, .diffusion: diffusion.tensors]
    let weights = Dictionary(
      uniqueKeysWithValues: ModelPart.all.map { part in
        (part, Self.part(part.training.prefix, of: trained[part.training.stage] ?? [:]))
      })
    self.init(description: description, weights: weights)
  }

  /// A distilled model: the student's weights, the teacher's autoencoder, and how the student is sampled.
  private static func distilled(
    _ distilled: RunFolder, name: String, licence: String, facts: [String: String], architecture: ModelArchitecture?
  ) throws -> (ModelDescription, ModelWeights) {
    let recipe: DistillationRecipe = try ConfigurationResolver.stored(distilled.configuration)
    let teacher = try Teacher(recipe.teacher, architecture: architecture)
    let pinned = try PinnedTeacher.recorded(in: distilled)
    try pinned?.require(teacher)
    let best = try BestWeights(contentsOf: distilled.best)
    var description = teacher.description
    (description.name, description.licence) = (name, licence)
    // The teacher's slow settings guide, which the student has learned.
    description.bestSampling = nil
    description.sampling = recipe.own.studentSampling(teacher.description.sampling)
    description.detailGain = recipe.own.detailGain ?? teacher.description.detailGain
    var rewarded: [String: String] = [:]
    if let classifiers = pinned?.classifiers {
      rewarded["reward_classifiers"] = classifiers.map { String($0.prefix(12)) }.joined(separator: ", ")
    }
    description.training = facts.merging(rewarded) { given, _ in given }.merging(
      [
        "teacher": teacher.description.name, "distillation": recipe.method.rawValue,
        "distillation_steps": best.metadata["step"] ?? "", "validation_loss": best.metadata["loss"] ?? "",
      ]
    ) { given, _ in given }.merging(teacher.description.training) { given, _ in given }
    var weights = teacher.weights
    for part in [ModelPart.unet, .textProjection] { weights[part] = Self.part(part.training.prefix, of: best.tensors) }
    return (description, weights)
  }

  /// The same model with the decoder of a run that kept this model's encoder (`train vae --set startsFrom=RUN --set keepsEncoder=true`).
  ///
  /// - Throws: ``TrainingError/missingStage(path:stage:)`` for a run without an autoencoder;
  ///   ``TrainingError/invalidSetting(key:value:remedy:)`` if its encoder is another.
  public func withDecoder(of run: URL) throws -> RunExport {
    let folder = RunFolder(run, stage: .autoencoder)
    try Self.requireTrained(folder)
    let best = try BestWeights(contentsOf: folder.best)
    let own = weights[.autoencoder] ?? [:]
    let isSame =
      try own.keys.sorted() == best.tensors.keys.sorted()
      && own.filter { StartingWeights.isEncoder($0.key) }.allSatisfy { path, tensor in
        // A model's folder holds its weights in 16 bits.
        try best.tensors[path]?.to(.float16).bytes() == tensor.to(.float16).bytes()
      }
    guard isSame else {
      throw TrainingError.invalidSetting(
        key: "--decoder", value: run.path,
        remedy: "its encoder is another: give a run of thorax train vae --set startsFrom=RUN --set keepsEncoder=true")
    }
    var (description, weights) = (description, weights)
    description.training["decoder_steps"] = best.metadata["step"]
    weights[.autoencoder] = best.tensors.filter { !StartingWeights.isEncoder($0.key) }
      .merging(own) { decoder, _ in decoder }
    return RunExport(description: description, weights: weights)
  }

  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)`` for a width that no average has.
  static func requirePossible(averageWidth width: Double) throws(TrainingError) {
    guard (0.01...0.25).contains(width) else {
      throw .invalidSetting(key: "--ema-width", value: "\(width)", remedy: "give a number from 0.01 to 0.25")
    }
  }

  /// The weights averaged with a width, which were never validated: they have no loss.
  ///
  /// - Parameter updates: Snapshots of more updates do not count; nil for all.
  /// - Throws: ``TrainingError/noSnapshots(path:)``; ``TrainingError/invalidSetting(key:value:remedy:)`` for a width that
  ///   no average has.
  static func averaged(_ width: Double, in folder: RunFolder, updates: Int? = nil) throws -> BestWeights {
    try requirePossible(averageWidth: width)
    guard let average = try AverageSnapshots(folder: folder.averages).weights(width: width, updates: updates) else {
      throw TrainingError.noSnapshots(path: folder.folder.path)
    }
    return BestWeights(tensors: average.tensors, metadata: ["step": "\(average.updates)"])
  }

  private static func part(_ prefix: String, of tensors: [String: Tensor]) -> [String: Tensor] {
    tensors.reduce(into: [:]) { result, item in
      if item.key.hasPrefix(prefix) { result[String(item.key.dropFirst(prefix.count))] = item.value }
    }
  }
}

extension RunExport {
  /// Writes the identities of all images that some runs were trained on, one a line in order; no file for runs that have not
  /// written them down.
  ///
  /// - Throws: `FileAccessError`.
  public static func writeTrainingImages(of runs: [URL], to file: URL) throws {
    let lines = trainingImages(of: runs)
    guard !lines.isEmpty else { return }
    try AtomicFile.write(Array((lines.sorted().joined(separator: "\n") + "\n").utf8), to: file.path)
  }

  /// The identities of the images and patients that some runs were trained on, as `trained-on.txt` has them; none of runs
  /// begun before they wrote them down.
  public static func trainingImages(of runs: [URL]) -> Set<String> {
    let stages: [TrainingStageName] = [.autoencoder, .diffusion, .distillation]
    let folders = runs.flatMap { run in stages.map { RunFolder(run, stage: $0) } }
    return Set(
      folders.flatMap { folder in
        (try? String(contentsOf: RunDatasetFiles(folder: folder).images, encoding: .utf8))?
          .split(separator: "\n").map(String.init) ?? []
      })
  }

  /// The card of a model that has none of its own: what it is, how it was made, what it must not be used for.
  ///
  /// - Throws: `ArchitectureError` if the parts do not fit together.
  public func card() throws -> String {
    let counts = try description.architecture.parameterCounts()
    let facts = description.training.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }
    return """
      # \(description.name)

      Draws synthetic chest radiographs from text. **Synthetic; not for diagnosis.**

      | | |
      |---|---|
      | architecture | preset `\(description.preset)` |
      | parameters | \(ModelPart.all.map { "\($0.title) \(counts[$0] ?? 0)" }.joined(separator: ", ")) |
      | text encoder | \(description.textEncoder.name), frozen |
      | licence | \(description.licence) |
      \(facts.map { "| \($0.key.replacingOccurrences(of: "_", with: " ")) | \($0.value) |" }.joined(separator: "\n"))

      """
  }
}

extension ModelDescription {
  /// The model that a run produces, sampled as the shipped model is if its architecture is not a known one.
  ///
  /// - Throws: ``TrainingError/invalidSetting(key:value:remedy:)`` for a preset that is not known.
  init(of recipe: DiffusionRecipe, architecture: ModelArchitecture, latent: LatentStatistics) throws {
    self.init(preset: ModelPreset(rawValue: recipe.preset) ?? .small)
    if recipe.architecture != nil { (name, preset) = ("custom", "custom") }
    self.architecture = architecture
    scheduler = recipe.scheduler
    self.latent = latent
  }
}
