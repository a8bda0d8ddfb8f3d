import Foundation
import TensorFiles

/// Where the committed fixtures of this target lie, and what their generator wrote about them.
enum Fixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  static func path(_ name: String) -> String { folder.appendingPathComponent("tensor_files/\(name)").path }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  struct Tensor: Decodable, Equatable {
    var name: String
    var dtype: String
    var shape: [Int]
    var hex: String
  }

  struct Expected: Decodable {
    var tensors: [Tensor]
    var metadata: [String: String]?
  }

  /// The contents of the fixture `name`, as PyTorch sees them.
  static func expected(_ name: String) throws -> Expected {
    try JSONDecoder().decode(Expected.self, from: Data(contentsOf: URL(fileURLWithPath: path(name + ".json"))))
  }
}

extension Fixtures.Tensor {
  init(_ name: String, _ tensor: MappedTensor) {
    self.init(
      name: name, dtype: tensor.dtype.rawValue, shape: tensor.shape, hex: Fixtures.hex(tensor.contiguousBytes()))
  }
}
