import Foundation
import Generation
import Models
import Torch
import Training

extension RunExport {
  /// Loads the model by way of a folder that is gone afterwards.
  ///
  /// - Parameters:
  ///   - dtype: Number format of the weights on disk.
  ///   - place: What the folder lies beside; its name is made of it.
  ///   - textEncoder: The folder of the text encoder; nil looks it up by the name that the model gives.
  ///   - threads: Processor threads to compute with; nil leaves the choice to LibTorch.
  /// - Throws: What writing and loading a model throws.
  func host(dtype: DType, beside place: URL, textEncoder: URL? = nil, threads: Int?) async throws -> ModelHost {
    let folder = place.deletingLastPathComponent().appendingPathComponent(
      ".\(place.lastPathComponent).\(UUID().uuidString).model")
    // Files that are mapped stay readable. Gone at once, the folder is not left behind by a call that is killed later.
    defer { try? FileManager.default.removeItem(at: folder) }
    try ModelFolder.write(description, weights: weights, card: "", dtype: dtype, to: folder.path)
    return try await ModelHost.load(ModelSource(path: folder.path), textEncoder: textEncoder, threads: threads)
  }
}
