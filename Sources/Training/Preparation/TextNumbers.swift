import Foundation
import Support
import TensorFiles

// N images, K texts of each

/// Which text each image has: distinct texts are numbered in the order in which they first come. Mapped; no text is held.
struct TextNumbers {
  /// Changes when a text does, or what encodes it.
  let key: String
  /// How many distinct texts there are.
  let count: Int
  let textsPerImage: Int
  private let numbers_NK: MappedTensor

  private static let name = "numbers"

  /// Opens what ``write(to:key:numbers:count:textsPerImage:)`` has written.
  ///
  /// - Throws: `FileAccessError`, `TensorFileError`, ``TrainingError/damagedFeatures(path:)``.
  init(contentsOf url: URL) throws {
    let file = try SafetensorsFile(path: url.path)
    numbers_NK = try file.tensor(Self.name)
    guard let key = file.metadata["key"], let count = file.metadata["texts"].flatMap({ Int($0) }), count >= 0,
      numbers_NK.dtype == .int32, numbers_NK.shape.count == 2,
      numbers_NK.withUnsafeBytes({ ContentHash.of($0) }) == file.metadata["sha256"]
    else { throw TrainingError.damagedFeatures(path: url.path) }
    (self.key, self.count, textsPerImage) = (key, count, numbers_NK.shape[1])
  }

  static func write(to url: URL, key: String, numbers: [Int32], count: Int, textsPerImage: Int) throws {
    let entry = SafetensorsEntry(
      name: Self.name, dtype: .int32, shape: [numbers.count / textsPerImage, textsPerImage])
    try numbers.withUnsafeBytes { bytes in
      let metadata = ["key": key, "texts": "\(count)", "sha256": ContentHash.of(bytes)]
      try SafetensorsWriter.write([entry], metadata: metadata, to: url.path) { _, append in try append(bytes) }
    }
  }

  var imageCount: Int { numbers_NK.shape[0] }

  /// The number of a text.
  subscript(image: Int, text: Int) -> Int {
    numbers_NK.withUnsafeBytes {
      Int(Int32(littleEndian: $0.loadUnaligned(fromByteOffset: 4 * (image * textsPerImage + text), as: Int32.self)))
    }
  }
}
