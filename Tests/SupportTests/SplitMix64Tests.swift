import Support
import Testing

@Suite struct SplitMix64Tests {
  @Test("the sequence of seed 1234567 is that of the published implementation")
  func publishedSequence() {
    // The first five numbers that Vigna's splitmix64.c gives for this seed.
    var random = SplitMix64(seed: 1_234_567)
    let numbers = (0..<5).map { _ in random.next() }
    #expect(
      numbers == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
      ])
  }

  @Test("a number of the sequence is the same taken alone")
  func numberAtIndex() {
    var random = SplitMix64(seed: 42)
    for index in 0..<20 { #expect(SplitMix64.number(at: UInt64(index), seed: 42) == random.next()) }
    #expect(SplitMix64.mixed(42) == SplitMix64.number(at: 0, seed: 42))
  }

  @Test("numbers below a limit are below it, and all of them come")
  func below() {
    var random = SplitMix64(seed: 7)
    let numbers = (0..<500).map { _ in random.next(below: 6) }
    #expect(Set(numbers) == [0, 1, 2, 3, 4, 5])
    #expect((0..<20).allSatisfy { _ in random.next(below: 1) == 0 })
  }
}
