/// The tokens of a WordPiece model, with the longest-prefix search that the algorithm is made of.
///
/// Tokens are compared as bytes of UTF-8. Swift's `String` would take canonically equivalent spellings for one token,
/// and a vocabulary may hold both.
struct WordPieceVocabulary: Sendable {
  /// The identifier of each token, in order of the file.
  private var identifiers: [[UInt8]: Int] = [:]
  private let initial: PrefixTable
  private let continuing: PrefixTable
  private let unknownIdentifier: Int
  private let maximumScalarsPerWord: Int

  var count: Int { identifiers.count }

  /// - Parameters:
  ///   - tokens: Tokens and identifiers; of two entries for one token the later counts.
  ///   - prefix: What marks a token that continues a word, `##`.
  ///   - maximumScalarsPerWord: Longer words are unknown.
  init(tokens: [(token: [UInt8], identifier: Int)], unknownToken: String, prefix: String, maximumScalarsPerWord: Int)
    throws(TokenizationError)
  {
    for (token, identifier) in tokens { identifiers[token] = identifier }
    guard let unknown = identifiers[Array(unknownToken.utf8)] else {
      throw .missingToken(unknownToken)
    }
    unknownIdentifier = unknown
    self.maximumScalarsPerWord = maximumScalarsPerWord
    let marker = Array(prefix.utf8)
    initial = PrefixTable(identifiers.lazy.map { ($0.key[...], $0.value) })
    continuing = PrefixTable(
      identifiers.lazy.filter { $0.key.starts(with: marker) }.map { ($0.key.dropFirst(marker.count), $0.value) })
  }

  func identifier(of token: String) -> Int? { identifiers[Array(token.utf8)] }

  /// Appends the tokens of one word: at each place the longest that fits, or one unknown token for the whole word when
  /// there is none (Schuster & Nakajima 2012; Devlin et al. 2018).
  ///
  /// Work is at most the length of the longest token for each token found, so it is linear in the word's length.
  func appendTokens(of word: ArraySlice<UInt32>, buffer: inout [UInt8], to tokens: inout [WordPiece]) {
    guard word.count <= maximumScalarsPerWord else { return tokens.append(WordPiece(unknownIdentifier, at: 0)) }
    buffer.removeAll(keepingCapacity: true)
    for scalar in word { appendUTF8(of: scalar, to: &buffer) }
    let first = tokens.count
    var start = 0
    var scalarOffset = 0
    while start < buffer.count {
      let table = start == 0 ? initial : continuing
      guard let match = table.longestPrefix(of: buffer, from: start) else {
        tokens.removeSubrange(first...)
        return tokens.append(WordPiece(unknownIdentifier, at: 0))
      }
      tokens.append(WordPiece(match.identifier, at: scalarOffset))
      // Bytes that are not continuations begin a scalar.
      scalarOffset += buffer[start..<match.end].count { $0 & 0xC0 != 0x80 }
      start = match.end
    }
  }
}

/// A token, and where in its word it begins, in scalars.
struct WordPiece: Equatable {
  let identifier: Int
  let offset: Int

  init(_ identifier: Int, at offset: Int) {
    self.identifier = identifier
    self.offset = offset
  }
}

/// Byte strings with identifiers in one open-addressed hash table, searched by a hash that grows byte by byte.
private struct PrefixTable: Sendable {
  private var bytes: [UInt8] = []
  private var entries: [(start: Int32, count: Int32, identifier: Int32)] = []
  /// Indices into `entries`, -1 where free; a power of two in number, at most half of them taken.
  private var slots: [Int32]
  private var longest = 0

  init(_ tokens: some Collection<(ArraySlice<UInt8>, Int)>) {
    var capacity = 16
    let count = tokens.count
    while capacity < 2 * count { capacity *= 2 }
    slots = Array(repeating: -1, count: capacity)
    entries.reserveCapacity(count)
    for (token, identifier) in tokens where !token.isEmpty {
      var slot = slot(of: token.reduce(Self.seed, Self.grow))
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(entries.count)
      entries.append((Int32(bytes.count), Int32(token.count), Int32(truncatingIfNeeded: identifier)))
      bytes += token
      longest = max(longest, token.count)
    }
  }

  /// The longest entry that `text` continues with at `start`, and where it ends.
  func longestPrefix(of text: [UInt8], from start: Int) -> (identifier: Int, end: Int)? {
    var hash = Self.seed
    var found: (identifier: Int, end: Int)?
    for end in start..<min(text.count, start + longest) {
      hash = Self.grow(hash, text[end])
      var slot = slot(of: hash)
      while slots[slot] >= 0 {
        let entry = entries[Int(slots[slot])]
        if entry.count == end + 1 - start,
          bytes[Int(entry.start)..<Int(entry.start + entry.count)] == text[start...end]
        {
          found = (Int(entry.identifier), end + 1)
          break
        }
        slot = (slot + 1) & (slots.count - 1)
      }
    }
    return found
  }

  // FNV-1a, folded so that its high bits choose the slot too.
  private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
  private static func grow(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  private func slot(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash ^ hash >> 32) & (slots.count - 1) }
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
