import Foundation
import Models
import RunRecords
import Support
import TensorFiles
import TorchNN

/// The folder of a run: `report.html`, and one sub-folder a stage, so that an autoencoder and the diffusion model trained
/// on its latents live in one run. In each: `config.yaml` as resolved, `metrics.jsonl`, TensorBoard's event files,
/// `checkpoints/`, `samples/`, and what the stage was trained on.
public struct RunFolder: Sendable {
  public let url: URL
  /// The stage's name, which is its folder's.
  public let stage: String

  public init(_ url: URL, stage: TrainingStageName) {
    self.init(url, stage: stage.rawValue)
  }

  init(_ url: URL, stage: String) {
    self.url = url
    self.stage = stage
  }

  /// The page on all stages of the run.
  public var report: URL { url.appendingPathComponent("report.html") }
  public var folder: URL { url.appendingPathComponent(stage) }
  public var configuration: URL { folder.appendingPathComponent("config.yaml") }
  /// What the stage says of itself: `StageDescription`.
  var description: URL { folder.appendingPathComponent("stage.json") }
  public var metrics: URL { folder.appendingPathComponent("metrics.jsonl") }
  public var checkpoints: URL { folder.appendingPathComponent("checkpoints") }
  /// Snapshots of the averages of several widths.
  public var averages: URL { folder.appendingPathComponent("averages") }
  public var samples: URL { folder.appendingPathComponent("samples") }
  /// What `thorax evaluate run` has drawn and measured: `SampleDistances`, and the samples of each step. Training writes
  /// nothing there.
  public var distances: URL { folder.appendingPathComponent("distances") }
  public var cache: URL { folder.appendingPathComponent("cache") }
  /// The weights that generation uses, averaged and best by validation loss.
  public var best: URL { checkpoints.appendingPathComponent("best.safetensors") }

  private var own: [URL] { [folder, checkpoints, samples, cache] }

  /// Creates the folders that are not there.
  ///
  /// - Throws: ``TrainingError/notAFolder(path:)`` if a file has the name of one of them, `FileAccessError`.
  public func create() throws {
    for folder in own { try Self.createFolder(folder) }
  }

  /// Creates a folder and those that it lies in, also when another process creates it at the same moment.
  ///
  /// - Throws: ``TrainingError/notAFolder(path:)``, `FileAccessError`.
  static func createFolder(_ folder: URL) throws {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else {
        throw FileAccessError(path: folder.path, operation: .create, error: error)
      }
      guard isFolder.boolValue else { throw TrainingError.notAFolder(path: folder.path) }
    }
  }

  /// Removes the unfinished files that a killed process has left in the run. Only the process that holds the run's lock
  /// may call it: another's would be in use.
  func removeLeftovers() {
    let shards = (try? FileManager.default.contentsOfDirectory(atPath: cache.path)) ?? []
    for folder in [url, averages] + own + shards.map(cache.appendingPathComponent) {
      AtomicFile.removeLeftovers(in: folder.path)
    }
  }

  /// Whether something was encoded for the stage.
  var isPrepared: Bool {
    FileManager.default.fileExists(atPath: configuration.path)
      && !((try? FileManager.default.contentsOfDirectory(atPath: cache.path)) ?? []).isEmpty
  }

  /// The picture that is drawn at `step`.
  public func sample(step: Int) -> URL { samples.appendingPathComponent(SampleSheet.fileName(step: step)) }
}

// MARK: - Checkpoints

extension RunFolder {
  /// The step of the newest whole checkpoint, if there is any.
  public func newestStep() -> Int? { checkpointSteps().last }

  public func checkpoint(step: Int) -> URL {
    checkpoints.appendingPathComponent("step-" + String(format: "%08d", step) + ".safetensors")
  }

  /// Removes all but the newest `count` checkpoints; `best` stays.
  func keepNewest(_ count: Int) {
    for step in checkpointSteps().dropLast(max(1, count)) {
      try? FileManager.default.removeItem(at: checkpoint(step: step))
    }
  }

  /// Reads the newest checkpoint that is whole. Damaged ones that are newer are removed, since the run makes them again.
  ///
  /// - Parameters:
  ///   - restore: takes the checkpoint over.
  ///   - note: called with a remark on each damaged checkpoint.
  /// - Returns: nil if there is no checkpoint.
  /// - Throws: ``TrainingError/noWholeCheckpoint(path:reason:)`` or ``TrainingError/foreignCheckpoint(path:reason:)``, as
  ///   the newest is, if none is whole; what `restore` throws for another reason than damage.
  func newestCheckpoint(
    restoring restore: (Checkpoint) throws -> Void, note: (String) -> Void
  ) throws -> Checkpoint? {
    var damaged: [(step: Int, error: any Error)] = []
    for step in checkpointSteps().reversed() {
      do {
        let found = try Checkpoint(contentsOf: checkpoint(step: step), step: step)
        try restore(found)
        for (newer, error) in damaged {
          let file = checkpoint(step: newer)
          try? FileManager.default.removeItem(at: file)
          let reason = "\(error)".onOneLine(limit: 200)
          note("\(file.path) is damaged and was removed (\(reason)): going on from step \(step)")
        }
        return found
      } catch let error as ParameterLoadingError {
        damaged.append((step, TrainingError.foreignCheckpoint(path: checkpoint(step: step).path, reason: "\(error)")))
      } catch  where Checkpoint.isDamage(error) {
        damaged.append((step, error))
      }
    }
    guard let newest = damaged.first else { return nil }
    guard Checkpoint.isDamage(newest.error) else { throw newest.error }
    throw TrainingError.noWholeCheckpoint(
      path: checkpoint(step: newest.step).path, reason: Checkpoint.damage(newest.error))
  }

  /// The steps of the checkpoints that are there, rising.
  func checkpointSteps() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
      return Int(name.dropFirst(5).dropLast(12))
    }.sorted()
  }
}

// MARK: - Records

extension RunFolder {
  /// Writes a record of the run as JSON for people and programs.
  ///
  /// - Throws: `FileAccessError`.
  static func write(_ record: some Encodable, to url: URL) throws {
    try AtomicFile.write(Array(PrettyJSON.data(record)), to: url.path)
  }

  /// Reads what ``write(_:to:)`` has written.
  ///
  /// - Throws: `FileAccessError`, ``TrainingError/unreadableConfiguration(path:reason:)``.
  static func read<Record: Decodable>(_ type: Record.Type, from url: URL) throws -> Record {
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw FileAccessError(path: url.path, operation: .read, error: error)
    }
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw TrainingError.unreadableConfiguration(path: url.path, reason: "it is not as training has written it")
    }
  }
}
