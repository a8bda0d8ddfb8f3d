import Foundation
import Support
import TensorFiles
import Torch

/// Encodes features and stores them file by file as they come, so that a stop or a kill loses less than one file.
///
/// A file appears whole or not at all, and no file depends on another: what is missing or damaged is encoded again,
/// alone, in the batches of an encoding that was never disturbed. So the files end with the same bytes.
struct FeatureEncoding {
  let plan: FeaturePlan
  let limits: RunLimits
  /// Called with a remark on what was stored and cannot be used.
  let note: (String) -> Void
  /// Called with the number of items done so far.
  let progress: (Int) -> Void

  /// The stored features, once all of them are there and sound.
  ///
  /// - Parameters:
  ///   - notes: What is noted with a file, of its tensors.
  ///   - encode: The tensors of some items that follow on one another; joined by their first dimension. Called with
  ///     rising items.
  /// - Throws: ``EncodingStopped`` if a limit was reached, with all that was encoded stored; `FileAccessError` if the
  ///   disk is full, for example, with all files before stored; what `encode` throws.
  func shards(
    notes: ([String: Tensor]) throws -> [String: String] = { _ in [:] },
    encode: (Range<Int>) throws -> [String: Tensor]
  ) throws -> FeatureShards {
    try RunFolder.createFolder(plan.folder)
    let stored = try storedItems()
    var done = stored.reduce(0, +)
    if done > 0 { progress(done) }
    for number in 0..<plan.shardCount where stored[number] < plan.items(ofShard: number).count {
      try complete(number, stored: stored[number], done: &done, notes: notes, encode: encode)
    }
    guard let shards = FeatureShards.open(plan.folder, key: plan.key) else {
      throw TrainingError.damagedFeatures(path: plan.folder.path)
    }
    return shards
  }

  /// Encodes what a file has not yet.
  private func complete(
    _ number: Int, stored: Int, done: inout Int, notes: ([String: Tensor]) throws -> [String: String],
    encode: (Range<Int>) throws -> [String: Tensor]
  ) throws {
    let items = plan.items(ofShard: number)
    let url = FeaturePlan.file(number, in: plan.folder)
    var position = items.lowerBound + stored
    var batches: [[String: Tensor]] = []
    if stored > 0 { batches.append(try FeatureShard(contentsOf: url).tensors.tensors()) }
    func store() throws {
      guard position > items.lowerBound + stored else { return }
      let whole = try Self.joined(batches)
      try FeatureShard.write(
        whole, items: items.lowerBound..<position, of: plan, notes: notes(whole), to: url)
    }
    while position < items.upperBound {
      if let reason = limits.reached() {
        try store()
        throw EncodingStopped(reason: reason)
      }
      let end = min(position + plan.batch, items.upperBound)
      batches.append(try encode(position..<end))
      done += end - position
      position = end
      progress(done)
    }
    try store()
  }

  /// How many items of each file are stored and sound. Files that are not of the plan are removed.
  ///
  /// - Throws: ``EncodingStopped``.
  private func storedItems() throws -> [Int] {
    var stored = [Int](repeating: 0, count: plan.shardCount)
    var removed = (damaged: [String](), others: 0)
    for number in storedNumbers() {
      if let reason = limits.reached() { throw EncodingStopped(reason: reason) }
      let url = FeaturePlan.file(number, in: plan.folder)
      do {
        let shard = try FeatureShard(contentsOf: url)
        if number < plan.shardCount, shard.belongs(to: plan) {
          guard isOurs(shard, number) else { throw TrainingError.damagedFeatures(path: url.path) }
          stored[number] = shard.items.count
          continue
        }
        removed.others += 1
      } catch {
        removed.damaged.append(url.lastPathComponent)
      }
      try? FileManager.default.removeItem(at: url)
    }
    let folder = plan.folder.path
    if let first = removed.damaged.first {
      let more = removed.damaged.count > 1 ? " and \(removed.damaged.count - 1) more" : ""
      note("\(folder): \(first)\(more) damaged: what it held is encoded again")
    }
    if removed.others > 0 { note("\(folder): weights, images or settings have changed: all is encoded again") }
    return stored
  }

  /// Whether a file of the plan holds whole batches from its first item on, as they were written.
  private func isOurs(_ shard: FeatureShard, _ number: Int) -> Bool {
    let items = plan.items(ofShard: number)
    return shard.items.lowerBound == items.lowerBound && shard.items.upperBound <= items.upperBound
      && (shard.items.upperBound == items.upperBound || shard.items.count % plan.batch == 0) && shard.isSound
  }

  /// The numbers of the files that there are, rising.
  private func storedNumbers() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: plan.folder.path)) ?? []
    return names.compactMap { name in
      guard let number = name.wholeMatch(of: /([0-9]+)\.safetensors/).flatMap({ Int($0.1) }),
        FeaturePlan.file(number, in: plan.folder).lastPathComponent == name
      else { return nil }
      return number
    }.sorted()
  }

  private static func joined(_ batches: [[String: Tensor]]) throws -> [String: Tensor] {
    guard let first = batches.first else { return [:] }
    return try first.keys.reduce(into: [:]) { whole, name in
      whole[name] = try Tensor.cat(batches.compactMap { $0[name] })
    }
  }
}

/// A stop while features were encoded; what was done is stored.
struct EncodingStopped: Error, Equatable {
  var reason: RunLimits.Reason
}
