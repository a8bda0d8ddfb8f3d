import Evaluation
import ImageFiles
import Serving

/// The copy gate as a service asks it.
struct GateJudge: TrainingNearnessJudge {
  private let gate: CopyGate

  /// - Parameter path: A file that `thorax evaluate gate --save-gate` wrote.
  /// - Throws: `MeasurementError`, `TensorFileError` for a file that holds no gate; `FileAccessError`.
  init(path: String) throws { gate = try GateFile.read(path: path) }

  func nearness(of image: GrayscaleImage) async throws -> TrainingNearness {
    let finding = try await gate.finding(image)
    return TrainingNearness(
      verdict: finding.verdict == .copy ? .copy : .clear, distance: finding.nearness.distance,
      threshold: finding.nearness.threshold, images: gate.index.count)
  }
}
