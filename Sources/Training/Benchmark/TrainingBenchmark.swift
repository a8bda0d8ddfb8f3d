import Foundation
import Models
import RadiographModels
import RunRecords
import Support
import TensorFiles
import Torch

/// Measures steps of training on this machine: networks, losses, optimiser and averages as a recipe has them, on images
/// and texts that are made up once and seen in every step.
public struct TrainingBenchmark: Sendable {
  /// What the steps of a stage took.
  public struct Outcome: Sendable {
    public var stage: TrainingStageName
    public var precision: DType
    /// How many images a step sees.
    public var imagesPerStep: Int
    /// Of each measured step.
    public var milliseconds: [Double]
    /// The processor's time of all threads for each measured step: what a step costs where other work delays it.
    public var processorMilliseconds: [Double]
    /// The most bytes of tensors on the device, weights and optimiser included; nil if its allocator keeps no count.
    public var peakMemoryBytes: Int?
    /// The loss of each step from the first, those before the measured ones included; nil for one that was not finite
    /// and so not taken.
    public var losses: [Double?]
  }

  /// A recipe by its name; nil for that of the model that ships.
  public var recipe: String?
  /// `key=value` pairs, laid over it.
  public var settings: [String]
  public var device: Device
  public var runs: Int

  /// The stages that can be measured without data.
  public static let stages: [TrainingStageName] = [.autoencoder, .diffusion]
  public static let runsRange = 1...10_000
  /// Steps before the measured ones: the first allocates, and finds the kernels that the others use.
  public static let warmUp = 2

  public init(recipe: String? = nil, settings: [String] = [], device: Device = .cpu, runs: Int = 10) {
    self.recipe = recipe
    self.settings = settings
    self.device = device
    self.runs = runs
  }

  /// Measures steps of one of ``stages``.
  ///
  /// - Parameters:
  ///   - saved: Where the first micro-batch is written, if anywhere, so that another program can compute it as well:
  ///     `inputs.NAME`, `weights.PATH` as drawn by the seed, the `loss` of them, and `gradients.PATH` before clipping.
  ///     The header has `architecture` and `recipe` as JSON.
  ///   - progress: Called after every step, with the steps done; there are ``warmUp`` more than `runs`.
  /// - Throws: ``TrainingError`` for a stage that cannot be measured and for settings that are out of range;
  ///   `TorchError`, and if the file cannot be written `TensorFileError`, `FileAccessError`; `CancellationError` between
  ///   two steps.
  public func run(
    _ stage: TrainingStageName, saving saved: URL? = nil, progress: (Int) -> Void = { _ in }
  ) throws -> Outcome {
    switch stage {
    case .autoencoder:
      let recipe: AutoencoderRecipe = try .ofNewRun(recipe, file: nil, settings: settings)
      return try measure(AutoencoderProbe(recipe, device: device), recipe, saved, progress)
    case .diffusion:
      let recipe: DiffusionRecipe = try .ofNewRun(recipe, file: nil, settings: settings)
      return try measure(DiffusionProbe(recipe, device: device), recipe, saved, progress)
    case .classifier, .reidentifier, .distillation:
      throw TrainingError.invalidSetting(
        key: "--stage", value: stage.rawValue,
        remedy: "choose one of \(Self.stages.map(\.rawValue).joined(separator: ", "))")
    }
  }

  private func measure<Settings: StageSettings>(
    _ objective: some MadeUpObjective, _ recipe: StageRecipe<Settings>, _ saved: URL?, _ progress: (Int) -> Void
  ) throws -> Outcome {
    if let saved { try save(objective, recipe, to: saved) }
    try TensorMemory.resetPeak(on: device)
    let repeated = RepeatedBatches(objective)
    let step = try OptimizerStep(repeated.trained)
    var outcome = Outcome(
      stage: Settings.stage, precision: recipe.precision, imagesPerStep: objective.batchSize, milliseconds: [],
      processorMilliseconds: [], losses: [])
    let clock = ContinuousClock()
    for number in 0..<(Self.warmUp + runs) {
      try Task.checkCancellation()
      // A step reads its loss, and so waits for a GPU to finish.
      var result = OptimizerStep.Outcome.skipped(.loss)
      let before = processorSeconds
      let time = try clock.measure { result = try step(repeated, step: number) }
      if number >= Self.warmUp {
        outcome.milliseconds.append(time.milliseconds)
        outcome.processorMilliseconds.append((processorSeconds - before) * 1000)
      }
      if case .taken(let values) = result { outcome.losses.append(values[.loss]) } else { outcome.losses.append(nil) }
      progress(number + 1)
    }
    outcome.peakMemoryBytes = try TensorMemory.peakBytes(on: device)
    return outcome
  }

  /// Computes one micro-batch as if it were a step, and writes down everything of it.
  private func save<Goal: MadeUpObjective>(
    _ objective: Goal, _ recipe: some Encodable, to file: URL
  ) throws {
    let rows = objective.microBatchSize
    let slice = BatchSlice(step: 0, batchSize: rows, rows: 0..<rows)
    let batch = try objective.batch(slice)
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in try objective.inputs(of: batch, slice) { tensors["inputs." + name] = tensor }
    let store = objective.trained[0].store
    defer { try? store.clearGradients() }
    guard let loss = try objective.losses(of: batch, slice).first?.value else { return }
    try loss.backward()
    tensors["loss"] = try loss.detach().to(.float32)
    for parameter in store.trainableParameters {
      tensors["weights." + parameter.path] = try parameter.value.detach()
      tensors["gradients." + parameter.path] = try parameter.value.grad
    }
    let architecture = try objective.architecture.json()
    try SafetensorsWriter.write(
      tensors, metadata: ["architecture": architecture, "recipe": try recipe.json()], to: file.path)
  }
}

extension Encodable {
  /// One line of JSON, keys in order.
  fileprivate func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
