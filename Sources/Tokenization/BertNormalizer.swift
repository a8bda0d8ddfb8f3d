/// Text on its way through the tokenizer: scalars, and for each the place in the original text that it came from.
struct TrackedText: Equatable {
  /// Unicode scalars.
  private(set) var scalars: [UInt32] = []
  /// For each scalar the offset, in scalars, of the original scalar that gave it.
  private(set) var origins: [Int32] = []

  mutating func append(_ scalar: UInt32, from origin: Int32) {
    scalars.append(scalar)
    origins.append(origin)
  }

  var isASCII: Bool {
    var index = 0
    while index < scalars.count, scalars[index] < 0x80 { index += 1 }
    return index == scalars.count
  }

  func forEach(_ body: (_ scalar: UInt32, _ origin: Int32) -> Void) {
    var index = 0
    while index < scalars.count {
      body(scalars[index], origins[index])
      index += 1
    }
  }

  mutating func reserveCapacity(_ count: Int) {
    scalars.reserveCapacity(count)
    origins.reserveCapacity(count)
  }

  mutating func replace(_ range: Range<Int>, scalars newScalars: [UInt32], origins newOrigins: [Int32]) {
    scalars.replaceSubrange(range, with: newScalars)
    origins.replaceSubrange(range, with: newOrigins)
  }
}

/// Hugging Face's `BertNormalizer`: clean, set Chinese characters apart, strip accents, lower-case; in this order.
struct BertNormalizer: Equatable, Sendable {
  /// Deletes controls, formats, private use and U+FFFD, and makes every white space a space.
  var cleansText = true
  /// Puts spaces around CJK ideographs.
  var separatesChineseCharacters = true
  /// Decomposes canonically and deletes non-spacing marks.
  var stripsAccents: Bool
  var lowercases: Bool

  /// Normalises a stretch of text.
  func normalize(_ scalars: [UInt32], in range: Range<Int>) -> TrackedText {
    var text = TrackedText()
    text.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      appendCleaned(scalars[index], from: Int32(truncatingIfNeeded: index), to: &text)
      index += 1
    }
    if stripsAccents { text = strippingAccents(text) }
    if lowercases { text = lowercasing(text) }
    return text
  }

  private func appendCleaned(_ scalar: UInt32, from origin: Int32, to text: inout TrackedText) {
    // Printable ASCII passes through every rule but the last.
    if scalar >= 0x20 && scalar < 0x7F { return text.append(scalar, from: origin) }
    if cleansText {
      if ScalarTables.removed.contains(scalar) { return }
      if ScalarTables.cleanedToSpace.contains(scalar) { return text.append(0x20, from: origin) }
    }
    if separatesChineseCharacters && ScalarTables.chinese.contains(scalar) {
      text.append(0x20, from: origin)
      text.append(scalar, from: origin)
      text.append(0x20, from: origin)
    } else {
      text.append(scalar, from: origin)
    }
  }

  private func strippingAccents(_ text: TrackedText) -> TrackedText {
    if text.isASCII { return text }
    var decomposed = TrackedText()
    decomposed.reserveCapacity(text.scalars.count)
    text.forEach { scalar, origin in appendDecomposition(of: scalar, from: origin, to: &decomposed) }
    reorderCombiningScalars(in: &decomposed)
    var stripped = TrackedText()
    stripped.reserveCapacity(decomposed.scalars.count)
    decomposed.forEach { scalar, origin in
      if scalar < 0x300 || !ScalarTables.marks.contains(scalar) { stripped.append(scalar, from: origin) }
    }
    return stripped
  }

  private func appendDecomposition(of scalar: UInt32, from origin: Int32, to text: inout TrackedText) {
    if scalar < 0xC0 {
      text.append(scalar, from: origin)
    } else if (0xAC00...0xD7A3).contains(scalar) {
      // Hangul syllables: The Unicode Standard, section 3.12.
      let index = scalar - 0xAC00
      text.append(0x1100 + index / 588, from: origin)
      text.append(0x1161 + index % 588 / 28, from: origin)
      if index % 28 > 0 { text.append(0x11A7 + index % 28, from: origin) }
    } else if let decomposition = ScalarTables.decompositions[scalar] {
      for part in decomposition { text.append(part, from: origin) }
    } else {
      text.append(scalar, from: origin)
    }
  }

  /// Sorts each run of combining scalars by class, stably. By counting, so that a megabyte of marks stays linear.
  private func reorderCombiningScalars(in text: inout TrackedText) {
    let table = ScalarTables.combiningRanks
    var start = 0
    var ranks: [UInt8] = []
    func sortRun(in text: inout TrackedText) {
      guard zip(ranks, ranks.dropFirst()).contains(where: { $0 > $1 }) else { return }
      var next = [Int](repeating: 0, count: Int(table.highest) + 2)
      for rank in ranks { next[Int(rank) + 1] += 1 }
      for rank in 1..<next.count { next[rank] += next[rank - 1] }
      let range = start..<start + ranks.count
      var scalars = Array(text.scalars[range])
      var origins = Array(text.origins[range])
      for (index, rank) in ranks.enumerated() {
        scalars[next[Int(rank)]] = text.scalars[start + index]
        origins[next[Int(rank)]] = text.origins[start + index]
        next[Int(rank)] += 1
      }
      text.replace(range, scalars: scalars, origins: origins)
    }
    var index = 0
    while index < text.scalars.count {
      let scalar = text.scalars[index]
      let rank = scalar < 0x300 ? 0 : table[scalar]
      if rank > 0 {
        ranks.append(rank)
      } else {
        if ranks.count > 1 { sortRun(in: &text) }
        ranks.removeAll(keepingCapacity: true)
        start = index + 1
      }
      index += 1
    }
    sortRun(in: &text)
  }

  private func lowercasing(_ text: TrackedText) -> TrackedText {
    var lowered = TrackedText()
    lowered.reserveCapacity(text.scalars.count)
    text.forEach { scalar, origin in
      if scalar < 0x80 {
        lowered.append((0x41...0x5A).contains(scalar) ? scalar + 0x20 : scalar, from: origin)
      } else if let mapping = ScalarTables.lowercase[scalar] {
        for part in mapping { lowered.append(part, from: origin) }
      } else {
        lowered.append(scalar, from: origin)
      }
    }
    return lowered
  }
}
