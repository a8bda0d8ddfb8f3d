import Foundation
import ImageFiles
import ImageOutput

extension PromptTable {
  /// What is known of the images of a folder.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - given: A table's file; nil for `prompt_INFO.csv` in the folder or, without it, for what the images say of
  ///     themselves.
  /// - Throws: ``MeasurementError``, `DelimitedTextError`, `FileAccessError`.
  public init(ofFolder path: String, given: String?) throws {
    let own = URL(fileURLWithPath: path).appendingPathComponent(SampleFolder.tableName).path
    if let named = given ?? (FileManager.default.fileExists(atPath: own) ? own : nil) {
      try self.init(contentsOf: named)
    } else {
      try self.init(recordedIn: FolderImages(path: path))
    }
  }

  /// What the images of a folder say of themselves, as `thorax generate` writes it into its files: each image's prompt, or
  /// nothing.
  public init(recordedIn set: FolderImages) {
    let rows = (0..<set.count).map { index -> Row in
      let path = set.path(at: index)
      let texts = (try? ImageText.read(from: Array(ImageFormat.fileContents(path)))) ?? []
      let recorded = try? RecordedProvenance(texts, path: path)
      return Row(image: set.name(at: index), facts: ImageFacts(prompt: recorded?.prompt, seed: recorded?.seed))
    }
    self.init(path: set.title, rows: rows)
  }
}
