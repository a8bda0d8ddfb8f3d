import Models
import RadiographModels
import TensorFiles
import Torch

// N latents, B batch, C channels, H height, W width

/// The latents of a dataset's part: every image encoded as it is and, if asked for, moved by a few pixels.
struct LatentCache {
  let pieces: EncodedPieces
  /// How often each image is encoded.
  let copies: [Int]
  /// How far an image is moved at most, in pixels.
  let maximumShift: Int

  private static let name = "latents"

  /// Image by image, float16, not normalised: the stored ones if they were made of the same weights and images,
  /// otherwise freshly encoded ones.
  ///
  /// - Parameters:
  ///   - generator: draws where images are moved to.
  ///   - progress: called with the number of images done so far.
  /// - Throws: ``EncodingStopped``, `DatasetError`, `FileAccessError`, `TorchError`.
  func latents(
    of batches: PixelBatches, with autoencoder: Autoencoder, generator: Generator, limits: RunLimits,
    progress: (Int) -> Void
  ) throws -> Tensor {
    if let stored = try? pieces.stored()?.tensor(Self.name) { return try Tensor(stored, name: Self.name) }
    return try withoutGradients {
      let whole = try pieces.encoded(
        limits: limits,
        skipping: { done in
          // The next image is moved to where it would have been moved in one go.
          for count in copies[..<done] { for _ in 0..<(count - 1) { _ = try offset(generator) } }
        }, progress: progress,
        encode: { items in
          let parts = try items.map { try encode($0, of: batches, with: autoencoder, generator: generator) }
          return [Self.name: try Tensor.cat(parts)]
        })
      try pieces.store(whole)
      return try whole[Self.name] ?? Tensor.zeros([0])
    }
  }

  private func encode(
    _ index: Int, of batches: PixelBatches, with autoencoder: Autoencoder, generator: Generator
  ) throws -> Tensor {
    let image_BCHW = try batches.images([index])
    let copies_BCHW = try Tensor.cat(
      (0..<copies[index]).map { copy in copy == 0 ? image_BCHW : try moved(image_BCHW, by: offset(generator)) })
    let mean_BCHW = try autoencoder.encode(copies_BCHW.contiguous(memoryFormat: .channelsLast)).mean_BCHW
    return try mean_BCHW.contiguous().to(.cpu).to(.float16)
  }

  /// Where the upper left corner of an image goes, down and right.
  private func offset(_ generator: Generator) throws -> [Int] {
    try Tensor.randint(0..<(2 * maximumShift + 1), shape: [2], generator: generator).int64s().map(Int.init)
  }

  /// Edges are repeated.
  private func moved(_ image_BCHW: Tensor, by offset: [Int]) throws -> Tensor {
    let side = image_BCHW.shape[3]
    return try image_BCHW.pad(
      pad: [maximumShift, maximumShift, maximumShift, maximumShift], mode: "replicate"
    ).narrow(dim: 2, start: offset[0], length: side).narrow(dim: 3, start: offset[1], length: side)
  }
}

extension LatentStatistics {
  /// The mean and the deviation of each channel over all latents.
  ///
  /// - Parameter latents_NCHW: at least two elements a channel.
  /// - Throws: `TorchError`.
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
