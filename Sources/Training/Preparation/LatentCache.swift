import Foundation
import Models
import RadiographModels
import Support
import TensorFiles
import Torch

// N latents, B batch, C channels, H height, W width

/// The latents of a dataset's part: every image encoded as it is and, if asked for, moved by a few pixels. Not normalised,
/// one for each example.
struct LatentCache {
  private let shards: FeatureShards
  /// Mean and deviation of each channel over all latents.
  let statistics: LatentStatistics

  private static let name = "latents"

  /// How many images the autoencoder takes at a time.
  static let batch = 16

  /// Opens the latents in a folder, if they are whole. Another process may have encoded them.
  ///
  /// - Parameter key: What they have to be made of; nil takes whatever there is.
  /// - Returns: nil if something is missing, damaged or of another key.
  static func open(_ folder: URL, key: String? = nil) -> LatentCache? {
    FeatureShards.open(folder, key: key).flatMap { try? LatentCache($0) }
  }

  /// - Throws: ``TrainingError/damagedFeatures(path:)`` if the latents' moments are not noted with them.
  private init(_ shards: FeatureShards) throws {
    self.shards = shards
    statistics = try ChannelMoments(ofAll: shards.notes).statistics
  }

  /// Encodes what is not stored yet.
  ///
  /// - Parameter shift: Where the copies of images are moved to.
  /// - Throws: ``EncodingStopped``, `DatasetError`, `FileAccessError`, `TorchError`.
  static func encode(
    _ examples: ExampleImages, of batches: PixelBatches, with autoencoder: Autoencoder, shift: ImageShift,
    by encoding: FeatureEncoding
  ) throws -> LatentCache {
    try encode(by: encoding) { items in
      let image_BCHW = try images(of: items, examples, in: batches, shift)
      return try autoencoder.encode(image_BCHW.contiguous(memoryFormat: .channelsLast)).mean_BCHW
    }
  }

  /// Stores what `encode` makes of some examples that follow on one another.
  static func encode(
    by encoding: FeatureEncoding, dtype: DType = .float16, latents encode: (Range<Int>) throws -> Tensor
  ) throws -> LatentCache {
    try LatentCache(
      encoding.shards(notes: { try ChannelMoments($0[name]).notes }) { items in
        try withoutGradients { [name: try encode(items).contiguous().to(.cpu).to(dtype)] }
      })
  }

  /// The latents of some examples.
  ///
  /// - Throws: `TensorFileError`, ``TrainingError/damagedFeatures(path:)``, `TorchError`.
  func latents(_ examples: [Int]) throws -> Tensor { try shards.rows(Self.name, of: examples) }

  static func images(
    of items: Range<Int>, _ examples: ExampleImages, in batches: PixelBatches, _ shift: ImageShift
  ) throws -> Tensor {
    let image_BCHW = try batches.images(items.map { examples[$0] })
    guard examples.hasCopies, shift.maximum > 0 else { return image_BCHW }
    let (side, margin) = (image_BCHW.shape[3], shift.maximum)
    // Edges are repeated.
    let padded_BCHW = try image_BCHW.pad(pad: [margin, margin, margin, margin], mode: "replicate")
    return try Tensor.cat(
      items.enumerated().map { row, example in
        let corner = shift.corner(ofImage: examples[example], copy: examples.copy(example))
        return try padded_BCHW.narrow(dim: 0, start: row, length: 1)
          .narrow(dim: 2, start: corner[0], length: side).narrow(dim: 3, start: corner[1], length: side)
      })
  }
}
