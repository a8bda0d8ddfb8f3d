import Foundation
import Support
import TensorFiles
import Torch
import TorchNN

/// Everything that the next step of a run depends on.
struct Checkpoint {
  var position: RunPosition
  /// Weights, averages, optimisers: what ``OptimizerStep`` stores of itself.
  var state: StoredState

  /// The version of the file's form. It rises when an older program would misread it.
  static let format = 2

  private enum Key {
    static let format = "format"
    static let step = "step"
    static let bestCriterion = "best_criterion"
    static let means = "running_means"
    static let skipped = "skipped_steps"
    static let numbers = "numbers"
    /// In files from when it was always the loss.
    static let bestLoss = "best_loss"
    /// In files of the first version.
    static let averageUpdates = "average_updates"
  }

  /// Writes the checkpoint to a file that appears whole or not at all.
  ///
  /// - Throws: ``NotFinite`` if a tensor has an element that is infinite or not a number: nothing is written then;
  ///   `FileAccessError`, `TorchError`.
  func write(to url: URL) throws {
    try NotFinite.requireFinite(state.tensors)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let metadata = [
      Key.format: "\(Self.format)", Key.step: "\(position.step)", Key.bestCriterion: "\(position.bestCriterion)",
      Key.means: try position.means.text(), Key.skipped: "\(position.skipped)",
      Key.numbers: String(decoding: try encoder.encode(state.numbers), as: UTF8.self),
      ContentHash.metadataKey: try state.tensors.contentHash(),
    ]
    try SafetensorsWriter.write(state.tensors, metadata: metadata, to: url.path)
  }

  /// Reads a checkpoint. One of the first version has no hash, and a step for each update of the average unless it says
  /// otherwise.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError`, ``TrainingError/damagedCheckpoint(path:)``,
  ///   ``TrainingError/newerCheckpoint(path:format:)``.
  init(contentsOf url: URL, step: Int) throws {
    let file = try SafetensorsFile(path: url.path)
    func number(_ key: String) -> Int? { file.metadata[key].flatMap { Int($0) } }
    if let format = number(Key.format), format > Self.format {
      throw TrainingError.newerCheckpoint(path: url.path, format: format)
    }
    let tensors = try file.loadTensors()
    guard try tensors.isAsWritten(file.metadata) else { throw TrainingError.damagedCheckpoint(path: url.path) }
    position = RunPosition(
      step: step,
      bestCriterion: (file.metadata[Key.bestCriterion] ?? file.metadata[Key.bestLoss]).flatMap(Double.init)
        ?? .infinity,
      means: file.metadata[Key.means].flatMap(RunningMeans.init(text:)) ?? RunningMeans(),
      skipped: number(Key.skipped) ?? 0)
    let numbers = file.metadata[Key.numbers].flatMap {
      try? JSONDecoder().decode([String: Double].self, from: Data($0.utf8))
    }
    state = StoredState(
      tensors: tensors,
      numbers: numbers ?? ["average.updates": Double(number(Key.averageUpdates) ?? step)])
  }

  init(position: RunPosition, state: StoredState) {
    self.position = position
    self.state = state
  }

  /// What is wrong with a damaged checkpoint, without its path.
  static func damage(_ error: any Error) -> String {
    switch error {
    case TensorFileError.safetensors(_, _, let problem): "\(problem)"
    case TensorFileError.mistaken(_, let content): content.fact
    default: "it does not hold what was written to it"
    }
  }

  /// Whether an error says that a checkpoint's content is not what a run has written, as after a power cut.
  static func isDamage(_ error: any Error) -> Bool {
    switch error {
    case is TensorFileError, TrainingError.damagedCheckpoint: true
    default: false
    }
  }
}

/// Where a run stands.
struct RunPosition: Equatable {
  /// How many steps were made.
  var step = 0
  /// The least ``Objective/criterion(_:)`` so far.
  var bestCriterion = Double.infinity
  /// What was measured since the last row of `metrics.jsonl`.
  var means = RunningMeans()
  /// How many steps were not taken, because they were not finite.
  var skipped = 0
}
