import Foundation
import ImageFiles
import RadiographModels
import TensorFiles
import TestSupport
import Torch
import TorchNN

@testable import Evaluation

/// `extractors.safetensors`, made by `Tools/reference/extractors.py`, and inputs as the script draws them.
enum ExtractorReference {
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures").path

  static func file() throws -> SafetensorsFile { try SafetensorsFile(path: fixtures + "/extractors.safetensors") }

  static func tensor(_ name: String) throws -> Tensor { try Tensor(file().tensor(name)) }

  /// A figure among the file's metadata.
  static func number(_ name: String) throws -> Double? { try file().metadata[name].flatMap(Double.init) }

  /// Uniform numbers, of 0...1.
  static func inputs(_ shape: [Int]) throws -> Tensor { try Tensor.rand(shape, generator: Generator(seed: 1)) }

  /// Three triangular waves.
  static func picture(_ index: Int, width: Int, height: Int, kind: Int) throws -> GrayscaleImage {
    func wave(_ t: Int) -> Int { abs(t % 512 - 256) }
    let across = (0..<width).map { wave($0 * (kind + index % 5) + 31 * index) }
    let down = (0..<height).map { wave($0 * (kind + 2 + index % 3) + 17 * index) }
    let along = (0..<width + height).map { wave($0 * (1 + index % kind) + 40 * index) }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height)
    for y in 0..<height {
      for x in 0..<width { pixels.append(UInt8(min((across[x] + down[y] + along[x + y]) / 3, 255))) }
    }
    return try GrayscaleImage(width: width, height: height, pixels: pixels)
  }

  /// Number, width, height and kind of the images of the two sets.
  static let sets = ["real": (24, 120, 96, 3), "drawn": (20, 500, 520, 41)]

  static func inceptionWeights() throws -> [String: Tensor] {
    try DrawnWeights { _ = try InceptionV3($0) }.tensors()
  }

  /// The network with drawn weights, computed in float32 as always.
  static func inception() throws -> InceptionV3 {
    let store = ParameterStore(tensors: try inceptionWeights())
    let network = try InceptionV3(store.root)
    try store.verify()
    return network
  }

  /// The largest difference of an element, over the mean magnitude of what is expected.
  static func error(_ actual: Tensor, _ expected: Tensor) throws -> Double {
    guard actual.shape == expected.shape else { return .infinity }
    let (a, e) = (try actual.doubles(), try expected.doubles())
    guard a.allSatisfy(\.isFinite), !e.isEmpty else { return .infinity }
    let scale = e.reduce(0) { $0 + abs($1) } / Double(e.count)
    return zip(a, e).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
  }
}
