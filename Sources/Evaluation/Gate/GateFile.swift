import Foundation
import ImageFiles
import Support
import TensorFiles
import Torch

/// A gate in a file of tensors: what it needs to compare images by their pixels without the dataset that it was made of.
///
/// It holds a reduced picture of every training image (64 x 64, without brightness and contrast) and no name.
public enum GateFile {
  private static let key = "thorax:gate"

  /// What is said of the gate beside its windows.
  private struct Note: Codable {
    var version = 1
    var threshold: Double
    /// Held-out images that set the threshold.
    var calibration: Int
  }

  /// Writes a gate; of several spaces that of pixels, with its threshold.
  ///
  /// - Throws: `FileAccessError` if the file cannot be written; `TorchError`.
  public static func write(_ gate: CopyGate, to path: String, overwrite: Bool = false) throws {
    let (coarse, fine) = gate.index.windows
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let note = try encoder.encode(Note(threshold: gate.thresholds[0], calibration: gate.calibrationCount))
    func entry(_ name: String, _ columns: Int, _ values: [Float]) -> (SafetensorsEntry, [UInt8]) {
      (
        SafetensorsEntry(name: name, dtype: .float32, shape: [gate.index.count, columns]),
        values.withUnsafeBytes { Array($0) }
      )
    }
    try SafetensorsWriter.write(
      [entry("coarse", GateIndex.coarse.count, coarse), entry("fine", GateIndex.fine.count, fine)],
      metadata: [key: String(decoding: note, as: UTF8.self)], to: path, mode: overwrite ? .replace : .createNew)
  }

  /// Reads a gate.
  ///
  /// - Throws: ``MeasurementError/gate(path:reason:)`` for a file that holds something else; `TensorFileError` for one that
  ///   is no file of tensors; `FileAccessError`; `TorchError`.
  public static func read(path: String) throws -> CopyGate {
    let file = try SafetensorsFile(path: path)
    func wrong(_ reason: String) -> MeasurementError { .gate(path: path, reason: reason) }
    guard let text = file.metadata[key] else { throw wrong("it does not say that it is one") }
    guard let note = try? JSONDecoder().decode(Note.self, from: Data(text.utf8)), note.version == 1,
      note.threshold.isFinite, note.threshold > 0, note.calibration >= CopyGate.calibrationMinimum
    else { throw wrong("what it says of its threshold cannot be") }
    func windows(_ name: String, _ columns: Int) throws -> [Float] {
      let tensor = try file.tensor(name)
      guard tensor.dtype == .float32, tensor.shape.count == 2, tensor.shape[1] == columns else {
        throw wrong("its tensor \(name) has another shape")
      }
      guard tensor.shape[0] >= GateIndex.minimum else { throw wrong("it has only \(tensor.shape[0]) images") }
      guard tensor.isEntirelyFinite else { throw wrong("its tensor \(name) has numbers that are not finite") }
      return tensor.withUnsafeBytes { bytes in
        (0..<tensor.elementCount).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
    }
    let coarse = try windows("coarse", GateIndex.coarse.count)
    let fine = try windows("fine", GateIndex.fine.count)
    guard coarse.count / GateIndex.coarse.count == fine.count / GateIndex.fine.count else {
      throw wrong("its tensors are of different numbers of images")
    }
    return CopyGate(
      index: GateIndex(coarse: coarse, fine: fine), threshold: note.threshold, calibrationCount: note.calibration)
  }
}

extension CopyGate {
  /// The verdict on one image.
  ///
  /// - Throws: `TorchError`; `ImageFileError` for an image without pixels.
  public func finding(_ image: GrayscaleImage) async throws -> Finding {
    let set = DrawnImages(title: "image", items: [.init(name: "image", image: image, facts: ImageFacts())])
    return try await findings(set)[0]
  }
}
