import Foundation
import Support
import TensorFiles
import Torch

/// What features are made of, and how they are divided into files.
struct FeaturePlan {
  /// The folder of the files, which holds nothing else that is called `NUMBER.safetensors`.
  let folder: URL
  /// Changes when anything does that the features are made of.
  let key: String
  /// How many items there are in all.
  let count: Int
  /// How many items are encoded at a time. Every file holds whole batches, so that an encoding that goes on makes the
  /// batches of one that was not stopped.
  let batch: Int
  /// How many items a file holds; the last may hold fewer. A multiple of `batch`.
  let shardSize: Int

  /// - Parameter shardSize: How many items a file should hold; rounded to whole batches.
  init(folder: URL, key: String, count: Int, batch: Int, shardSize: Int = 1024) {
    (self.folder, self.key, self.count, self.batch) = (folder, key, count, batch)
    self.shardSize = max(1, shardSize / batch) * batch
  }

  var shardCount: Int { (count + shardSize - 1) / shardSize }

  /// The items of a file.
  func items(ofShard number: Int) -> Range<Int> {
    (number * shardSize)..<min((number + 1) * shardSize, count)
  }

  static func file(_ number: Int, in folder: URL) -> URL {
    let digits = String(number)
    let name = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    return folder.appendingPathComponent("\(name).safetensors")
  }
}

/// Features of items, encoded once and mapped from files of so many items each: a row of every tensor, or some, belongs to
/// an item. What is held in memory grows with the number of files alone.
///
/// Any number of processes may have them open. A finished set is never changed, only removed.
struct FeatureShards {
  /// How many items there are in all.
  let count: Int
  private let shardSize: Int
  private let shards: [FeatureShard]

  /// Opens what ``FeatureEncoding`` has stored, if it is whole: headers and sizes are looked at, not the content.
  ///
  /// - Parameter key: What the features have to be made of; nil takes whatever there is.
  /// - Returns: nil if a file is missing, damaged or of another key.
  static func open(_ folder: URL, key: String? = nil) -> FeatureShards? {
    guard let first = try? FeatureShard(contentsOf: FeaturePlan.file(0, in: folder)),
      key == nil || key == first.key
    else { return nil }
    var shards = [first]
    while shards.count * first.shardSize < first.total {
      guard let next = try? FeatureShard(contentsOf: FeaturePlan.file(shards.count, in: folder)) else { return nil }
      shards.append(next)
    }
    for (number, shard) in shards.enumerated() {
      let items = (number * first.shardSize)..<min((number + 1) * first.shardSize, first.total)
      guard shard.belongs(with: first), shard.items == items else { return nil }
    }
    return FeatureShards(count: first.total, shardSize: first.shardSize, shards: shards)
  }

  /// The names of the tensors.
  var names: [String] { shards.first.map { Array($0.tensors.keys) } ?? [] }

  /// What was noted with each file.
  var notes: [[String: String]] { shards.map(\.notes) }

  /// The rows of some items, copied: of a tensor that has one for each item.
  ///
  /// - Throws: `TensorFileError` if there is no such tensor, ``TrainingError/damagedFeatures(path:)`` if a file has not the rows that it
  ///   should have, `TorchError`.
  func rows(_ name: String, of items: [Int]) throws -> Tensor {
    var bytes: [UInt8] = []
    var (dtype, shape) = (StoredDType.float32, [Int]())
    for item in items {
      let (shard, index) = place(of: item)
      let tensor = try shard.tensor(name)
      if shape.isEmpty {
        (dtype, shape) = (tensor.dtype, Array(tensor.shape.dropFirst()))
        bytes.reserveCapacity(items.count * tensor.rowBytes)
      }
      try tensor.withRows(index..<(index + 1)) { bytes.append(contentsOf: $0) }
    }
    guard let type = DType(dtype) else {
      throw TorchError.unsupportedElements(dtype.rawValue, of: "stored features")
    }
    return try Tensor(bytes: bytes, shape: [items.count] + shape, dtype: type)
  }

  /// The file that holds an item, and the item's place in it.
  func place(of item: Int) -> (shard: FeatureShard, index: Int) {
    let (number, index) = item.quotientAndRemainder(dividingBy: shardSize)
    return (shards[number], index)
  }
}
