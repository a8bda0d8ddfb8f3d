import Foundation
import TensorFiles
import Torch

/// The material that lies beside a checkout of the project and not in it. Tests that need it are enabled where it is.
enum SharedData {
  static let released: URL? = {
    let root =
      ProcessInfo.processInfo.environment["THORAX_SHARED"].map { URL(fileURLWithPath: $0) }
      ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared")
    let folder = root.appendingPathComponent("data/released")
    return FileManager.default.fileExists(atPath: folder.appendingPathComponent("keys.tsv").path) ? folder : nil
  }()

  static var isPresent: Bool { released != nil }

  /// The tensors that the author's checkpoint lists: entry, key, shape.
  static func releasedKeys() throws -> [(entry: String, key: String, shape: [Int])] {
    guard let released else { return [] }
    return try String(contentsOf: released.appendingPathComponent("keys.tsv"), encoding: .utf8)
      .split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
        let fields = line.split(separator: "\t").map(String.init)
        return (fields[0], fields[1], fields[2].split(separator: "x").compactMap { Int($0) })
      }
  }

  static func golden() throws -> [String: Tensor] {
    guard let released else { return [:] }
    return try SafetensorsFile(path: released.appendingPathComponent("golden.safetensors").path).loadTensors()
  }
}
