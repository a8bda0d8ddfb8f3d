import Foundation
import TensorFiles
import Torch

/// What PyTorch computed, by the script of the same name in `Tools/reference`.
enum Fixture {
  static func load(_ name: String = "torchnn") throws -> [String: Tensor] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try SafetensorsFile(path: folder.appendingPathComponent("Fixtures/\(name).safetensors").path).loadTensors()
  }
}

/// The largest difference between two tensors of one shape; infinite for two shapes.
func maximumError(_ a: Tensor, _ b: Tensor) throws -> Double {
  guard a.shape == b.shape else { return .infinity }
  return try zip(a.detach().doubles(), b.detach().doubles()).reduce(0) { worst, pair in
    pair.0.isFinite ? max(worst, abs(pair.0 - pair.1)) : .infinity
  }
}
