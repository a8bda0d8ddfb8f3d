import Foundation
import TensorFiles
import Torch

/// The folder of a run: `config.yaml` as resolved, `metrics.jsonl`, `checkpoints/`, `samples/`; one sub-folder a
/// stage, so that an autoencoder and the diffusion model trained on its latents live in one run.
public struct RunFolder: Sendable {
  public let url: URL
  /// `vae` or `diffusion`.
  public let stage: String

  public init(_ url: URL, stage: String) {
    self.url = url
    self.stage = stage
  }

  public var folder: URL { url.appendingPathComponent(stage) }
  public var configuration: URL { folder.appendingPathComponent("config.yaml") }
  public var metrics: URL { folder.appendingPathComponent("metrics.jsonl") }
  public var checkpoints: URL { folder.appendingPathComponent("checkpoints") }
  public var samples: URL { folder.appendingPathComponent("samples") }
  public var cache: URL { folder.appendingPathComponent("cache") }
  /// The weights that generation uses, averaged and best by validation loss.
  public var best: URL { checkpoints.appendingPathComponent("best.safetensors") }

  public func create() throws {
    for folder in [folder, checkpoints, samples, cache] {
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch {
        throw FileAccessError(path: folder.path, operation: .create, error: error)
      }
    }
  }

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

  private func checkpointSteps() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
      return Int(name.dropFirst(5).dropLast(12))
    }.sorted()
  }

  // MARK: Metrics

  /// Forgets the rows after `step`: a resumed run writes them again.
  func truncateMetrics(after step: Int) throws {
    guard let text = try? String(contentsOf: metrics, encoding: .utf8) else { return }
    let kept = text.split(separator: "\n").filter { line in
      guard let row = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else { return false }
      return (row["step"] as? Int ?? 0) <= step
    }
    try AtomicFile.write(Array((kept.joined(separator: "\n") + (kept.isEmpty ? "" : "\n")).utf8), to: metrics.path)
  }

  func appendMetrics(_ row: MetricsRow) throws {
    let line = try row.line()
    guard FileManager.default.fileExists(atPath: metrics.path) else {
      return try AtomicFile.write(line, to: metrics.path)
    }
    do {
      let handle = try FileHandle(forWritingTo: metrics)
      defer { try? handle.close() }
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(line))
    } catch {
      throw FileAccessError(path: metrics.path, operation: .write, error: error)
    }
  }
}

/// One line of `metrics.jsonl`.
struct MetricsRow {
  var step: Int
  var split: String
  var values: [String: Double]

  func line() throws -> [UInt8] {
    var object: [String: Any] = values.filter { $0.value.isFinite }
    object["step"] = step
    object["split"] = split
    return Array(try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])) + [UInt8(ascii: "\n")]
  }
}
