/// One row of a table. Its cells are decoded when they are read.
public struct DelimitedRow: Sendable {
  /// Counted from 1 with the header and blank lines, as a spreadsheet numbers them (cells of several lines are one row).
  public let number: Int
  /// The line on which the row begins, from 1.
  public let line: Int
  /// The cells' bytes, unquoted, one behind another.
  let bytes: [UInt8]
  /// Where each cell ends in `bytes`.
  let ends: [Int]

  public var count: Int { ends.count }

  /// A cell as it is; empty behind the last.
  public subscript(index: Int) -> String {
    guard ends.indices.contains(index) else { return "" }
    return CharacterEncoding.text(utf8OrLatin: bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]])
  }

  public var cells: [String] { ends.indices.map { self[$0] } }

  /// A cell without the blanks around it; nil if it is blank, or if the row or the table has none.
  public func text(_ index: Int?) -> String? {
    guard let index, ends.indices.contains(index) else { return nil }
    var cell = bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    while let first = cell.first, isBlank(first) { cell.removeFirst() }
    while let last = cell.last, isBlank(last) { cell.removeLast() }
    return cell.isEmpty ? nil : CharacterEncoding.text(utf8OrLatin: cell)
  }

  /// Whether the row has another number of cells than the header; blank cells at its end do not count.
  public func isRagged(columns: Int) -> Bool {
    if count == columns { return false }
    if count < columns { return true }
    return ends[columns - 1] != bytes.count
  }
}
