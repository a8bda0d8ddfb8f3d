import Foundation

/// An amount of memory as people write it: `8GB`, `512MiB`, `1500000000`.
public struct MemorySize: Equatable, Sendable, CustomStringConvertible {
  public var bytes: Int

  public init(bytes: Int) { self.bytes = bytes }

  private static let units: [(suffix: String, bytes: Double)] = [
    ("TIB", 0x1p40), ("GIB", 0x1p30), ("MIB", 0x1p20), ("KIB", 0x1p10), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6),
    ("KB", 1e3), ("B", 1),
  ]

  /// Reads a positive number with a unit of powers of 1000 (`GB`) or of 1024 (`GiB`), or bytes; nil for anything else.
  public init?(_ text: String) {
    let text = text.uppercased().filter { $0 != " " }
    let unit = Self.units.first { text.hasSuffix($0.suffix) }
    guard let number = Double(text.dropLast(unit?.suffix.count ?? 0)), number > 0, number.isFinite else { return nil }
    let size = number * (unit?.bytes ?? 1)
    guard size >= 1, size < 0x1p62 else { return nil }
    bytes = Int(size)
  }

  /// In the largest unit of powers of 1000 that leaves at least 1, with three digits at most.
  public var description: String {
    guard let unit = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3)].first(where: { Double(bytes) >= $0.1 })
    else { return "\(bytes) bytes" }
    let number = Double(bytes) / unit.1
    return String(format: number < 10 ? "%.2f" : number < 100 ? "%.1f" : "%.0f", number) + " " + unit.0
  }
}
