/// A shuffled order of 0 ..< count that is computed place by place, and held nowhere.
///
/// A Feistel network (Luby and Rackoff, 1988) on the smallest even number of bits that holds `count` is a permutation
/// of a power of 4; walking its cycles until a value below `count` comes makes it one of 0 ..< count (Black and
/// Rogaway, "Ciphers with arbitrary finite domains", 2002).
struct ImageOrder: Sendable {
  let count: Int
  private let halfBits: UInt64
  private let keys: [UInt64]

  private static let rounds = 6

  init(count: Int, seed: UInt64, epoch: Int) {
    self.count = count
    let bits = count > 1 ? UInt64(Int.bitWidth - (count - 1).leadingZeroBitCount) : 0
    halfBits = max(1, (bits + 1) / 2)
    let start = Mixing.mix(seed ^ Mixing.mix(UInt64(bitPattern: Int64(epoch))))
    keys = (0..<Self.rounds).map { Mixing.mix(start &+ UInt64($0 + 1)) }
  }

  /// The element at a place.
  subscript(place: Int) -> Int {
    let mask = (UInt64(1) << halfBits) - 1
    var value = UInt64(place)
    repeat {
      var left = value >> halfBits
      var right = value & mask
      for key in keys { (left, right) = (right, left ^ Mixing.mix(right ^ key) & mask) }
      value = left << halfBits | right
    } while value >= UInt64(count)
    return Int(value)
  }
}

/// Random numbers from a place's name alone.
enum Mixing {
  /// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): every bit of the argument changes every bit.
  static func mix(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9E37_79B9_7F4A_7C15
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }

  /// The number at `index` of the sequence that `seed` names, in 0 ..< 1.
  static func unit(_ seed: UInt64, _ index: UInt64) -> Float {
    // 24 bits, which a Float holds exactly.
    Float(mix(seed &+ index &* 0x9E37_79B9_7F4A_7C15) >> 40) / Float(1 << 24)
  }
}
