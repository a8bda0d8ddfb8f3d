import Generation
import Support

/// Writes the previews of one image beside it.
final class PreviewWriter: @unchecked Sendable {
  private let planned: PlannedImage
  private let overwrite: Bool
  // Written on the host's thread while the command waits for it, read afterwards.
  private(set) var paths: [String] = []

  init(planned: PlannedImage, overwrite: Bool) {
    self.planned = planned
    self.overwrite = overwrite
  }

  /// Writes one preview.
  ///
  /// - Throws: `ImageFileError`, `FileAccessError`.
  func write(_ preview: GeneratedImage, step: Int) throws {
    let path = OutputPlan.previewPath(of: planned, step: step)
    try AtomicFile.write(preview.encoded(as: planned.format), to: path, mode: overwrite ? .replace : .createNew)
    paths.append(path)
  }
}
