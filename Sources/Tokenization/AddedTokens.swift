/// A token that is recognised in the text as it is written, such as `[SEP]`.
struct AddedToken: Equatable, Sendable {
  var id: Int
  var content: String
  /// Takes the white space before it along.
  var stripsLeft = false
  /// Takes the white space after it along.
  var stripsRight = false
}

/// The tokens that are looked for before a text is normalised; of several that match, the longest counts.
struct AddedTokens: Sendable {
  enum Part: Equatable {
    /// A stretch of text between added tokens, in scalars.
    case text(Range<Int>)
    /// An added token, and where it begins, in scalars.
    case added(id: Int, offset: Int)
  }

  /// The first scalars of tokens: nearly always `[` alone, so that most of a text is passed over fast.
  private let firstScalars: [UInt32]
  private let tokensByFirstScalar: [UInt32: [(scalars: [UInt32], token: AddedToken)]]
  private let tokens: [AddedToken]

  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    let spelled = tokens.filter { !$0.content.isEmpty }
      .map { (scalars: $0.content.unicodeScalars.map(\.value), token: $0) }
      .sorted { $0.scalars.count > $1.scalars.count }
    tokensByFirstScalar = Dictionary(grouping: spelled) { $0.scalars[0] }
    firstScalars = tokensByFirstScalar.keys.sorted()
  }

  func id(of content: String) -> Int? { tokens.first { $0.content.utf8.elementsEqual(content.utf8) }?.id }

  func split(_ scalars: [UInt32]) -> [Part] {
    var parts: [Part] = []
    var start = 0
    var index = 0
    while index < scalars.count {
      guard firstScalars.contains(scalars[index]) else {
        index += 1
        continue
      }
      let candidates = tokensByFirstScalar[scalars[index]]
      guard let match = candidates?.first(where: { scalars[index...].starts(with: $0.scalars) }) else {
        index += 1
        continue
      }
      var left = index
      var right = index + match.scalars.count
      // The search goes on behind the token itself, whatever white space it takes along.
      index = right
      if match.token.stripsLeft {
        while left > start, BertPreTokenizer.isWhitespace(scalars[left - 1]) { left -= 1 }
      }
      if match.token.stripsRight {
        while right < scalars.count, BertPreTokenizer.isWhitespace(scalars[right]) { right += 1 }
      }
      if start < left { parts.append(.text(start..<left)) }
      parts.append(.added(id: match.token.id, offset: left))
      start = right
    }
    if start < scalars.count { parts.append(.text(start..<scalars.count)) }
    return parts
  }
}
