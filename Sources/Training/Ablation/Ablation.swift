import Foundation
import Models
import RadiographModels
import RunRecords
import Support

/// The trainings of a grid, one after another, and the table of their results.
public struct Ablation {
  /// The result of a row's training.
  public struct Result: Encodable, Sendable, Equatable {
    public var name: String
    public var settings: [String]
    /// Why the row was not trained; nil if it was.
    public var leftOut: String?
    /// The parameters that are trained, of all networks of the row; the text encoder is frozen and not among them.
    public var parameters: Int?
    /// The most bytes of tensors at a time.
    public var peakMemoryBytes: Int?
    public var secondsPerStep: Double?
    /// The mean training loss of the last row of metrics, and the validation loss at the end.
    public var trainingLoss: Double?
    public var validationLoss: Double?
    /// The Fréchet distance of samples to the images of the validation part, the network that it is measured by, and that
    /// of training images in the samples' place; nil if nothing was measured.
    public var distance: Distance?
    /// What a publication says of the row.
    public var claim: String?
    /// The run's folder; nil if the row was not trained. Not in the JSON.
    public var run: URL?

    /// A distance of samples.
    public struct Distance: Encodable, Sendable, Equatable {
      public var value: Double
      public var network: String
      public var samples: Int
      public var trainingImages: Double?

      public init(value: Double, network: String, samples: Int, trainingImages: Double?) {
        (self.value, self.network, self.samples, self.trainingImages) = (value, network, samples, trainingImages)
      }

      enum CodingKeys: String, CodingKey {
        case value, network, samples
        case trainingImages = "training_images"
      }
    }

    enum CodingKeys: String, CodingKey {
      case name, settings, parameters, distance, claim
      case leftOut = "left_out"
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

  /// Trains all rows. Rows that were trained before, to the same number of steps, are read; so is a row that is the same
  /// training as one before it, and one whose own text encoder is not at hand, or does not fit the networks, is left out.
  ///
  /// - Parameter autoencoderSteps: The steps of the autoencoder that the latents of a row come from, if the grid trains the
  ///   diffusion model. Rows with the same autoencoder have one.
  /// - Throws: what ``Trainer`` throws; `ArchitectureError` for changed networks that do not fit together.
  public func run(
    autoencoderSteps: Int, shouldStop: () -> Bool, report: (String, TrainingReport) -> Void
  ) throws -> [Result] {
    var trained: [String: URL] = [:]
    return try grid.rows.enumerated().map { number, row in
      let settings = grid.settings(of: row)
      var result = Result(name: row.name, settings: settings, claim: row.claim)
      if let encoder = row.settings?["textEncoder"]?.text, (try? TextEncoder.locate(name: encoder)) == nil {
        result.leftOut = "the text encoder \(encoder.onOneLine(limit: 60)) is not at hand"
        return result
      }
      let networks = isModel ? try architecture(settings) : nil
      let changed = try networks.flatMap { try row.networks?.applied(to: $0) } ?? networks
      let own = changed == networks ? [] : try changed.map { [try setting(of: $0)] } ?? []
      // A row with other settings, another recipe or another dataset is another run.
      let key = hash(of: settings + ["\(steps)", "\(autoencoderSteps)"] + own.map(Self.name))
      let folder = trained[key] ?? request.run.appendingPathComponent(String(format: "row-%02d-", number + 1) + key)
      trained[key] = folder
      if grid.stage == .diffusion {
        let other = changed?.autoencoder == networks?.autoencoder ? [] : own
        let autoencoder = request.run.appendingPathComponent(
          "autoencoder-" + hash(of: ["\(autoencoderSteps)"] + other.map(Self.name)))
        try train(.autoencoder, in: autoencoder, steps: autoencoderSteps, settings: other, shouldStop: shouldStop) {
          report("autoencoder" + (other.isEmpty ? "" : ", \(row.name)"), $0)
        }
        try shareAutoencoder(of: autoencoder, with: folder)
      }
      do {
        try train(grid.stage, in: folder, steps: steps, settings: settings + own, shouldStop: shouldStop) {
          report(row.name, $0)
        }
      } catch TrainingError.invalidSetting("textEncoder", let encoder, let remedy)
        where row.settings?["textEncoder"] != nil
      {
        result.leftOut = "the text encoder \(encoder.onOneLine(limit: 60)) does not fit: \(remedy)"
        return result
      }
      result.parameters = try changed?.parameterCounts().values.reduce(0, +)
      result.run = folder
      read(RunFolder(folder, stage: grid.stage), into: &result)
      return result
    }
  }

  /// Whether the grid trains a part of a model, which has an architecture.
  private var isModel: Bool { grid.stage == .diffusion || grid.stage == .autoencoder }

  /// The name of the file that a setting names: it holds a hash of the networks, and no path.
  private static func name(_ setting: String) -> String { URL(fileURLWithPath: setting).lastPathComponent }

  /// The networks of the recipe with some settings.
  private func architecture(_ settings: [String]) throws -> ModelArchitecture {
    let all = request.settings + settings
    return switch grid.stage {
    case .autoencoder:
      try AutoencoderRecipe.resolved(request.recipe, file: request.configuration, settings: all)
        .common.modelArchitecture()
    default:
      try DiffusionRecipe.resolved(request.recipe, file: request.configuration, settings: all).common
        .modelArchitecture()
    }
  }

  /// Writes changed networks into the folder of runs, and returns the setting that names the file.
  private func setting(of networks: ModelArchitecture) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let data = try encoder.encode(networks)
    try RunFolder.createFolder(request.run)
    let name = "networks-\(ContentHash.of([UInt8](data)).prefix(8)).json"
    let file = request.run.appendingPathComponent(name).standardizedFileURL
    if !FileManager.default.fileExists(atPath: file.path) { try AtomicFile.write([UInt8](data), to: file.path) }
    encoder.outputFormatting = .withoutEscapingSlashes
    return "architecture=" + String(decoding: try encoder.encode(file.path), as: UTF8.self)
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

  /// What a run has measured.
  private func read(_ folder: RunFolder, into result: inout Result) {
    let rows = MetricsLog(folder.metrics).rows()
    let trained = rows.filter { $0.split == .training && $0.seconds != nil }
    var secondsPerStep: Double?
    // The first row has what comes before a run's first step.
    if let first = trained.first, let last = trained.last, last.step > first.step {
      secondsPerStep = ((last.seconds ?? 0) - (first.seconds ?? 0)) / Double(last.step - first.step)
    }
    result.peakMemoryBytes = trained.compactMap(\.peakMemoryBytes).max()
    result.secondsPerStep = secondsPerStep
    result.trainingLoss = trained.last?.values[.loss]
    result.validationLoss = rows.last { $0.split == .validation }?.values[.loss]
  }
}
