import Foundation
import Torch
import TorchNN

// B batch, C channels, H height, W width, K bands

/// What images hold in bands of spatial frequency, of equal width up to 0.5 cycles a pixel.
struct FrequencyBands {
  static let count = 8
  /// A power far below that of one grey value's rounding, for bands that have none.
  static let floor = 1e-8

  private let matrix: FourierMatrix
  /// What softens the edges of an image, whose jumps would be power of all frequencies.
  private let window_HW: Tensor
  /// The share of each frequency in the mean of each band.
  private let members_FK: Tensor

  /// - Parameter side: The side of the square images.
  /// - Throws: `TorchError`.
  init(side: Int, dtype: DType = .float32, device: Device = .cpu) throws {
    matrix = try FourierMatrix(side, dtype: dtype, device: device)
    let hann = (0..<side).map { pow(sin(.pi * (Double($0) + 0.5) / Double(side)), 2) }
    window_HW = try Tensor(hann.flatMap { row in hann.map { row * $0 } }, shape: [side, side]).to(dtype).to(device)
    var members = [Double](repeating: 0, count: side * side * Self.count)
    var counts = [Double](repeating: 0, count: Self.count)
    let plane = FourierPlane(height: side, width: side)
    for (index, band) in plane.bands(edges: FourierPlane.equalBands(Self.count)).enumerated() {
      guard let band else { continue }
      members[index * Self.count + band] = 1
      counts[band] += 1
    }
    for index in members.indices { members[index] /= max(counts[index % Self.count], 1) * Double(side * side) }
    members_FK = try Tensor(members, shape: [side * side, Self.count]).to(dtype).to(device)
  }

  /// The Fourier transform of images without their mean.
  ///
  /// - Throws: `TorchError` for images of another size.
  func transform(_ x_BCHW: Tensor) throws -> (real: Tensor, imaginary: Tensor) {
    try matrix.transform((x_BCHW - x_BCHW.mean(dim: [2, 3], keepdim: true)) * window_HW)
  }

  /// The mean of each band: `[B, C, K]`.
  func means(_ power_BCHW: Tensor) throws -> Tensor {
    try power_BCHW.flatten(startDim: 2, endDim: 3).matmul(members_FK)
  }

  /// The logarithm of the power in each band: `[B, C, K]`.
  ///
  /// - Throws: `TorchError` for images of another size.
  func logPowers(_ x_BCHW: Tensor) throws -> Tensor {
    let x = try transform(x_BCHW)
    return try (means(x.real.square() + x.imaginary.square()) + Self.floor).log()
  }
}
