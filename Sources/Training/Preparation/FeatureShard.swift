import Foundation
import Support
import TensorFiles
import Torch

/// One file of features, mapped.
struct FeatureShard {
  /// What the features are made of.
  let key: String
  /// The items that it holds.
  let items: Range<Int>
  /// How many items all files have together.
  let total: Int
  /// How many items a full file has.
  let shardSize: Int
  /// What was noted with it.
  let notes: [String: String]
  let tensors: [String: MappedTensor]
  private let contentHash: String
  private let path: String

  /// Opens a file: its header and its size are checked.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError`, ``TrainingError/damagedFeatures(path:)`` if it was not written as features.
  init(contentsOf url: URL) throws {
    let file = try SafetensorsFile(path: url.path)
    var metadata = file.metadata
    func number(_ name: String) throws -> Int {
      guard let number = metadata.removeValue(forKey: name).flatMap({ Int($0) }), number >= 0 else {
        throw TrainingError.damagedFeatures(path: url.path)
      }
      return number
    }
    let (first, count) = (try number("first"), try number("items"))
    (total, shardSize) = (try number("total"), try number("shardSize"))
    guard let key = metadata.removeValue(forKey: "key"), let hash = metadata.removeValue(forKey: "sha256"),
      first <= total, count <= total - first, shardSize > 0
    else { throw TrainingError.damagedFeatures(path: url.path) }
    (self.key, contentHash, items, path) = (key, hash, first..<(first + count), url.path)
    notes = metadata
    tensors = file.tensorsByName
  }

  /// Writes a file, which appears whole or not at all.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError.unwritable`, `TorchError`.
  static func write(
    _ tensors: [String: Tensor], items: Range<Int>, of plan: FeaturePlan, notes: [String: String], to url: URL
  ) throws {
    let packed = try tensors.map { name, tensor in
      let entry = SafetensorsEntry(name: name, dtype: tensor.dtype.stored, shape: tensor.shape)
      return (entry: entry, bytes: try tensor.bytes())
    }
    var hash = ContentOfTensors(notes: notes)
    for (entry, bytes) in packed.sorted(by: { $0.entry.name < $1.entry.name }) {
      bytes.withUnsafeBytes { hash.add(entry.name, entry.shape, $0) }
    }
    let metadata = [
      "key": plan.key, "first": "\(items.lowerBound)", "items": "\(items.count)", "total": "\(plan.count)",
      "shardSize": "\(plan.shardSize)", "sha256": hash.hexadecimal,
    ]
    try SafetensorsWriter.write(packed, metadata: metadata.merging(notes) { own, _ in own }, to: url.path)
  }

  /// Whether the content is what was written. Reads the whole file.
  var isSound: Bool {
    var hash = ContentOfTensors(notes: notes)
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      tensor.withUnsafeBytes { hash.add(name, tensor.shape, $0) }
    }
    return hash.hexadecimal == contentHash
  }

  /// Whether it is a file of the same set as another.
  func belongs(with other: FeatureShard) -> Bool {
    (key, total, shardSize) == (other.key, other.total, other.shardSize)
  }

  /// Whether it is a file of a set.
  func belongs(to plan: FeaturePlan) -> Bool { (key, total, shardSize) == (plan.key, plan.count, plan.shardSize) }

  /// - Throws: `TensorFileError.tensorNotFound`.
  func tensor(_ name: String) throws -> MappedTensor {
    guard let tensor = tensors[name] else { throw TensorFileError.tensorNotFound(file: path, tensor: name) }
    return tensor
  }
}

/// The hash of the notes and the tensors of a file, which are added in the order of their names.
private struct ContentOfTensors {
  private var hash = RunningHash()

  init(notes: [String: String]) {
    for (name, note) in notes.sorted(by: { $0.key < $1.key }) { hash.update(part: "\(name)=\(note)") }
  }

  mutating func add(_ name: String, _ shape: [Int], _ bytes: UnsafeRawBufferPointer) {
    hash.update(part: "\(name) \(shape)")
    hash.update(bytes)
  }

  var hexadecimal: String { hash.hexadecimal }
}

extension MappedTensor {
  /// Bytes of one row: of what has the same place in the first dimension.
  var rowBytes: Int { shape.dropFirst().reduce(dtype.bitWidth / 8, *) }

  /// Calls `body` with the bytes of some rows as they lie in the file.
  ///
  /// - Throws: ``TrainingError/damagedFeatures(path:)`` if there are no such rows; what `body` throws.
  func withRows<Result>(_ rows: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    guard let count = shape.first, rows.lowerBound >= 0, rows.upperBound <= count else {
      throw TrainingError.damagedFeatures(path: file.path)
    }
    let bytes = (rows.lowerBound * rowBytes)..<(rows.upperBound * rowBytes)
    return try withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[bytes])) }
  }
}
