import Support

/// The random choices of one drawn image, which depend on what they are for, on the seed, and on its number.
struct DrawingRandom {
  /// Streams that have nothing in common.
  enum Purpose: UInt64 {
    case chest = 0x6368_6573
    case words = 0x776F_7264
    case prompts = 0x7072_6F6D
    case findings = 0x6669_6E64
  }

  private var generator: SplitMix64

  init(_ purpose: Purpose, seed: UInt64, index: Int) {
    let start = SplitMix64.mixed(seed ^ SplitMix64.mixed(purpose.rawValue))
    generator = SplitMix64(seed: SplitMix64.number(at: UInt64(bitPattern: Int64(index)), seed: start))
  }

  /// A number from 0 up to, not including, 1.
  mutating func unit() -> Double { Double(generator.next() >> 11) * 0x1p-53 }

  mutating func number(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + unit() * (range.upperBound - range.lowerBound)
  }

  mutating func chance(_ probability: Double) -> Bool { unit() < probability }

  mutating func seed() -> UInt64 { generator.next() }

  /// One of a list that is not empty.
  mutating func pick<Element>(_ choices: [Element]) -> Element { choices[generator.next(below: choices.count)] }

  mutating func pick<Value: CaseIterable>(_ type: Value.Type) -> Value { pick(Array(type.allCases)) }

  mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var result = elements
    for end in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(end, generator.next(below: end + 1)) }
    return result
  }
}
