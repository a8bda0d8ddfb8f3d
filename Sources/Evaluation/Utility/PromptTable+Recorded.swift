import ImageFiles
import ImageOutput

extension PromptTable {
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
