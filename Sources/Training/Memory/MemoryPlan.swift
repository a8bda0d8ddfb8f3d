import Foundation
import Models
import RadiographData
import Support
import Torch
import TorchNN

/// The memory and time that a stage of a run will take, and how its steps are best divided to fit.
public struct MemoryPlan: Encodable, Sendable {
  /// One way to make the steps of a recipe. All ways see the same images in a step and make the same step.
  public struct Way: Encodable, Sendable, Equatable {
    public var checkpointing: CheckpointingPolicy
    /// How many images are computed at once.
    public var batchSize: Int
    /// How many such batches make a step.
    public var accumulation: Int
    /// The most bytes of tensors at a time.
    public var peakMemoryBytes: Int
    public var secondsPerStep: Double

    enum CodingKeys: String, CodingKey {
      case checkpointing, batchSize, accumulation
      case peakMemoryBytes = "peak_memory_bytes"
      case secondsPerStep = "seconds_per_step"
    }
  }

  /// The stage's name.
  public var stage: String
  /// The fastest way that fits.
  public var chosen: Way
  /// All ways that were looked at, in the order in which they were.
  public var considered: [Way]
  public var steps: Int
  /// Why the way was chosen.
  public var reason: String
  /// What to give to `--set` for it.
  public var settings: [String: String]

  public var totalSeconds: Double { chosen.secondsPerStep * Double(steps) }

  enum CodingKeys: String, CodingKey {
    case stage, considered, steps, reason, settings
    case peakMemoryBytes = "peak_memory_bytes"
    case secondsPerStep = "seconds_per_step"
    case totalSeconds = "total_seconds"
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(stage, forKey: .stage)
    try values.encode(chosen.peakMemoryBytes, forKey: .peakMemoryBytes)
    try values.encode(chosen.secondsPerStep, forKey: .secondsPerStep)
    try values.encode(steps, forKey: .steps)
    try values.encode(totalSeconds, forKey: .totalSeconds)
    try values.encode(settings, forKey: .settings)
    try values.encode(reason, forKey: .reason)
    try values.encode(considered, forKey: .considered)
  }
}

extension MemoryPlan {
  /// Plans one stage: measures steps with few rows, and extends them to the recipe's.
  ///
  /// - Parameters:
  ///   - limit: The most bytes of tensors that a step may take; nil plans the recipe as it is.
  ///   - make: The objective of a recipe.
  /// - Throws: ``TrainingError/memoryTooSmall(bytes:least:)``, and what `make` throws.
  static func plan<Settings: StageSettings>(
    _ recipe: StageRecipe<Settings>, limit: Int?, device: Device,
    make: (StageRecipe<Settings>) throws -> any Objective
  ) throws -> MemoryPlan {
    let (total, fewest) = (recipe.common.imagesPerStep, recipe.own.fewestImages)
    var considered: [Way] = []
    func ways(_ checkpointing: CheckpointingPolicy, _ batchSizes: [Int]) throws -> [Way] {
      let microBatches = total > batchSizes[0] || batchSizes.count > 1 ? 2 : 1
      let more = min(batchSizes[0], 8)
      let least = max(fewest.atOnce, (fewest.inStep + microBatches - 1) / microBatches)
      let few = min(more, max(least, more / 2))
      let probe = try StepProbe(rows: (few, more), microBatches: microBatches, device: device) { rows in
        var probed = recipe
        (probed.batchSize, probed.accumulation, probed.checkpointing) = (rows, microBatches, checkpointing)
        return try make(probed)
      }
      return batchSizes.map { rows in
        Way(
          checkpointing: checkpointing, batchSize: rows, accumulation: (total + rows - 1) / rows,
          peakMemoryBytes: probe.peak(rows: rows),
          secondsPerStep: probe.seconds(rows: rows, microBatches: (total + rows - 1) / rows))
      }
    }

    // As the recipe has it.
    let asked = try ways(recipe.checkpointing, [recipe.batchSize])[0]
    considered.append(asked)
    func plan(_ chosen: Way, _ reason: String) -> MemoryPlan {
      MemoryPlan(
        stage: Settings.stage.rawValue, chosen: chosen, considered: considered, steps: recipe.steps, reason: reason,
        settings: [
          "batchSize": "\(chosen.batchSize)", "accumulation": "\(chosen.accumulation)",
          "checkpointing": chosen.checkpointing.rawValue, "precision": recipe.precision.rawValue,
        ])
    }
    guard let limit else { return plan(asked, "as the recipe has it") }
    guard asked.peakMemoryBytes > limit else {
      return plan(asked, "the recipe fits as it is, and nothing is faster than to keep what it keeps")
    }
    // Fewer images at once cost little, blocks that are computed again up to a third of the time.
    let halves = sequence(first: recipe.batchSize) { $0 > 1 ? $0 / 2 : nil }
      .filter { total.isMultiple(of: $0) && $0 >= fewest.atOnce }
    let sizes = halves.isEmpty ? [1] : Array(halves)
    for policy in CheckpointingPolicy.allCases {
      considered += try ways(policy, sizes).filter { !considered.contains($0) }
    }
    let fitting = considered.filter { $0.peakMemoryBytes <= limit }
    guard let fastest = fitting.min(by: { ($0.secondsPerStep, -$0.batchSize) < ($1.secondsPerStep, -$1.batchSize) })
    else {
      throw TrainingError.memoryTooSmall(bytes: limit, least: considered.map(\.peakMemoryBytes).min() ?? 0)
    }
    return plan(
      fastest,
      "the recipe's \(asked.batchSize) images at once, checkpointing \(asked.checkpointing.rawValue), would take "
        + "\(MemorySize(bytes: asked.peakMemoryBytes)); of the ways that fit into \(MemorySize(bytes: limit)) this is the "
        + "fastest, and its steps see the same \(total) images")
  }
}
