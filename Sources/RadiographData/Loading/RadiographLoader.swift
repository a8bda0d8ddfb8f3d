import Dispatch
import GRDB
import ImageFiles
import Support

/// Batches of a dataset's images as values in [-1, 1], shuffled anew every epoch.
///
/// Which images a step holds depends on the seed, the epoch and the step alone: not on what was loaded before, nor on
/// how many ranks share the step. Of the index the loader keeps four bytes an image.
public struct RadiographLoader: Sendable {
  public struct Options: Sendable, Equatable {
    /// Images of one rank in a step.
    public var batchSize: Int
    public var seed: UInt64
    /// Whether an epoch has an order of its own; otherwise images come in the order of import.
    public var isShuffled: Bool
    /// Whether a last step with fewer images is left out, so that all ranks have equal steps.
    public var dropsLast: Bool
    /// This process among those that share a step, from 0.
    public var rank: Int
    public var rankCount: Int
    public var augmentation: ImageAugmentation?

    public init(
      batchSize: Int, seed: UInt64 = 0, isShuffled: Bool = true, dropsLast: Bool = true, rank: Int = 0,
      rankCount: Int = 1, augmentation: ImageAugmentation? = nil
    ) {
      self.batchSize = batchSize
      self.seed = seed
      self.isShuffled = isShuffled
      self.dropsLast = dropsLast
      self.rank = rank
      self.rankCount = rankCount
      self.augmentation = augmentation
    }
  }

  public let dataset: RadiographDataset
  public let options: Options
  /// The slot of each image, in the order of import: that of `RadiographDataset.records(matching:)`.
  private let slots: [UInt32]

  /// - Parameter filter: which images; those without pixels never are among them.
  /// - Throws: `DatasetError.invalidLoading` where the batch is empty or the rank is not one of the ranks.
  public init(
    _ dataset: RadiographDataset, matching filter: RecordFilter = RecordFilter(), options: Options
  ) throws(DatasetError) {
    guard options.batchSize > 0, options.rankCount > 0, (0..<options.rankCount).contains(options.rank),
      options.batchSize <= Int.max / options.rankCount
    else {
      throw .invalidLoading("batch size \(options.batchSize), rank \(options.rank) of \(options.rankCount)")
    }
    var filter = filter
    filter.withPixelsOnly = true
    self.dataset = dataset
    self.options = options
    slots = try dataset.slots(matching: filter)
  }

  /// Images of all ranks.
  public var imageCount: Int { slots.count }
  /// Floats of one image.
  public var valuesPerImage: Int { dataset.imageSize * dataset.imageSize }

  public var stepsPerEpoch: Int {
    let perStep = options.batchSize * options.rankCount
    return options.dropsLast ? slots.count / perStep : (slots.count + perStep - 1) / perStep
  }

  /// The images of one step on this rank, as positions in the order of import.
  public func positions(epoch: Int, step: Int) -> [Int] {
    let start = step * options.batchSize * options.rankCount
    let end = min(start + options.batchSize * options.rankCount, slots.count)
    guard step >= 0, start < end else { return [] }
    // A last, smaller step is shared as evenly as its number allows.
    let (share, extra) = (end - start).quotientAndRemainder(dividingBy: options.rankCount)
    let first = start + options.rank * share + min(options.rank, extra)
    let places = first..<(first + share + (options.rank < extra ? 1 : 0))
    guard options.isShuffled else { return Array(places) }
    let order = ImageOrder(count: slots.count, seed: options.seed, epoch: epoch)
    return places.map { order[$0] }
  }

  /// Fills a buffer with the images of one step, one behind another, each row by row.
  ///
  /// - Parameters:
  ///   - values: room for `batchSize * valuesPerImage` values; what a smaller last step leaves stays as it was.
  /// - Returns: the images' positions in the order of import.
  /// - Throws: `DatasetError.invalidLoading` where the buffer is too small.
  @discardableResult
  public func load(
    epoch: Int, step: Int, into values: UnsafeMutableBufferPointer<Float>
  ) throws(DatasetError) -> [Int] {
    let positions = positions(epoch: epoch, step: step)
    let count = valuesPerImage
    guard values.count >= positions.count * count else {
      throw .invalidLoading("\(values.count) values for \(positions.count) images of \(count)")
    }
    let size = dataset.imageSize
    let target = SharedBuffer(values)
    DispatchQueue.concurrentPerform(iterations: positions.count) { index in
      let image = target.part(index * count..<(index + 1) * count)
      let pixels = dataset.shards[Int(slots[positions[index]])]
      if let augmentation = options.augmentation {
        // The sample's own seed: neither the batch nor the rank changes what becomes of it.
        let seed = SplitMix64.mixed(
          options.seed ^ SplitMix64.mixed(UInt64(bitPattern: Int64(epoch)) ^ SplitMix64.mixed(UInt64(positions[index])))
        )
        ImageAugmentation.apply(augmentation.change(seed: seed), to: pixels, size: size, into: image)
      } else {
        RadiographDataset.scale(pixels, into: image)
      }
    }
    return positions
  }

  /// Unchecked: each image's part is written by one thread.
  private struct SharedBuffer: @unchecked Sendable {
    private let values: UnsafeMutableBufferPointer<Float>

    init(_ values: UnsafeMutableBufferPointer<Float>) { self.values = values }

    func part(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
      UnsafeMutableBufferPointer(rebasing: values[range])
    }
  }
}

extension RadiographDataset {
  /// Grey values 0...255 to -1...1.
  static func scale(_ pixels: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<Float>) {
    guard let source = pixels.baseAddress, let target = target.baseAddress else { return }
    for index in 0..<pixels.count { target[index] = GrayscaleImage.value(source[index]) }
  }

  /// Where the pixels of the records that match lie, in the order of import.
  func slots(matching filter: RecordFilter) throws(DatasetError) -> [UInt32] {
    do {
      return try database.read { database in
        let (condition, arguments) = Self.condition(filter)
        let rows = try Row.fetchCursor(
          database, sql: "SELECT slot \(Self.join) WHERE \(condition) ORDER BY images.id", arguments: arguments)
        var result: [UInt32] = []
        while let row = try rows.next() {
          let slot: Int = try row.value(0)
          guard slot < storedImageCount, let value = UInt32(exactly: slot) else {
            throw DatasetError.damaged(path: url.path, reason: "pixels at \(slot) of \(storedImageCount)")
          }
          result.append(value)
        }
        return result
      }
    } catch {
      throw .wrapping(error, path: url.path)
    }
  }
}
