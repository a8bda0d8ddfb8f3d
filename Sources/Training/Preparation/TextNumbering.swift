import Support

/// Numbers distinct texts in the order in which they first come. Of each it holds 16 bytes of its hash, and 8 to 16 bytes
/// of a table; it is needed only until all are numbered.
struct TextNumbering {
  private struct Key: Equatable {
    var high: UInt64
    var low: UInt64
  }

  private var keys: [Key] = []
  /// Open addressing: the number of a text plus 1, or 0; a power of two of places, at most half of them taken.
  private var places = [UInt32](repeating: 0, count: 1024)

  /// How many distinct texts there are so far.
  var count: Int { keys.count }

  /// The number of a text, a new one if it has not come yet.
  mutating func number(of text: String) -> Int32 {
    var hash = RunningHash()
    hash.update(part: text)
    let (high, low) = hash.halfDigest
    let key = Key(high: high, low: low)
    var place = Int(truncatingIfNeeded: key.low) & (places.count - 1)
    while places[place] != 0 {
      let number = Int(places[place]) - 1
      if keys[number] == key { return Int32(number) }
      place = (place + 1) & (places.count - 1)
    }
    keys.append(key)
    places[place] = UInt32(keys.count)
    if 2 * keys.count > places.count { grow() }
    return Int32(keys.count - 1)
  }

  private mutating func grow() {
    places = [UInt32](repeating: 0, count: 2 * places.count)
    for (number, key) in keys.enumerated() {
      var place = Int(truncatingIfNeeded: key.low) & (places.count - 1)
      while places[place] != 0 { place = (place + 1) & (places.count - 1) }
      places[place] = UInt32(number + 1)
    }
  }
}
