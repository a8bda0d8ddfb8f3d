import Foundation
import ImageFiles
import RadiographData
import Support

/// Brings a source into a dataset: new, or added to what is there.
///
/// All patients of the listing are put in their split first, in one transaction. Images are then decoded on all cores
/// and committed in the source's order, a batch at a time, while the next are being decoded; the pixels of a batch are
/// on disk before its rows are. A killed import therefore leaves a good dataset, and the same call again goes on where
/// it stopped and ends at the same index. What was imported before is not read again.
public struct DatasetImport: Sendable {
  /// What to do with images that a source lists and does not have.
  public enum MissingImages: String, Sendable, CaseIterable {
    case fail
    /// They are counted, and stay in the index without pixels.
    case skip
  }

  /// What is asked for. What is left out comes from the dataset that is there, or from `DatasetSettings`.
  public struct Options: Sendable {
    public var imageSize: Int?
    public var fit: SquareFit?
    public var resampling: Resampling?
    public var intensity: IntensityMapping?
    public var clahe: ContrastLimitedEqualization?
    public var split: SplitFractions?
    public var splitRule: SplitRule?
    public var seed: UInt64?
    /// The parts of a report that an image must have to be trained on.
    public var sections: [String]?
    public var missingImages = MissingImages.fail
    /// Takes in images that say of themselves that a program has drawn them.
    public var allowsSynthetic = false
    public var limits = ImageLimits.standard
    /// Images committed together, at most; it bounds what an interruption costs.
    package var batchSize = 128
    /// Entries without an image committed together, at most.
    package var listedBatchSize = 20_000

    public init() {}
  }

  public let source: ImportSource
  public let output: URL
  public let options: Options

  public init(_ source: ImportSource, into output: URL, options: Options = Options()) {
    self.source = source
    self.output = output
    self.options = options
  }

  /// - Parameter progress: called after every batch, on the caller's thread, with the images of this source that were
  ///   not there before.
  /// - Throws: as `run(willCommit:progress:)`.
  public func run(progress: (WorkProgress) -> Void = { _ in }) throws -> Summary {
    try run(willCommit: {}, progress: progress)
  }

  /// - Parameters:
  ///   - willCommit: called once, after everything that can be checked and before anything of the source is in the
  ///     dataset. If it throws, or the first commit fails, a new dataset is not there.
  ///   - progress: called after every batch, on the caller's thread, with the images of this source that were not there
  ///     before.
  /// - Throws: `DatasetError` if the source lists nothing, the dataset cannot be used, or reading or writing fails;
  ///   `CancellationError` between two batches if the task was cancelled; what `willCommit` throws, if that is a
  ///   `DatasetError`, or else `.inputOutput` with it.
  public func run(
    willCommit: () throws -> Void, progress: (WorkProgress) -> Void = { _ in }
  ) throws -> Summary {
    if source.entries.isEmpty {
      guard !source.exclusions.isEmpty else {
        throw DatasetError.sourceEmpty(
          path: source.root?.path ?? source.name, expected: "images as `\(source.kind)` ships them")
      }
      // A dataset that is there gains the list of what was left out.
      guard DatasetFolder(url: output).hasIndex else {
        throw Summary(excluded: source.exclusions).noImages(in: output)
      }
    }
    try checkFolders()
    if let size = options.imageSize, !DatasetSettings.imageSizes.contains(size) {
      throw DatasetError.invalidImageSize(size)
    }
    if options.missingImages == .fail {
      let missing = source.entries.filter { $0.pixels == nil }
      if let first = missing.first { throw DatasetError.missingImages(count: missing.count, first: first.path) }
    }
    let writer = try DatasetWriter(folder: output, source: source, options: options)
    do {
      try willCommit()
      try writer.plan()
    } catch {
      writer.discardIfNew()
      throw DatasetError.wrapping(error, path: output.path)
    }
    do {
      let known = try writer.knownPaths()
      let pending = source.entries.indices.filter { index in
        guard let hasPixels = known[ExactName(source.entries[index].path)] else { return true }
        return !hasPixels && source.entries[index].pixels != nil
      }
      var summary = Summary(
        alreadyThere: source.entries.count - pending.count, excluded: source.exclusions, made: writer.made)
      if !known.isEmpty {
        let gaining = Set(pending.lazy.map { ExactName(source.entries[$0].path) })
        summary.excluded += try writer.exclusions(of: known).filter { !gaining.contains(ExactName($0.path)) }
      }
      try commit(pending, writer: writer, summary: &summary, progress: progress)
      try writer.addFindings(
        to: source.entries.filter { !$0.boxes.isEmpty && known[ExactName($0.path)] ?? false })
      try writer.finish()
      return summary
    } catch {
      if error is CancellationError { throw error }
      throw DatasetError.wrapping(error, path: output.path)
    }
  }

  private func commit(
    _ pending: [Int], writer: DatasetWriter, summary: inout Summary, progress: (WorkProgress) -> Void
  ) throws {
    let pipeline = DecodingPipeline(
      source.entries, order: pending, preprocessing: writer.settings.preprocessing, limits: options.limits,
      allowsSynthetic: options.allowsSynthetic, window: 2 * batchSize(writer.settings))
    defer { pipeline.stop() }
    var completed = 0
    while completed < pending.count {
      try Task.checkCancellation()
      let batch = nextBatch(pending, from: completed, settings: writer.settings).map(pipeline.next)
      summary.synthetic += batch.count { $0.image?.isSynthetic == true }
      let outcome = try writer.commit(batch)
      summary.imported += outcome.imported
      summary.excluded += outcome.excluded
      completed += batch.count
      progress(WorkProgress("importing \(source.name)", done: completed, of: pending.count, unit: "images"))
    }
  }

  /// Up to 64 MiB of stored pixels.
  private func batchSize(_ settings: DatasetSettings) -> Int {
    max(1, min(options.batchSize, (64 << 20) / (settings.imageSize * settings.imageSize)))
  }

  /// Positions in `pending` of the entries to commit together: entries without an image cost next to nothing.
  private func nextBatch(_ pending: [Int], from start: Int, settings: DatasetSettings) -> Range<Int> {
    var end = start
    var images = 0
    let mostImages = batchSize(settings)
    while end < pending.count, end - start < max(options.listedBatchSize, mostImages), images < mostImages {
      if source.entries[pending[end]].pixels != nil { images += 1 }
      end += 1
    }
    return start..<end
  }

  private func checkFolders() throws(DatasetError) {
    let to = output.resolvingSymlinksInPath().standardizedFileURL.path + "/"
    for root in source.roots {
      let from = root.resolvingSymlinksInPath().standardizedFileURL.path + "/"
      if from.hasPrefix(to) || to.hasPrefix(from) {
        throw .sourceInsideOutput(source: root.path, output: output.path)
      }
    }
  }
}
