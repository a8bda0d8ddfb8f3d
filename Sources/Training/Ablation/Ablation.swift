import Foundation
import Models
import RunRecords
import Support

/// The trainings of a grid, one after another, and the table of their results.
public struct Ablation {
  /// The result of a row's training.
  public struct Result: Encodable, Sendable, Equatable {
    public var name: String
    public var settings: [String]
    /// The most bytes of tensors at a time.
    public var peakMemoryBytes: Int?
    public var secondsPerStep: Double?
    /// The mean training loss of the last row of metrics, and the validation loss at the end.
    public var trainingLoss: Double?
    public var validationLoss: Double?
    /// What a publication says of the row.
    public var claim: String?

    enum CodingKeys: String, CodingKey {
      case name, settings, claim
      case peakMemoryBytes = "peak_memory_bytes"
      case secondsPerStep = "seconds_per_step"
      case trainingLoss = "training_loss"
      case validationLoss = "validation_loss"
    }
  }

  let grid: AblationGrid
  let request: TrainingRequest
  let steps: Int

  /// - Parameters:
  ///   - request: Dataset, recipe, settings of all rows, and the folder for the runs.
  ///   - steps: The steps of each training.
  public init(_ grid: AblationGrid, request: TrainingRequest, steps: Int) {
    self.grid = grid
    self.request = request
    self.steps = steps
  }

  /// Trains all rows. Rows that were trained before, to the same number of steps, are read.
  ///
  /// - Parameter autoencoderSteps: The steps of the autoencoder that the latents of all rows come from, if the grid trains
  ///   the diffusion model.
  /// - Throws: what ``Trainer`` throws.
  public func run(
    autoencoderSteps: Int, shouldStop: () -> Bool, report: (String, TrainingReport) -> Void
  ) throws -> [Result] {
    let autoencoder = request.run.appendingPathComponent("autoencoder-" + hash(of: ["\(autoencoderSteps)"]))
    if grid.stage == .diffusion {
      try train(.autoencoder, in: autoencoder, steps: autoencoderSteps, settings: [], shouldStop: shouldStop) {
        report("autoencoder", $0)
      }
    }
    return try grid.rows.enumerated().map { number, row in
      let settings = grid.settings(of: row)
      // A row with other settings, another recipe or another dataset is another run.
      let folder = request.run.appendingPathComponent(
        String(format: "row-%02d-", number + 1) + hash(of: settings + ["\(steps)", "\(autoencoderSteps)"]))
      if grid.stage == .diffusion { try shareAutoencoder(of: autoencoder, with: folder) }
      try train(grid.stage, in: folder, steps: steps, settings: settings, shouldStop: shouldStop) {
        report(row.name, $0)
      }
      return result(of: row, settings: settings, in: RunFolder(folder, stage: grid.stage))
    }
  }

  private func hash(of parts: [String]) -> String {
    let common = [request.dataset.path, request.recipe ?? "", request.configuration?.path ?? ""] + request.settings
    return String(ContentHash.of(parts: common + parts).prefix(8))
  }

  private func train(
    _ stage: TrainingStageName, in run: URL, steps: Int, settings: [String], shouldStop: () -> Bool,
    report: (TrainingReport) -> Void
  ) throws {
    var row = request
    row.run = run
    row.settings += settings + ["steps=\(steps)", "cadence.log=\(max(1, steps / 2))"]
    try Trainer.complete(stage, row, steps: steps, shouldStop: shouldStop, report: report)
  }

  /// All rows see the latents of one autoencoder.
  private func shareAutoencoder(of autoencoder: URL, with run: URL) throws {
    try RunFolder.createFolder(run)
    let name = TrainingStageName.autoencoder.rawValue
    let (source, target) = (autoencoder.appendingPathComponent(name), run.appendingPathComponent(name))
    guard !FileManager.default.fileExists(atPath: target.path) else { return }
    do {
      // Whole or not at all: a part of it would be taken for the whole the next time.
      let copy = run.appendingPathComponent(".\(name).tmp")
      try? FileManager.default.removeItem(at: copy)
      try FileManager.default.copyItem(at: source, to: copy)
      try FileManager.default.moveItem(at: copy, to: target)
    } catch {
      throw FileAccessError(path: target.path, operation: .create, error: error)
    }
  }

  private func result(of row: AblationGrid.Row, settings: [String], in folder: RunFolder) -> Result {
    let rows = MetricsLog(folder.metrics).rows()
    let trained = rows.filter { $0.split == .training && $0.seconds != nil }
    var secondsPerStep: Double?
    // The first row has what comes before a run's first step.
    if let first = trained.first, let last = trained.last, last.step > first.step {
      secondsPerStep = ((last.seconds ?? 0) - (first.seconds ?? 0)) / Double(last.step - first.step)
    }
    return Result(
      name: row.name, settings: settings, peakMemoryBytes: trained.compactMap(\.peakMemoryBytes).max(),
      secondsPerStep: secondsPerStep, trainingLoss: trained.last?.values[.loss],
      validationLoss: rows.last { $0.split == .validation }?.values[.loss], claim: row.claim)
  }
}
