/// A set of Unicode scalars as sorted ranges.
struct ScalarSet: Sendable {
  private let firsts: [UInt32]
  private let lasts: [UInt32]

  /// Reads ranges such as `"41-5a ad"`, ascending and in hexadecimal.
  init(parsing text: String) {
    let ranges = text.split(separator: " ").map { scalarRange($0) }
    firsts = ranges.map(\.lowerBound)
    lasts = ranges.map(\.upperBound)
  }

  func contains(_ scalar: UInt32) -> Bool {
    guard let index = lastIndex(in: firsts, atMost: scalar) else { return false }
    return scalar <= lasts[index]
  }
}

/// A map from Unicode scalars to sequences of them, held as one flat array.
struct ScalarMap: Sendable {
  private var entries: [UInt32: Range<Int32>] = [:]
  private var targets: [UInt32] = []

  subscript(scalar: UInt32) -> ArraySlice<UInt32>? {
    entries[scalar].map { targets[Int($0.lowerBound)..<Int($0.upperBound)] }
  }

  /// Reads entries such as `"c0=41.300"` (a sequence) and `"41-5a/1+20"` (a run of one offset), in hexadecimal.
  init(parsing text: String) {
    for entry in text.split(separator: " ") {
      if let equals = entry.firstIndex(of: "=") {
        let sequence = entry[entry.index(after: equals)...].split(separator: ".").map { hexadecimal($0) }
        insert(sequence, for: hexadecimal(entry[..<equals]))
      } else if let slash = entry.firstIndex(of: "/") {
        let rule = entry[entry.index(after: slash)...]
        let magnitude = Int64(hexadecimal(rule.dropFirst(2)))
        let offset = rule.dropFirst().first == "-" ? -magnitude : magnitude
        let range = scalarRange(entry[..<slash])
        for scalar in stride(from: range.lowerBound, through: range.upperBound, by: rule.first == "2" ? 2 : 1) {
          insert([UInt32(Int64(scalar) + offset)], for: scalar)
        }
      }
    }
  }

  private mutating func insert(_ sequence: [UInt32], for scalar: UInt32) {
    entries[scalar] = Int32(targets.count)..<Int32(targets.count + sequence.count)
    targets += sequence
  }
}

/// The rank of each scalar's canonical combining class: 0 for starters.
struct CombiningRanks: Sendable {
  private let firsts: [UInt32]
  private let lasts: [UInt32]
  private let ranks: [UInt8]
  let highest: UInt8

  /// Reads entries such as `"300-314:32"`, ascending and in hexadecimal.
  init(parsing text: String) {
    let entries = text.split(separator: " ").map { entry in
      let parts = entry.split(separator: ":")
      return (range: scalarRange(parts[0]), rank: UInt8(hexadecimal(parts[1])))
    }
    firsts = entries.map(\.range.lowerBound)
    lasts = entries.map(\.range.upperBound)
    ranks = entries.map(\.rank)
    highest = ranks.max() ?? 0
  }

  subscript(scalar: UInt32) -> UInt8 {
    guard let index = lastIndex(in: firsts, atMost: scalar), scalar <= lasts[index] else { return 0 }
    return ranks[index]
  }
}

/// The tables of `UnicodeTables`, read when the first scalar beyond ASCII asks for them.
enum ScalarTables {
  static let removed = ScalarSet(parsing: UnicodeTables.removed)
  static let cleanedToSpace = ScalarSet(parsing: UnicodeTables.cleanedToSpace)
  static let whitespace = ScalarSet(parsing: UnicodeTables.whitespace)
  static let punctuation = ScalarSet(parsing: UnicodeTables.punctuation)
  static let chinese = ScalarSet(parsing: UnicodeTables.chinese)
  static let marks = ScalarSet(parsing: UnicodeTables.marks)
  static let combiningRanks = CombiningRanks(parsing: UnicodeTables.combiningRanks)
  static let lowercase = ScalarMap(parsing: UnicodeTables.lowercase)
  static let decompositions = ScalarMap(parsing: UnicodeTables.decompositions)
}

private func hexadecimal(_ digits: Substring) -> UInt32 {
  digits.utf8.reduce(0) { value, digit in value << 4 | UInt32(digit < 0x3A ? digit - 0x30 : digit - 0x57) }
}

private func scalarRange(_ text: Substring) -> ClosedRange<UInt32> {
  let bounds = text.split(separator: "-").map { hexadecimal($0) }
  return bounds[0]...bounds[bounds.count - 1]
}

private func lastIndex(in ascending: [UInt32], atMost value: UInt32) -> Int? {
  var low = 0
  var high = ascending.count
  while low < high {
    let middle = (low + high) / 2
    if ascending[middle] <= value { low = middle + 1 } else { high = middle }
  }
  return low == 0 ? nil : low - 1
}
