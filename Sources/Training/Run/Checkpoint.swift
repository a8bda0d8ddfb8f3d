import Foundation
import Support
import TensorFiles
import Torch
import TorchNN

/// Everything that the next step of a run depends on.
struct Checkpoint {
  var step: Int
  /// The least validation loss so far.
  var bestLoss = Double.infinity
  /// What was measured since the last row of `metrics.jsonl`.
  var means = RunningMeans()
  /// The stage's own tensors and numbers.
  var state: StageState

  private enum Key {
    static let step = "step"
    static let bestLoss = "best_loss"
    static let means = "running_means"
    static let averageUpdates = "average_updates"
    static let content = "content_sha256"
  }

  /// Writes the checkpoint to a file that appears whole or not at all.
  ///
  /// - Throws: ``NotFinite`` if a tensor has an element that is infinite or not a number: nothing is written then;
  ///   `FileAccessError`, `TorchError`.
  func write(to url: URL) throws {
    try NotFinite.requireFinite(state.tensors)
    let metadata = [
      Key.step: "\(step)", Key.bestLoss: "\(bestLoss)", Key.means: try means.text(),
      Key.averageUpdates: "\(state.averageUpdates)", Key.content: try Self.hash(state.tensors),
    ]
    try SafetensorsWriter.write(state.tensors, metadata: metadata, to: url.path)
  }

  /// Reads a checkpoint. One of the former version has no means and no hash, and a step for each update of the average.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError`, ``TrainingError/damagedCheckpoint(path:)``.
  init(contentsOf url: URL, step: Int) throws {
    let file = try SafetensorsFile(path: url.path)
    let tensors = try file.loadTensors()
    if let hash = file.metadata[Key.content], try hash != Self.hash(tensors) {
      throw TrainingError.damagedCheckpoint(path: url.path)
    }
    self.step = step
    bestLoss = file.metadata[Key.bestLoss].flatMap(Double.init) ?? .infinity
    means = file.metadata[Key.means].flatMap(RunningMeans.init(text:)) ?? RunningMeans()
    state = StageState(
      tensors: tensors, averageUpdates: file.metadata[Key.averageUpdates].flatMap { Int($0) } ?? step)
  }

  init(step: Int, bestLoss: Double, means: RunningMeans, state: StageState) {
    self.step = step
    self.bestLoss = bestLoss
    self.means = means
    self.state = state
  }

  /// The hash of all tensors' names and elements, in the order of the names.
  private static func hash(_ tensors: [String: Tensor]) throws -> String {
    ContentHash.of(
      parts: try tensors.sorted { $0.key < $1.key }.flatMap { [$0.key, ContentHash.of(try $0.value.bytes())] })
  }

  /// Whether an error says that a checkpoint's content is not what a run has written, as after a power cut.
  static func isDamage(_ error: any Error) -> Bool {
    switch error {
    case is TensorFileError, is ParameterLoadingError, TrainingError.damagedCheckpoint: true
    default: false
    }
  }
}
