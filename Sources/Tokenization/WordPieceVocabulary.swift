/// The tokens of a WordPiece model, with the longest-prefix search that the algorithm is made of.
///
/// Tokens are compared as bytes of UTF-8. Swift's `String` would take canonically equivalent spellings for one token,
/// and a vocabulary may hold both.
struct WordPieceVocabulary: Sendable {
  private let initial: PrefixTable
  private let continuing: PrefixTable
  private let unknownIdentifier: Int
  private let maximumScalarsPerWord: Int

  /// The number of distinct tokens.
  var count: Int { initial.count }

  /// - Parameters:
  ///   - tokens: Of two entries for one token the later counts.
  ///   - prefix: What marks a token that continues a word, `##`.
  ///   - maximumScalarsPerWord: Longer words are unknown.
  init(tokens: TokenList, unknownToken: String, prefix: String, maximumScalarsPerWord: Int) throws(TokenizationError) {
    initial = PrefixTable(tokens, startingWith: [])
    continuing = PrefixTable(tokens, startingWith: Array(prefix.utf8))
    guard let unknown = initial.identifier(of: Array(unknownToken.utf8)) else { throw .missingToken(unknownToken) }
    unknownIdentifier = unknown
    self.maximumScalarsPerWord = maximumScalarsPerWord
  }

  func identifier(of token: String) -> Int? { initial.identifier(of: Array(token.utf8)) }

  /// Appends the tokens of one word: at each place the longest that fits, or one unknown token for the whole word if
  /// there is none (Schuster & Nakajima 2012; Devlin et al. 2018).
  ///
  /// Work is at most the length of the longest token for each token found, so it is linear in the word's length.
  func appendTokens(of word: Range<Int>, in text: TrackedText, buffer: inout [UInt8], to tokens: inout TokenSequence) {
    let wordOrigin = text.origins[word.lowerBound]
    guard word.count <= maximumScalarsPerWord else { return tokens.append(unknownIdentifier, at: wordOrigin) }
    buffer.removeAll(keepingCapacity: true)
    for index in word { appendUTF8(of: text.scalars[index], to: &buffer) }
    let first = tokens.count
    var start = 0
    var scalar = word.lowerBound
    while start < buffer.count {
      guard let match = (start == 0 ? initial : continuing).longestPrefix(of: buffer, from: start) else {
        tokens.removeAll(from: first)
        return tokens.append(unknownIdentifier, at: wordOrigin)
      }
      tokens.append(match.identifier, at: text.origins[scalar])
      while start < match.end {
        // Bytes that are not continuations begin a scalar.
        if buffer[start] & 0xC0 != 0x80 { scalar += 1 }
        start += 1
      }
    }
  }
}

/// The tokens of a text, and for each the offset, in scalars, at which it begins in the original text.
struct TokenSequence: Equatable, Sendable {
  private(set) var ids: [Int] = []
  private(set) var scalarOffsets: [Int32] = []

  var count: Int { ids.count }

  mutating func append(_ id: Int, at scalarOffset: Int32) {
    ids.append(id)
    scalarOffsets.append(scalarOffset)
  }

  mutating func removeAll(from first: Int) {
    ids.removeSubrange(first...)
    scalarOffsets.removeSubrange(first...)
  }
}

/// Tokens as a file lists them, one after another in one array of bytes.
struct TokenList: Sendable {
  private(set) var bytes: [UInt8] = []
  private(set) var ends: [Int32] = []
  private(set) var identifiers: [Int32] = []

  var count: Int { ends.count }

  mutating func append(_ token: some Collection<UInt8>, identifier: Int) {
    bytes.append(contentsOf: token)
    ends.append(Int32(bytes.count))
    identifiers.append(Int32(truncatingIfNeeded: identifier))
  }

  /// The place of a token in `bytes`.
  func range(of index: Int) -> Range<Int> { (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index]) }

  /// The identifier of a token, found one by one: for the few that a tokenizer needs while it is made.
  func lastIdentifier(of token: String) -> Int? {
    let wanted = Array(token.utf8)
    return (0..<count).last { bytes[range(of: $0)].elementsEqual(wanted) }.map { Int(identifiers[$0]) }
  }
}

