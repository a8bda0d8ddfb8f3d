import Foundation
import Torch
import TorchNN

// B batch, C channels, H height, W width, K bands

/// How far images are from their originals in each band of spatial frequency: 1 less the concordance of the band, which is
/// 2 <F, G> / (<F, F> + <G, G>) of the two Fourier transforms (Lin, 1989, "A concordance correlation coefficient", without
/// means).
///
/// Errors of pixels are least for the mean of all that an image could be, which is smoother than any of them. In a band in
/// which so much is right that the correlation is r, this distance is least where the power is that of the original, 1 / r
/// times what pixels ask for; and power that is not the original's, such as noise and grids, makes it greater.
struct SpectrumDistance {
  /// Bands of equal width up to 0.5 cycles a pixel.
  static let bands = 8
  /// A power far below that of one grey value's rounding, for bands in which neither has any.
  private static let floor = 1e-8

  private let matrix: FourierMatrix
  /// What softens the edges of a crop, whose jumps would be power of all frequencies.
  private let window_HW: Tensor
  /// The share of each frequency in the mean of each band.
  private let members_FK: Tensor

  /// - Parameter side: The side of the square images.
  /// - Throws: `TorchError`.
  init(side: Int, dtype: DType = .float32, device: Device = .cpu) throws {
    matrix = try FourierMatrix(side, dtype: dtype, device: device)
    let hann = (0..<side).map { pow(sin(.pi * (Double($0) + 0.5) / Double(side)), 2) }
    window_HW = try Tensor(hann.flatMap { row in hann.map { row * $0 } }, shape: [side, side]).to(dtype).to(device)
    var members = [Double](repeating: 0, count: side * side * Self.bands)
    var counts = [Double](repeating: 0, count: Self.bands)
    let plane = FourierPlane(height: side, width: side)
    for (index, band) in plane.bands(edges: FourierPlane.equalBands(Self.bands)).enumerated() {
      guard let band else { continue }
      members[index * Self.bands + band] = 1
      counts[band] += 1
    }
    for index in members.indices { members[index] /= max(counts[index % Self.bands], 1) * Double(side * side) }
    members_FK = try Tensor(members, shape: [side * side, Self.bands]).to(dtype).to(device)
  }

  /// The mean over images and bands.
  ///
  /// - Returns: From 0 for the same images, over 1 for images that share nothing, to 2 for negatives.
  /// - Throws: `TorchError` for images of another size.
  func callAsFunction(_ a_BCHW: Tensor, _ b_BCHW: Tensor) throws -> Tensor {
    let (a, b) = try (transform(a_BCHW), transform(b_BCHW))
    let common = try means(a.real * b.real + a.imaginary * b.imaginary)
    let powers = try means(a.real.square() + a.imaginary.square() + b.real.square() + b.imaginary.square())
    return try (1.0 - (common * 2 + Self.floor) / (powers + Self.floor)).mean()
  }

  private func transform(_ x_BCHW: Tensor) throws -> (real: Tensor, imaginary: Tensor) {
    let windowed = try (x_BCHW - x_BCHW.mean(dim: [2, 3], keepdim: true)) * window_HW
    return try matrix.transform(windowed)
  }

  /// The mean of each band.
  private func means(_ power_BCHW: Tensor) throws -> Tensor {
    try power_BCHW.flatten(startDim: 2, endDim: 3).matmul(members_FK)
  }
}
