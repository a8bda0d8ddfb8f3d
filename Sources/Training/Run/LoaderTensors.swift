import RadiographData
import Torch

// B batch, C channels (1), H height, W width

extension RadiographLoader {
  /// The images of one step, `[B, 1, size, size]` in [-1, 1], and their positions in the order of import.
  ///
  /// - Returns: nothing after the last step of an epoch.
  public func tensor(epoch: Int, step: Int, device: Device = .cpu) throws -> (image_BCHW: Tensor, positions: [Int])? {
    var values = [Float](repeating: 0, count: options.batchSize * valuesPerImage)
    let positions = try values.withUnsafeMutableBufferPointer { try load(epoch: epoch, step: step, into: $0) }
    guard !positions.isEmpty else { return nil }
    values.removeLast(values.count - positions.count * valuesPerImage)
    let size = dataset.imageSize
    return (try Tensor(values, shape: [positions.count, 1, size, size]).to(device), positions)
  }
}
