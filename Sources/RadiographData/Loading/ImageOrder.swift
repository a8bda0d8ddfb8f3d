import Support

/// A shuffled order of 0 ..< count that is computed place by place, and held nowhere.
///
/// A Feistel network (Luby and Rackoff, 1988) on the smallest even number of bits that holds `count` is a permutation
/// of a power of 4; walking its cycles until a value below `count` comes makes it one of 0 ..< count (Black and
/// Rogaway, "Ciphers with arbitrary finite domains", 2002).
///
/// Training without a loader orders its epochs by PyTorch's `randperm` (`EpochOrder`), and goes on doing so: the images
/// of a step, and with them the bytes of every checkpoint, depend on it. It takes tensors, which this target does not
/// have, and room for every image, which a dataset of millions should not need.
struct ImageOrder: Sendable {
  let count: Int
  private let halfBits: UInt64
  private let keys: [UInt64]

  private static let rounds = 6

  init(count: Int, seed: UInt64, epoch: Int) {
    self.count = count
    let bits = count > 1 ? UInt64(Int.bitWidth - (count - 1).leadingZeroBitCount) : 0
    halfBits = max(1, (bits + 1) / 2)
    let start = SplitMix64.mixed(seed ^ SplitMix64.mixed(UInt64(bitPattern: Int64(epoch))))
    keys = (0..<Self.rounds).map { SplitMix64.mixed(start &+ UInt64($0 + 1)) }
  }

  /// The element at a place.
  subscript(place: Int) -> Int {
    let mask = (UInt64(1) << halfBits) - 1
    var value = UInt64(place)
    repeat {
      var left = value >> halfBits
      var right = value & mask
      for key in keys { (left, right) = (right, left ^ SplitMix64.mixed(right ^ key) & mask) }
      value = left << halfBits | right
    } while value >= UInt64(count)
    return Int(value)
  }
}

extension SplitMix64 {
  /// The number at `index` of the sequence that `seed` begins, in 0 ..< 1.
  static func unit(at index: UInt64, seed: UInt64) -> Float {
    // 24 bits, which a Float holds exactly.
    Float(number(at: index, seed: seed) >> 40) / Float(1 << 24)
  }
}
