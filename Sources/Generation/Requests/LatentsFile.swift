import Support
import SystemPackage
import TensorFiles
import Torch

/// Latents that do not fit the model or the request.
public enum LatentsError: Error, Equatable, CustomStringConvertible {
  case count(Int, expected: Int)
  case shape([Int], expected: [Int])
  case notFinite
  case noTensor(path: String, names: [String])

  public var description: String {
    switch self {
    case .count(let count, let expected):
      "the latents file holds \(count.of("sample")) for \(expected.of("image")): give one for each image"
    case .shape(let shape, let expected):
      "the latents have shape \(Self.text(shape)) where the model has \(Self.text(expected)): use latents of this model"
    case .notFinite: "the latents hold NaN or infinite values: use latents that are numbers"
    case .noTensor(let path, let names):
      "'\(path)' has no tensor 'latents' (it has \(names.prefix(5).joined(separator: ", "))): save latents under that name"
    }
  }

  private static func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "x") }
}

/// One image's latents in the space in which diffusion happens (mean 0, variance 1 over the training data).
public struct Latents: Equatable, Sendable {
  /// Channels, height, width.
  public var shape: [Int]
  /// Row by row, channel by channel.
  public var values: [Float]

  public init(shape: [Int], values: [Float]) {
    self.shape = shape
    self.values = values
  }
}

/// Reading and writing latents: a safetensors file with one float32 tensor `latents`, `[images, C, H, W]`.
public enum LatentsFile {
  static let name = "latents"

  /// The latents of `count` images.
  ///
  /// - Throws: ``LatentsError``; `TensorFileError`, `FileAccessError` for a file that cannot be read; `TorchError`.
  public static func read(path: String, expecting count: Int) throws -> [Latents] {
    let file = try SafetensorsFile(path: path)
    guard let mapped = file[name] else { throw LatentsError.noTensor(path: path, names: file.names) }
    let tensor = try Tensor(mapped)
    let shape = tensor.shape
    // One image's latents may come without the batch dimension.
    let sample = shape.count == 3 ? shape : Array(shape.dropFirst())
    guard sample.count == 3, sample.allSatisfy({ $0 > 0 }) else {
      throw LatentsError.shape(shape, expected: [1, 0, 0, 0])
    }
    let values = try tensor.floats()
    let size = sample.reduce(1, *)
    guard values.count == count * size else { throw LatentsError.count(values.count / size, expected: count) }
    return (0..<count).map { Latents(shape: sample, values: Array(values[$0 * size..<($0 + 1) * size])) }
  }

  /// Whether the file is one that ``write(_:to:overwrite:)`` can have written; an empty file counts as one.
  static func isLatents(path: String) -> Bool {
    FilePath(path).byteCount == 0 || (try? SafetensorsFile(path: path))?.names == [name]
  }

  /// Writes one tensor of all latents; the file appears whole or not at all.
  ///
  /// - Throws: `FileAccessError` if the file exists and is not to be replaced, or cannot be written.
  public static func write(_ latents: [Latents], to path: String, overwrite: Bool) throws {
    guard let first = latents.first else { return }
    let values = latents.flatMap(\.values)
    let entry = SafetensorsEntry(name: name, dtype: .float32, shape: [latents.count] + first.shape)
    try SafetensorsWriter.write(
      [(entry, values.withUnsafeBytes { Array($0) })], to: path, mode: overwrite ? .replace : .createNew)
  }
}

extension Latents {
  /// Refuses latents of another shape than the model's, and values that are not finite.
  ///
  /// - Throws: ``LatentsError``.
  public func check(shape wanted: [Int]) throws {
    guard shape == wanted else { throw LatentsError.shape(shape, expected: wanted) }
    guard values.allSatisfy(\.isFinite) else { throw LatentsError.notFinite }
  }

  /// SHA-256 of the values, as float32 in the order of memory.
  var hash: String { values.withUnsafeBytes { ContentHash.of($0) } }

  /// `[1, C, H, W]` on the CPU.
  func tensor() throws -> Tensor { try Tensor(values, shape: [1] + shape) }
}
