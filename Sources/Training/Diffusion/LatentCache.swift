import Foundation
import Models
import RadiographData
import RadiographModels
import TensorFiles
import Torch

// N latents, C channels, H height, W width

/// The latents of a dataset's part: every image encoded as it is and, if asked for, moved by a few pixels.
struct LatentCache {
  /// Image by image, float16, not normalised.
  let latents_NCHW: Tensor
  /// Of each channel over all latents of the training part.
  let statistics: LatentStatistics

  /// The cached latents if they were made from the same weights and images, otherwise freshly encoded ones.
  ///
  /// - Parameter key: changes when weights, images or settings do.
  static func load(_ url: URL, key: String, encode: () throws -> Tensor) throws -> LatentCache {
    if let file = try? SafetensorsFile(path: url.path), file.metadata["key"] == key {
      let latents = try Tensor(file.tensor("latents"))
      return LatentCache(latents_NCHW: latents, statistics: try LatentStatistics(of: latents))
    }
    let latents = try encode()
    try SafetensorsWriter.write(["latents": latents], metadata: ["key": key], to: url.path)
    return LatentCache(latents_NCHW: latents, statistics: try LatentStatistics(of: latents))
  }

  /// Encodes every image of `batches`: once as it is, the other times moved at random, edges repeated.
  ///
  /// - Parameter copies: how often each image is encoded.
  static func encode(
    _ batches: PixelBatches, with autoencoder: Autoencoder, copies: [Int], maximumShift: Int, generator: Generator,
    progress: (Int) -> Void
  ) throws -> Tensor {
    try withoutGradients {
      var parts: [Tensor] = []
      for (index, count) in copies.enumerated() {
        let image_BCHW = try batches.images([index])
        let copies_BCHW = try Tensor.cat(
          (0..<count).map { copy in
            copy == 0 ? image_BCHW : try moved(image_BCHW, by: maximumShift, generator: generator)
          })
        let mean_BCHW = try autoencoder.encode(copies_BCHW.contiguous(memoryFormat: .channelsLast)).mean_BCHW
        parts.append(try mean_BCHW.contiguous().to(.cpu).to(.float16))
        if index % 500 == 499 || index + 1 == copies.count { progress(index + 1) }
      }
      return try Tensor.cat(parts)
    }
  }

  private static func moved(_ image_BCHW: Tensor, by maximum: Int, generator: Generator) throws -> Tensor {
    let side = image_BCHW.shape[3]
    let offset = try Tensor.randint(0..<(2 * maximum + 1), shape: [2], generator: generator).int64s().map(Int.init)
    return try image_BCHW.pad(pad: [maximum, maximum, maximum, maximum], mode: "replicate")
      .narrow(dim: 2, start: offset[0], length: side).narrow(dim: 3, start: offset[1], length: side)
  }
}

extension LatentStatistics {
  /// - Parameter latents_NCHW: at least two elements a channel.
  init(of latents_NCHW: Tensor) throws {
    // Channel by channel, so that the copy in double precision stays small.
    let channels = try withoutGradients {
      try (0..<latents_NCHW.shape[1]).map { channel in
        let values = try latents_NCHW.select(dim: 1, index: channel).to(.float64)
        return (mean: try values.mean().item(), deviation: try values.std(dim: [0, 1, 2]).item())
      }
    }
    self.init(mean: channels.map(\.mean), standardDeviation: channels.map(\.deviation))
  }
}
