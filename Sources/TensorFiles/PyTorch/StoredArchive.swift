import Support

/// The directory of a zip archive. PyTorch stores its entries uncompressed, and only such can be read.
///
/// Everything is checked before an entry is handed out: one directory that ends where its end record begins, local
/// headers that agree with it, and entries that lie before it without overlapping. Zip64 is understood.
struct StoredArchive {
  private var entries: [ExactString: Entry] = [:]
  private(set) var names: [String] = []

  private struct Entry {
    var range: Range<Int>
    /// 0 for stored as it is.
    var method: Int
  }

  private struct Record {
    var name: String
    var method: Int
    var headerOffset: Int
    var size: Int
  }

  /// The record at the archive's end: where the directory lies.
  private struct EndRecord {
    var count: UInt64
    var directory: Range<Int>
  }

  static func isZip(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) || bytes.starts(with: [0x50, 0x4B, 0x05, 0x06])
  }

  init(_ bytes: UnsafeRawBufferPointer) throws(CheckpointFailure) {
    let end = try Self.findEnd(bytes)
    let records = try Self.readDirectory(bytes, end)
    var previousEnd = 0
    for record in records.sorted(by: { $0.headerOffset < $1.headerOffset }) {
      guard record.headerOffset >= previousEnd else { throw Self.malformed("overlapping entry \(record.name)") }
      let range = try Self.locate(record, in: bytes, limit: end.directory.lowerBound)
      previousEnd = range.upperBound
      guard entries.updateValue(Entry(range: range, method: record.method), forKey: ExactString(record.name)) == nil
      else {
        throw Self.malformed("entry \(record.name) twice")
      }
      names.append(record.name)
    }
  }

  func contains(_ name: String) -> Bool { entries[ExactString(name)] != nil }

  /// Where the bytes of the entry `name` lie in the file; nil if there is none.
  func range(of name: String) throws(CheckpointFailure) -> Range<Int>? {
    guard let entry = entries[ExactString(name)] else { return nil }
    guard entry.method == 0 else {
      throw CheckpointFailure(problem: .notStored(entry: name, method: entry.method))
    }
    return entry.range
  }

  private static func malformed(_ what: String) -> CheckpointFailure {
    CheckpointFailure(problem: .malformedArchive(what))
  }

  // MARK: The end of the archive

  private static func findEnd(_ bytes: UnsafeRawBufferPointer) throws(CheckpointFailure) -> EndRecord {
    let recordSize = 22
    let earliest = max(0, bytes.count - recordSize - Int(UInt16.max))
    var start = bytes.count - recordSize
    while start >= earliest {
      // A record counts only if its comment ends the file, so the four bytes inside a comment do not.
      if bytes[start] == 0x50, bytes[start...].starts(with: [0x50, 0x4B, 0x05, 0x06]),
        let comment = ByteReader(bytes, at: start + 20).peek(UInt16.self),
        start + recordSize + Int(comment) == bytes.count
      {
        return try readEnd(bytes, at: start)
      }
      start -= 1
    }
    throw malformed("no directory at its end")
  }

  private static func readEnd(_ bytes: UnsafeRawBufferPointer, at start: Int) throws(CheckpointFailure) -> EndRecord {
    var reader = ByteReader(bytes, at: start + 4)
    guard let disk: UInt16 = reader.read(), let directoryDisk: UInt16 = reader.read(),
      let countHere: UInt16 = reader.read(), let count: UInt16 = reader.read(), let size: UInt32 = reader.read(),
      let offset: UInt32 = reader.read()
    else { throw malformed("its end record is cut") }
    if let zip64 = try readZip64End(bytes, endRecord: start) { return zip64 }
    guard disk == 0, directoryDisk == 0, countHere == count else { throw malformed("it has several parts") }
    return try endRecord(count: UInt64(count), offset: UInt64(offset), size: UInt64(size), end: start)
  }

  /// The zip64 record that a locator right before the end record points to.
  private static func readZip64End(
    _ bytes: UnsafeRawBufferPointer, endRecord: Int
  ) throws(CheckpointFailure) -> EndRecord? {
    let locatorStart = endRecord - 20
    guard locatorStart >= 0, bytes[locatorStart...].starts(with: [0x50, 0x4B, 0x06, 0x07]) else { return nil }
    var locator = ByteReader(bytes, at: locatorStart + 4)
    guard let disk: UInt32 = locator.read(), let recordOffset: UInt64 = locator.read(),
      let disks: UInt32 = locator.read(), disk == 0, disks <= 1, let start = Int(exactly: recordOffset),
      start <= locatorStart - 56, bytes[start...].starts(with: [0x50, 0x4B, 0x06, 0x06])
    else { throw malformed("its zip64 locator points nowhere") }
    var reader = ByteReader(bytes, at: start + 4)
    guard let recordSize: UInt64 = reader.read(), reader.read(count: 4) != nil, let disk: UInt32 = reader.read(),
      let directoryDisk: UInt32 = reader.read(), let countHere: UInt64 = reader.read(),
      let count: UInt64 = reader.read(), let size: UInt64 = reader.read(), let offset: UInt64 = reader.read(),
      disk == 0, directoryDisk == 0, countHere == count, recordSize == UInt64(locatorStart - start - 12)
    else { throw malformed("its zip64 end record is broken") }
    return try Self.endRecord(count: count, offset: offset, size: size, end: start)
  }

  private static func endRecord(
    count: UInt64, offset: UInt64, size: UInt64, end: Int
  ) throws(CheckpointFailure) -> EndRecord {
    guard let offset = Int(exactly: offset), let size = Int(exactly: size), offset <= end, size == end - offset else {
      throw malformed("its directory does not end where its end record begins")
    }
    return EndRecord(count: count, directory: offset..<end)
  }

  // MARK: The directory

  private static func readDirectory(
    _ bytes: UnsafeRawBufferPointer, _ end: EndRecord
  ) throws(CheckpointFailure) -> [Record] {
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[end.directory]))
    var records: [Record] = []
    while reader.remaining > 0 {
      records.append(try readRecord(&reader))
    }
    guard UInt64(records.count) == end.count else {
      throw malformed("its directory lists \(records.count) entries, its end record says \(end.count)")
    }
    return records
  }

  private static func readRecord(_ reader: inout ByteReader) throws(CheckpointFailure) -> Record {
    guard let signature: UInt32 = reader.read(), signature == 0x0201_4B50, reader.read(count: 4) != nil,
      let flags: UInt16 = reader.read(), let method: UInt16 = reader.read(), reader.read(count: 8) != nil,
      let compressed: UInt32 = reader.read(), let size: UInt32 = reader.read(), let nameLength: UInt16 = reader.read(),
      let extraLength: UInt16 = reader.read(), let commentLength: UInt16 = reader.read(),
      let disk: UInt16 = reader.read(), reader.read(count: 6) != nil, let offset: UInt32 = reader.read(),
      let name = reader.readText(count: Int(nameLength)), let extra = reader.read(count: Int(extraLength)),
      reader.read(count: Int(commentLength)) != nil
    else { throw malformed("its directory is broken") }
    let encryptionFlags: UInt16 = 0x2041
    guard flags & encryptionFlags == 0 else { throw malformed("entry \(name) is encrypted") }
    guard disk == 0 || disk == .max else { throw malformed("it has several parts") }
    // Fields that do not fit are all ones here and follow in full in the extra field 1, in this order.
    var wide = zip64Field(in: extra)
    func widened(_ value: UInt32) throws(CheckpointFailure) -> Int {
      guard value == .max else { return Int(value) }
      guard let full = wide?.read(UInt64.self).flatMap(Int.init(exactly:)) else {
        throw malformed("entry \(name) has no zip64 size")
      }
      return full
    }
    let fullSize = try widened(size)
    let fullCompressed = try widened(compressed)
    let headerOffset = try widened(offset)
    guard method != 0 || fullSize == fullCompressed else { throw malformed("entry \(name) is stored with two sizes") }
    return Record(name: name, method: Int(method), headerOffset: headerOffset, size: fullCompressed)
  }

  private static func zip64Field(in extra: UnsafeRawBufferPointer) -> ByteReader? {
    var reader = ByteReader(extra)
    while let tag: UInt16 = reader.read(), let size: UInt16 = reader.read(), let field = reader.read(count: Int(size)) {
      if tag == 1 { return ByteReader(field) }
    }
    return nil
  }

  /// Where the bytes of `record` lie, by its local header.
  private static func locate(
    _ record: Record, in bytes: UnsafeRawBufferPointer, limit: Int
  ) throws(CheckpointFailure) -> Range<Int> {
    let failure = malformed("entry \(record.name) has no header")
    guard record.headerOffset < limit else { throw failure }
    var reader = ByteReader(bytes, at: record.headerOffset)
    guard let signature: UInt32 = reader.read(), signature == 0x0403_4B50, reader.read(count: 22) != nil,
      let nameLength: UInt16 = reader.read(), let extraLength: UInt16 = reader.read(),
      let name = reader.read(count: Int(nameLength)), name.elementsEqual(record.name.utf8),
      reader.read(count: Int(extraLength)) != nil
    else { throw failure }
    guard reader.position <= limit, record.size <= limit - reader.position else {
      throw malformed("entry \(record.name) is cut")
    }
    return reader.position..<(reader.position + record.size)
  }
}

extension ByteReader {
  /// The next number, which stays the next.
  fileprivate func peek<Integer: FixedWidthInteger & BitwiseCopyable>(_: Integer.Type) -> Integer? {
    var copy = self
    return copy.read()
  }
}
