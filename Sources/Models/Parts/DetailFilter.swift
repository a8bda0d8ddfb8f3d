import Foundation
import Torch

// B batch, H height, W width

/// Makes the details of an image stronger, as ``DetailGain`` says; the image's borders are continued by their own values.
struct DetailFilter {
  private let amount: Double
  private let radius: Int
  /// Both Gaussians down a column, and along a row.
  private let columns_211K: Tensor
  private let rows_211K: Tensor

  /// - Throws: `TorchError` if the device is not there.
  init(_ gain: DetailGain, device: Device) throws {
    amount = gain.amount
    let reach = Int((4 * gain.coarseDeviation).rounded(.up))
    let size = 2 * reach + 1
    let kernels = [gain.fineDeviation, gain.coarseDeviation].flatMap { Self.gaussian($0, radius: reach) }
    radius = reach
    columns_211K = try Tensor(kernels, shape: [2, 1, size, 1]).to(device)
    rows_211K = try Tensor(kernels, shape: [2, 1, 1, size]).to(device)
  }

  private static func gaussian(_ deviation: Double, radius: Int) -> [Float] {
    let weights = (-radius...radius).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
    let total = weights.reduce(0, +)
    return weights.map { Float($0 / total) }
  }

  /// - Parameter image_B1HW: In single precision.
  /// - Throws: `TorchError`.
  func callAsFunction(_ image_B1HW: Tensor) throws -> Tensor {
    let padded = try image_B1HW.pad(pad: [radius, radius, radius, radius], mode: "replicate")
    let blurred = try padded.conv2d(weight: columns_211K).conv2d(weight: rows_211K, groups: 2)
    let details = try blurred.narrow(dim: 1, start: 0, length: 1) - blurred.narrow(dim: 1, start: 1, length: 1)
    return try image_B1HW + details * amount
  }
}
