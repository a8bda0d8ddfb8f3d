import Foundation
import RunRecords
import Support
import TensorFiles

/// The folder of a run: `report.html`, and one sub-folder a stage, so that an autoencoder and the diffusion model trained
/// on its latents live in one run. In each: `config.yaml` as resolved, `metrics.jsonl`, TensorBoard's event files,
/// `checkpoints/`, `samples/`.
public struct RunFolder: Sendable {
  public let url: URL
  /// `vae` or `diffusion`.
  public let stage: String

  public init(_ url: URL, stage: String) {
    self.url = url
    self.stage = stage
  }

  /// The page on all stages of the run.
  public var report: URL { url.appendingPathComponent("report.html") }
  public var folder: URL { url.appendingPathComponent(stage) }
  public var configuration: URL { folder.appendingPathComponent("config.yaml") }
  public var metrics: URL { folder.appendingPathComponent("metrics.jsonl") }
  public var checkpoints: URL { folder.appendingPathComponent("checkpoints") }
  public var samples: URL { folder.appendingPathComponent("samples") }
  public var cache: URL { folder.appendingPathComponent("cache") }
  /// The weights that generation uses, averaged and best by validation loss.
  public var best: URL { checkpoints.appendingPathComponent("best.safetensors") }

  /// Creates the folders that are not there.
  ///
  /// - Throws: ``TrainingError/notAFolder(path:)`` if a file has the name of one of them, `FileAccessError`.
  public func create() throws {
    for folder in [folder, checkpoints, samples, cache] { try Self.createFolder(folder) }
  }

  /// Creates a folder and those that it lies in, also when another process creates it at the same moment.
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

  /// The step of the newest whole checkpoint, if there is any.
  public func newestStep() -> Int? { checkpointSteps().last }

  public func checkpoint(step: Int) -> URL {
    checkpoints.appendingPathComponent("step-" + String(format: "%08d", step) + ".safetensors")
  }

  /// The picture that is drawn at `step`.
  public func sample(step: Int) -> URL { samples.appendingPathComponent(SampleSheet.fileName(step: step)) }

  /// Removes all but the newest `count` checkpoints; `best` stays.
  func keepNewest(_ count: Int) {
    for step in checkpointSteps().dropLast(max(1, count)) {
      try? FileManager.default.removeItem(at: checkpoint(step: step))
    }
  }

  private func checkpointSteps() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
      return Int(name.dropFirst(5).dropLast(12))
    }.sorted()
  }
}
