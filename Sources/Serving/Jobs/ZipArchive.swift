import CZlib
import Foundation

/// A ZIP archive of stored members (PKWARE's APPNOTE 6.3.9, sections 4.3.7, 4.3.12 and 4.3.16): what it holds is compressed
/// already. Below 4 GiB and 65,535 members, without ZIP64.
struct ZipArchive {
  /// The most members that the format's plain form has.
  static let memberLimit = 65_535

  private(set) var bytes: [UInt8] = []
  private var directory: [UInt8] = []
  private var count: UInt16 = 0
  private let time: UInt16
  private let day: UInt16

  /// - Parameter date: The time that all members have, in UTC.
  init(date: Date) {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    let year = min(max(parts.year ?? 1980, 1980), 2107)
    time = UInt16((parts.hour ?? 0) << 11 | (parts.minute ?? 0) << 5 | (parts.second ?? 0) / 2)
    day = UInt16((year - 1980) << 9 | (parts.month ?? 1) << 5 | (parts.day ?? 1))
  }

  /// Adds a member.
  ///
  /// - Returns: False, and nothing is added, if the archive would grow beyond its form.
  mutating func add(_ content: [UInt8], as name: String) -> Bool {
    let name = Array(name.utf8)
    guard count < Self.memberLimit, name.count < 65_535,
      bytes.count + directory.count + content.count + 2 * name.count + 200 < 1 << 32
    else { return false }
    let checksum = content.withUnsafeBufferPointer {
      UInt32(truncatingIfNeeded: crc32(0, $0.baseAddress, UInt32($0.count)))
    }
    let offset = UInt32(bytes.count)
    // Version 2.0, UTF-8 names, stored.
    var common: [UInt8] = []
    common += little(UInt16(20)) + little(UInt16(0x0800)) + little(UInt16(0)) + little(time) + little(day)
    common += little(checksum) + little(UInt32(content.count)) + little(UInt32(content.count))
    common += little(UInt16(name.count)) + little(UInt16(0))
    bytes += little(UInt32(0x0403_4B50)) + common + name + content
    directory += little(UInt32(0x0201_4B50)) + little(UInt16(20)) + common
    directory += little(UInt16(0)) + little(UInt16(0)) + little(UInt16(0)) + little(UInt32(0)) + little(offset) + name
    count += 1
    return true
  }

  /// The whole archive.
  func finished() -> [UInt8] {
    let end =
      little(UInt32(0x0605_4B50)) + little(UInt16(0)) + little(UInt16(0)) + little(count) + little(count)
      + little(UInt32(directory.count)) + little(UInt32(bytes.count)) + little(UInt16(0))
    return bytes + directory + end
  }

  private func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
