import Foundation
import Models
import Support
import TensorFiles
import Torch
import TorchNN

/// The snapshots of a stage's power-function averages, from which an average of any width is made afterwards.
struct AverageSnapshots {
  /// The stage's folder `averages`, with a file for each step that was stored.
  let folder: URL

  /// The key of the step in a file's metadata. There are fewer updates than steps if some were not taken.
  private static let stepKey = "step"

  /// Stores all averages as they are now, in float16: their errors are far below what the sum of snapshots leaves out.
  ///
  /// - Parameter step: Steps made so far.
  /// - Throws: `FileAccessError`, `TorchError`.
  func store(_ averages: [(width: Double, average: PowerFunctionAverage)], step: Int) throws {
    guard let updates = averages.first?.average.updates, updates > 0 else { return }
    try RunFolder.createFolder(folder)
    var tensors: [String: Tensor] = [:]
    for (width, average) in averages {
      for (path, tensor) in average.state() { tensors["\(width)/\(path)"] = try tensor.to(.float16) }
    }
    let name = "updates-" + String(format: "%08d", updates) + ".safetensors"
    try SafetensorsWriter.write(
      tensors, metadata: [Self.stepKey: "\(step)"], to: folder.appendingPathComponent(name).path)
  }

  /// The snapshots that are there, in their order. One of a former version does not say its step: it has that of its
  /// number of updates.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError` for a file that cannot be read.
  func stored() throws -> [(step: Int, updates: Int)] {
    try names().map { updates, name in
      let file = try SafetensorsFile(path: folder.appendingPathComponent(name).path)
      return (file.metadata[Self.stepKey].flatMap { Int($0) } ?? updates, updates)
    }
  }

  /// Removes the snapshots of more updates than a run goes on from.
  func forget(after updates: Int) {
    for (found, name) in names() where found > updates {
      try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
  }

  /// The files of snapshots with their numbers of updates, in their order.
  private func names() -> [(updates: Int, name: String)] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted().compactMap { name in
      guard name.hasPrefix("updates-"), name.hasSuffix(".safetensors") else { return nil }
      return Int(name.dropFirst(8).dropLast(12)).map { ($0, name) }
    }
  }

  /// The weights averaged with a width at the last snapshot, by path, and the number of updates that led to them.
  ///
  /// What is held in memory is one set of weights in float32, and one tensor of each snapshot's files at a time.
  ///
  /// - Parameter most: Snapshots of more updates do not count; nil for all.
  /// - Returns: nil if there are no snapshots.
  /// - Throws: `FileAccessError`, `TensorFileError`, `WeightAverageError`, `TorchError`.
  func weights(width: Double, updates most: Int? = nil) throws -> (tensors: [String: Tensor], updates: Int)? {
    let files = try names().filter { $0.updates <= most ?? .max }.map {
      (updates: $0.updates, file: try SafetensorsFile(path: folder.appendingPathComponent($0.name).path))
    }
    guard let last = files.last else { return nil }
    var points: [PostHocAverage.Point] = []
    var snapshots: [(tensors: [String: MappedTensor], prefix: String)] = []
    for (updates, file) in files {
      let tensors = file.tensorsByName
      for width in Set(tensors.keys.map { String($0.prefix { $0 != "/" }) }).sorted() {
        guard let tracked = Double(width) else { continue }
        points.append(.init(time: updates, profile: try PowerFunction(relativeDeviation: tracked)))
        snapshots.append((tensors, width + "/"))
      }
    }
    let shapes = snapshots.map { tensors, prefix in
      tensors.reduce(into: [String: [Int]]()) { shapes, item in
        if item.key.hasPrefix(prefix) { shapes[String(item.key.dropFirst(prefix.count))] = item.value.shape }
      }
    }
    let target = PostHocAverage.Point(
      time: last.updates, profile: try PowerFunction(relativeDeviation: width))
    let sum = try PostHocAverage.sum(
      of: shapes, weights: PostHocAverage.weights(of: points, target: target)
    ) { snapshot, path in
      try snapshots[snapshot].tensors[snapshots[snapshot].prefix + path].map { try Tensor($0) }
    }
    return (sum, last.updates)
  }
}