/// Tokens in an open-addressed hash table, searched by a hash that grows byte by byte.
///
/// Entries are spread over plain arrays of integers, which unoptimised builds read fast.
private struct PrefixTable: Sendable {
  private let bytes: [UInt8]
  private var starts: [Int32] = []
  private var ends: [Int32] = []
  private var identifiers: [Int32] = []
  /// Indices of entries, -1 if free; a power of two in number, at most half of them taken.
  private var slots: [Int32]
  private var longest = 0

  var count: Int { starts.count }

  /// Holds the tokens that start with `marker`, without it.
  init(_ tokens: TokenList, startingWith marker: [UInt8]) {
    bytes = tokens.bytes
    var capacity = 16
    while capacity < 2 * tokens.count { capacity *= 2 }
    slots = Array(repeating: -1, count: capacity)
    for index in 0..<tokens.count {
      let range = tokens.range(of: index)
      guard range.count > marker.count || marker.isEmpty, bytes[range].starts(with: marker) else { continue }
      insert(range.lowerBound + marker.count..<range.upperBound, identifier: tokens.identifiers[index])
    }
  }

  private mutating func insert(_ range: Range<Int>, identifier: Int32) {
    var hash = Self.seed
    var position = range.lowerBound
    while position < range.upperBound {
      hash = Self.grow(hash, bytes[position])
      position += 1
    }
    let slot = slot(of: hash, holding: bytes, from: range.lowerBound, to: range.upperBound)
    if slots[slot] >= 0 {
      identifiers[Int(slots[slot])] = identifier
    } else {
      slots[slot] = Int32(starts.count)
      starts.append(Int32(range.lowerBound))
      ends.append(Int32(range.upperBound))
      identifiers.append(identifier)
      longest = max(longest, range.count)
    }
  }

  func identifier(of token: [UInt8]) -> Int? {
    let slot = slot(of: token.reduce(Self.seed, Self.grow), holding: token, from: 0, to: token.count)
    return slots[slot] < 0 ? nil : Int(identifiers[Int(slots[slot])])
  }

  /// The longest entry that `text` continues with at `start`, and where it ends.
  func longestPrefix(of text: [UInt8], from start: Int) -> (identifier: Int, end: Int)? {
    var hash = Self.seed
    var found: Int32 = -1
    var foundEnd = start
    var end = start
    let limit = min(text.count, start + longest)
    while end < limit {
      hash = Self.grow(hash, text[end])
      end += 1
      let slot = slot(of: hash, holding: text, from: start, to: end)
      if slots[slot] >= 0 {
        found = slots[slot]
        foundEnd = end
      }
    }
    return found < 0 ? nil : (Int(identifiers[Int(found)]), foundEnd)
  }

  /// The slot of the entry that equals a stretch of `text`, or the free slot where it would go.
  private func slot(of hash: UInt64, holding text: [UInt8], from start: Int, to end: Int) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
    while slots[slot] >= 0 {
      let entry = Int(slots[slot])
      var own = Int(starts[entry])
      if Int(ends[entry]) - own == end - start {
        var other = start
        while other < end, bytes[own] == text[other] {
          own += 1
          other += 1
        }
        if other == end { return slot }
      }
      slot = (slot + 1) & mask
    }
    return slot
  }

  // FNV-1a; its high bits choose the slot too.
  private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
  private static func grow(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
}

/// Appends the UTF-8 encoding of a scalar.
func appendUTF8(of scalar: UInt32, to bytes: inout [UInt8]) {
  switch scalar {
  case 0..<0x80:
    bytes.append(UInt8(scalar))
  case 0x80..<0x800:
    bytes.append(0xC0 | UInt8(scalar >> 6))
    bytes.append(0x80 | UInt8(scalar & 0x3F))
  case 0x800..<0x10000:
    bytes.append(0xE0 | UInt8(scalar >> 12))
    bytes.append(0x80 | UInt8(scalar >> 6 & 0x3F))
    bytes.append(0x80 | UInt8(scalar & 0x3F))
  default:
    bytes.append(0xF0 | UInt8(truncatingIfNeeded: scalar >> 18))
    bytes.append(0x80 | UInt8(scalar >> 12 & 0x3F))
    bytes.append(0x80 | UInt8(scalar >> 6 & 0x3F))
    bytes.append(0x80 | UInt8(scalar & 0x3F))
  }
}
