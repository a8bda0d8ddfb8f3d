import GRDB

/// The records that a filter leaves, in the order of import, read from the index a few at a time.
///
/// Of each image its number and the place of its pixels are held, 8 bytes. The rest of a record is read when it is
/// asked for.
public struct RadiographRecords: Sendable {
  private struct Place {
    var id: UInt32
    /// `UInt32.max` if there are no pixels.
    var slot: UInt32
  }

  private let dataset: RadiographDataset
  private let places: [Place]

  /// How many records are read at a time.
  public static let chunk = 1024

  /// - Throws: `DatasetError` if the index cannot be read or is damaged.
  public init(_ dataset: RadiographDataset, matching filter: RecordFilter) throws(DatasetError) {
    self.dataset = dataset
    do {
      places = try dataset.database.read { database in
        let (condition, arguments) = RadiographDataset.condition(filter)
        let rows = try Row.fetchCursor(
          database, sql: "SELECT images.id, slot \(RadiographDataset.join) WHERE \(condition) ORDER BY images.id",
          arguments: arguments)
        var places: [Place] = []
        while let row = try rows.next() {
          let id: Int64 = try row.value(0)
          let slot: Int? = try row.value(1)
          guard let number = UInt32(exactly: id), let place = UInt32(exactly: slot ?? Int(UInt32.max)) else {
            throw DatasetError.damaged(path: dataset.url.path, reason: "image \(id) with pixels at \(slot ?? 0)")
          }
          places.append(Place(id: number, slot: place))
        }
        return places
      }
    } catch {
      throw .wrapping(error, path: dataset.url.path)
    }
  }

  private init(_ dataset: RadiographDataset, places: [Place]) { (self.dataset, self.places) = (dataset, places) }

  /// Those of the records that `isIncluded` accepts, in the same order.
  ///
  /// - Throws: `DatasetError`, and what `isIncluded` throws.
  public func filter(_ isIncluded: (RadiographRecord) throws -> Bool) throws -> RadiographRecords {
    var kept: [Place] = []
    try forEach { index, record in if try isIncluded(record) { kept.append(places[index]) } }
    return RadiographRecords(dataset, places: kept)
  }

  /// Width and height of the images.
  public var imageSize: Int { dataset.imageSize }

  public var count: Int { places.count }
  public var isEmpty: Bool { places.isEmpty }
  public var indices: Range<Int> { places.indices }

  /// Some records that follow on one another.
  ///
  /// - Throws: `DatasetError` if the index cannot be read, or has lost one of them since.
  public func records(_ range: Range<Int>) throws(DatasetError) -> [RadiographRecord] {
    guard !range.isEmpty else { return [] }
    let filter = RecordFilter(
      eligibleOnly: false, withPixelsOnly: false, images: places[range].map { Int64($0.id) })
    let records = try dataset.records(matching: filter)
    guard records.count == range.count else {
      throw .damaged(
        path: dataset.url.path, reason: "\(range.count - records.count) images are gone since it was opened")
    }
    return records
  }

  /// Calls `body` with each record and its place among these, in order.
  ///
  /// - Throws: `DatasetError`, and what `body` throws.
  public func forEach(_ body: (Int, RadiographRecord) throws -> Void) throws {
    for start in stride(from: 0, to: count, by: Self.chunk) {
      let range = start..<min(start + Self.chunk, count)
      for (index, record) in zip(range, try records(range)) { try body(index, record) }
    }
  }

  /// Calls `body` with the `imageSize * imageSize` grey values of an image, row by row, as they lie in the mapped file.
  /// The pointer must not outlive the call.
  ///
  /// - Throws: `DatasetError.noPixels` if there are none; what `body` throws.
  public func withPixels<Result>(
    of index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) throws -> Result {
    let place = places[index]
    guard Int(place.slot) < dataset.storedImageCount else { throw DatasetError.noPixels(key: "image \(place.id)") }
    return try withExtendedLifetime(dataset) { try body(dataset.shards[Int(place.slot)]) }
  }
}
