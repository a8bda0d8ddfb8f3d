import Torch

// B batch, C channels, H height, W width

/// How far images are from their originals in each band of spatial frequency: 1 less the concordance of the band, which is
/// 2 <F, G> / (<F, F> + <G, G>) of the two Fourier transforms (Lin, 1989, "A concordance correlation coefficient", without
/// means).
///
/// Errors of pixels are least for the mean of all that an image could be, which is smoother than any of them. In a band in
/// which so much is right that the correlation is r, this distance is least where the power is that of the original, 1 / r
/// times what pixels ask for; and power that is not the original's, such as noise and grids, makes it greater.
struct SpectrumDistance {
  private let bands: FrequencyBands

  /// - Parameter side: The side of the square images.
  /// - Throws: `TorchError`.
  init(side: Int, dtype: DType = .float32, device: Device = .cpu) throws {
    bands = try FrequencyBands(side: side, dtype: dtype, device: device)
  }

  /// The mean over images and bands.
  ///
  /// - Returns: From 0 for the same images, over 1 for images that share nothing, to 2 for negatives.
  /// - Throws: `TorchError` for images of another size.
  func callAsFunction(_ a_BCHW: Tensor, _ b_BCHW: Tensor) throws -> Tensor {
    let (a, b) = try (bands.transform(a_BCHW), bands.transform(b_BCHW))
    let common = try bands.means(a.real * b.real + a.imaginary * b.imaginary)
    let powers = try bands.means(a.real.square() + a.imaginary.square() + b.real.square() + b.imaginary.square())
    return try (1.0 - (common * 2 + FrequencyBands.floor) / (powers + FrequencyBands.floor)).mean()
  }
}
