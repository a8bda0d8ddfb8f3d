import Torch

// B batch, C channels, H height, W width

/// A scale and some quarter turns, of which an autoencoder should not care whether they come before or after the decoder
/// (Kouzelis et al., 2025, "EQ-VAE", section 3.2). Drawn once for a step, for all its rows.
struct LatentTransformation: Equatable {
  /// The latent's side afterwards.
  let side: Int
  /// Quarter turns, counterclockwise, 0 to 3.
  let turns: Int

  /// Draws one: all sides from `scale` of the latent's to the whole are as likely, and so are all turns.
  ///
  /// - Throws: `TorchError`.
  init(latentSide: Int, scale: Double, generator: Generator) throws {
    let least = min(max(1, Int((scale * Double(latentSide)).rounded(.up))), latentSide)
    side = Int(try Tensor.randint(least..<(latentSide + 1), shape: [1], generator: generator).int64s()[0])
    turns = Int(try Tensor.randint(0..<4, shape: [1], generator: generator).int64s()[0])
  }

  init(side: Int, turns: Int) { (self.side, self.turns) = (side, turns) }

  /// Latents or images in another size, bilinear, and turned.
  ///
  /// - Parameter factor: Pixels of the input's side for each of the latent's.
  /// - Throws: `TorchError`.
  func callAsFunction(_ x_BCHW: Tensor, factor: Int = 1) throws -> Tensor {
    let size = side * factor
    let scaled = x_BCHW.shape[2] == size ? x_BCHW : try x_BCHW.upsampleBilinear2D(outputSize: [size, size])
    switch turns {
    case 1: return try scaled.transpose(dim0: 2, dim1: 3).flip(dims: [2])
    case 2: return try scaled.flip(dims: [2, 3])
    case 3: return try scaled.transpose(dim0: 2, dim1: 3).flip(dims: [3])
    default: return scaled
    }
  }
}
