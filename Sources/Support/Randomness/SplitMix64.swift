/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a small generator that gives the same numbers on every machine and
/// in every version of Swift.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  /// The step of the state from one number to the next: 2^64 divided by the golden ratio.
  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= Self.increment
    return Self.finalized(state)
  }

  /// A number from 0 up to, not including, `limit`, which is at least 1. Takes one number of the sequence.
  public mutating func next(below limit: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(limit)).high)
  }

  /// The first number of the generator seeded with `value`: every bit of the argument changes every bit of the result,
  /// so that neighbouring seeds give unrelated streams.
  public static func mixed(_ value: UInt64) -> UInt64 { finalized(value &+ increment) }

  /// The number at `index` of the sequence that `seed` begins, without those before it. Index 0 is the first.
  public static func number(at index: UInt64, seed: UInt64) -> UInt64 { mixed(seed &+ index &* increment) }

  /// The finaliser alone, which maps 0 to 0.
  public static func finalized(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
