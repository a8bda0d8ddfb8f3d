import Support

/// SplitMix64 with what mutations draw: the same seed gives the same cases on every machine.
package struct FuzzRandom: RandomNumberGenerator {
  private var generator: SplitMix64

  package init(seed: UInt64, stream: UInt64) {
    generator = SplitMix64(seed: SplitMix64.mixed(SplitMix64.mixed(seed) ^ stream))
  }

  package mutating func next() -> UInt64 { generator.next() }

  /// An integer from 0 up to `bound`, which is excluded and at least 1.
  package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  package mutating func chance(_ numerator: Int, in denominator: Int) -> Bool { below(denominator) < numerator }

  package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// Numbers at which formats break: around zero, powers of two and the ends of the integers.
  package mutating func interestingNumber() -> UInt64 {
    switch below(6) {
    case 0: UInt64(below(16))
    case 1: UInt64(bitPattern: Int64(-1 - below(3)))
    case 2: (1 << UInt64(below(64))) &- UInt64(below(2))
    case 3: UInt64(Int64.max) &- UInt64(below(3))
    case 4: pick([21, 22, 30, 46, 64, 127, 255, 65_535, 65_536, 99_999_999, 100_000_001, 0xFFFF_FFFE, 0xFFFF_FFFF])
    default: next()
    }
  }

  /// A range of at most `limit` of the positions below `count`.
  package mutating func range(in count: Int, limit: Int = 64) -> Range<Int> {
    guard count > 0 else { return 0..<0 }
    let start = below(count)
    return start..<(start + below(min(limit, count - start)) + 1)
  }
}
