import Crypto
import Dispatch
import Foundation
import ImageFiles
import Synchronization

/// Brings a source into a dataset: new, or added to what is there.
///
/// Images are decoded on all cores and committed in the source's order, a batch at a time; the pixels of a batch are
/// on disk before its rows are. A killed import therefore leaves a good dataset, and the same call again goes on where
/// it stopped and ends at the same index. What was imported before is not read again.
public struct DatasetImport: Sendable {
  /// What to do with images that a source lists and does not have.
  public enum MissingImages: String, Sendable, CaseIterable {
    case fail
    /// They are counted, and stay in the index without pixels.
    case skip
  }

  /// What is asked for. Whatever is left out comes from the dataset that is there, or from `DatasetSettings`.
  public struct Options: Sendable {
    public var imageSize: Int?
    public var fit: SquareFit?
    public var split: SplitFractions?
    public var seed: UInt64?
    /// The parts of a report that an image must have to be trained on.
    public var sections: [String]?
    public var missingImages = MissingImages.fail
    public var limits = ImageLimits.standard
    /// Images decoded and committed together. It bounds memory, and what an interruption costs.
    var batchSize = 128

    public init() {}
  }

  public struct Progress: Sendable {
    public var completed: Int
    public var total: Int
  }

  /// What an import did.
  public struct Summary: Sendable, Equatable {
    /// Images added by this call, and those that were there before.
    public var imported: Int
    public var alreadyThere: Int
    public var excluded: [ImportExclusion]

    public init(imported: Int = 0, alreadyThere: Int = 0, excluded: [ImportExclusion] = []) {
      self.imported = imported
      self.alreadyThere = alreadyThere
      self.excluded = excluded
    }
  }

  public let source: ImportSource
  public let output: URL
  public let options: Options

  public init(_ source: ImportSource, into output: URL, options: Options = Options()) {
    self.source = source
    self.output = output
    self.options = options
  }

  /// - Parameter progress: called after every batch, on the caller's thread.
  /// - Throws: `DatasetError`; `CancellationError` between two batches where the task was cancelled.
  public func run(progress: (Progress) -> Void = { _ in }) throws -> Summary {
    guard !source.entries.isEmpty else {
      throw DatasetError.sourceEmpty(path: source.root.path, expected: "images as `\(source.kind)` ships them")
    }
    try checkFolders()
    if let size = options.imageSize, !DatasetSettings.imageSizes.contains(size) {
      throw DatasetError.invalidImageSize(size)
    }
    if options.missingImages == .fail {
      let missing = source.entries.filter { $0.file == nil }
      if let first = missing.first { throw DatasetError.missingImages(count: missing.count, first: first.path) }
    }
    let writer = try DatasetWriter(folder: output, source: source, options: options)
    do {
      var summary = Summary(excluded: source.exclusions)
      try writer.record(source.exclusions)
      let known = try writer.knownPaths()
      let pending = source.entries.filter { entry in
        guard let image = known[entry.path] else { return true }
        return !image.hasPixels && entry.file != nil
      }
      summary.alreadyThere = source.entries.count - pending.count
      summary.excluded += try writer.exclusions(ofPaths: known.keys)

      var completed = 0
      while completed < pending.count {
        try Task.checkCancellation()
        let batch = Array(pending[completed..<min(completed + options.batchSize, pending.count)])
        let outcome = try writer.commit(decode(batch, settings: writer.settings))
        summary.imported += outcome.imported
        summary.excluded += outcome.excluded
        completed += batch.count
        progress(Progress(completed: completed, total: pending.count))
      }
      try writer.finish()
      return summary
    } catch {
      if error is CancellationError { throw error }
      throw DatasetError.wrapping(error, path: output.path)
    }
  }

  private func checkFolders() throws(DatasetError) {
    let from = source.root.resolvingSymlinksInPath().standardizedFileURL.path + "/"
    let to = output.resolvingSymlinksInPath().standardizedFileURL.path + "/"
    if from.hasPrefix(to) || to.hasPrefix(from) {
      throw .sourceInsideOutput(source: source.root.path, output: output.path)
    }
  }

  private func decode(_ batch: [ImportEntry], settings: DatasetSettings) -> [DecodedEntry] {
    let results = Mutex<[Int: DecodedEntry]>([:])
    DispatchQueue.concurrentPerform(iterations: batch.count) { index in
      let decoded = DecodedEntry(batch[index], settings: settings, limits: options.limits)
      results.withLock { $0[index] = decoded }
    }
    return results.withLock { results in batch.indices.compactMap { results[$0] } }
  }
}

/// An entry with what its file gave.
struct DecodedEntry: Sendable {
  enum Content: Sendable {
    case image(GrayscaleImage, originalWidth: Int, originalHeight: Int, contentHash: String)
    case missing
    case unreadable(String)
  }

  let entry: ImportEntry
  let content: Content

  /// Reads, decodes, resamples to the dataset's size and spreads the values over 0...255.
  init(_ entry: ImportEntry, settings: DatasetSettings, limits: ImageLimits) {
    self.entry = entry
    guard let file = entry.file else {
      content = .missing
      return
    }
    do {
      let data = try Data(contentsOf: file)
      let hash = SHA256.hash(data: data).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      let prepared = try RadiographDecoding(
        data, ImagePreprocessing(size: settings.imageSize, fit: settings.fit), limits: limits)
      content = .image(
        prepared.image, originalWidth: prepared.originalWidth, originalHeight: prepared.originalHeight,
        contentHash: hash)
    } catch {
      content = .unreadable("\(error)")
    }
  }
}
