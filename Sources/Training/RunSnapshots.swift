import Foundation
import Models
import RadiographData
import RadiographModels
import RunRecords
import Support
import TensorFiles
import Torch

/// The weights that a run keeps of its diffusion model, step by step, each of which makes a model.
///
/// Reading them takes no lock, so that a run may train meanwhile.
public struct RunSnapshots: Sendable {
  /// The model of one step.
  public struct Model {
    public let step: Int
    public let export: RunExport
    /// A hash of all that decides what the model draws: its settings and its weights.
    public let hash: String
  }

  /// The images that the diffusion model of a run has seen.
  public struct Images: Sendable {
    public let dataset: RadiographDataset
    public let training: RadiographRecords
    public let validation: RadiographRecords
  }

  public let run: URL
  /// The width of the average of the weights, as a share of the training; nil for the exponential average.
  public let averageWidth: Double?
  /// The steps of which weights are kept, rising.
  public let steps: [Int]
  /// The run's seed, from which the prompts of its images are drawn.
  public let seed: UInt64
  private let textEncoder: String
  private let folder: RunFolder
  private let architecture: ModelArchitecture?
  /// The number of updates of the snapshot of each step.
  private let updates: [Int: Int]
  private let bestStep: Int?

  /// Lists what a run keeps: of the exponential average, which validation looks at, the checkpoints and the best weights;
  /// of an average of another width, the snapshots of `averageWidths`.
  ///
  /// - Parameters:
  ///   - run: The folder that was given to `thorax train --output`.
  ///   - averageWidth: The width of the average, as a share of the training; nil for the exponential average.
  /// - Throws: ``TrainingError/notARun(path:)``, ``TrainingError/missingStage(path:stage:)``,
  ///   ``TrainingError/noKeptWeights(path:)`` or ``TrainingError/noSnapshots(path:)`` if there are none;
  ///   ``TrainingError/invalidSetting(key:value:remedy:)`` for a width that no average has; `FileAccessError`,
  ///   `TensorFileError`.
  public init(of run: URL, averageWidth: Double? = nil) throws {
    try self.init(of: run, averageWidth: averageWidth, architecture: nil)
  }

  /// - Parameter architecture: Another than the settings', which only tests have.
  init(of run: URL, averageWidth: Double?, architecture: ModelArchitecture?) throws {
    let folder = RunFolder(run, stage: .diffusion)
    guard FileManager.default.fileExists(atPath: folder.configuration.path) else {
      let isRun = (try? RunStatus(of: run)) != nil
      throw isRun
        ? TrainingError.missingStage(path: run.path, stage: .diffusion) : TrainingError.notARun(path: run.path)
    }
    let recipe: DiffusionRecipe = try ConfigurationResolver.stored(folder.configuration)
    (self.run, self.folder, self.averageWidth, self.architecture) = (run, folder, averageWidth, architecture)
    (seed, textEncoder) = (recipe.seed, recipe.textEncoder)
    if let averageWidth {
      try RunExport.requirePossible(averageWidth: averageWidth)
      let stored = try AverageSnapshots(folder: folder.averages).stored()
      guard !stored.isEmpty else { throw TrainingError.noSnapshots(path: folder.folder.path) }
      updates = Dictionary(stored.map { ($0.step, $0.updates) }) { $1 }
      (steps, bestStep) = (updates.keys.sorted(), nil)
      return
    }
    updates = [:]
    bestStep =
      FileManager.default.fileExists(atPath: folder.best.path)
      ? try SafetensorsFile(path: folder.best.path).metadata["step"].flatMap { Int($0) } : nil
    steps = Set(folder.checkpointSteps() + [bestStep].compactMap { $0 }).sorted()
    guard !steps.isEmpty else { throw TrainingError.noKeptWeights(path: folder.folder.path) }
  }

  /// The steps at which the run has measured its validation loss, rising.
  public var validatedSteps: [Int] {
    MetricsLog(folder.metrics).rows().filter { $0.split == .validation }.map(\.step).sorted()
  }

  /// The folder of the text encoder that the run was trained with.
  ///
  /// - Throws: `TextEncoderError` if it is not there.
  public func textEncoderFolder() throws -> URL { try TextEncoder.locate(name: textEncoder) }

  /// The model of a step.
  ///
  /// - Returns: nil if a run that goes on has removed the step's weights since they were listed.
  /// - Throws: ``TrainingError`` for a checkpoint that is damaged or a run without an autoencoder; `FileAccessError`,
  ///   `TensorFileError`, `TorchError`.
  public func model(at step: Int) throws -> Model? {
    guard let weights = try weights(at: step) else { return nil }
    let export = try RunExport(
      run: run, name: "step-\(step)", licence: "not stated", diffusion: weights, averageWidth: averageWidth,
      architecture: architecture)
    return Model(step: step, export: export, hash: try export.drawingHash())
  }

  private func weights(at step: Int) throws -> BestWeights? {
    if let averageWidth { return try RunExport.averaged(averageWidth, in: folder, updates: updates[step]) }
    // Another step may have been the best since.
    if step == bestStep, let best = try Self.ifThere({ try BestWeights(contentsOf: folder.best) }),
      best.metadata["step"] == "\(step)"
    {
      return best
    }
    let checkpoint = try Self.ifThere { try Checkpoint(contentsOf: folder.checkpoint(step: step), step: step) }
    return checkpoint.map { checkpoint in
      // What no optimiser moves is in no average.
      let tensors = checkpoint.state.part("model.").tensors.merging(checkpoint.state.part("average.").tensors) { $1 }
      return BestWeights(tensors: tensors, metadata: ["step": "\(step)"])
    }
  }

  /// Returns nil if the file that `read` reads is not there.
  private static func ifThere<Content>(_ read: () throws -> Content) throws -> Content? {
    do {
      return try read()
    } catch let error as FileAccessError where error.reason == .notFound {
      return nil
    }
  }

  /// The images of the run in a dataset.
  ///
  /// - Throws: ``TrainingError/otherDataset(path:begun:found:)`` if the run was begun with others; ``TrainingError``
  ///   for a dataset without such images; `DatasetError`, `FileAccessError`.
  public func images(in dataset: URL) throws -> Images {
    let opened = try TrainingRequest(dataset: dataset, run: run).openDataset()
    let training = try PixelBatches(opened, split: .train).records
    let validation = try PixelBatches(opened, split: .validation).records
    let found = try RunDataset(training: training, validation: validation, texts: true)
    if let begun = try RunDatasetFiles(folder: folder).stored(), begun != found {
      throw TrainingError.otherDataset(
        path: dataset.path, begun: [begun.trainingImages, begun.validationImages],
        found: [found.trainingImages, found.validationImages])
    }
    return Images(dataset: opened, training: try training.filter { !$0.isComputed }, validation: validation)
  }

  /// Makes the run's page again, unless a process trains in the run: that one makes it at its next validation.
  ///
  /// - Throws: `FileAccessError` if the page cannot be written.
  public func writePage() throws {
    let lock: RunLock
    do {
      lock = try RunLock(run)
    } catch TrainingError.runInUse {
      return
    }
    try withExtendedLifetime(lock) { try RunPage(of: run).write(to: folder.report) }
  }
}

extension RunExport {
  /// A hash of the description without what only names the model, and of the weights.
  fileprivate func drawingHash() throws -> String {
    var description = description
    (description.name, description.licence, description.training) = ("", "", [:])
    let parts = try ModelPart.all.map { try (weights[$0] ?? [:]).contentHash() }
    return ContentHash.of(parts: [String(decoding: try description.json(), as: UTF8.self)] + parts)
  }
}
