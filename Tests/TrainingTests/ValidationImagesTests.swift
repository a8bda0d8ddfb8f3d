import Testing

@testable import Training

@Suite("The images that validation looks at")
struct ValidationImagesTests {
  private func choose(_ limit: Int, _ sources: [String], seed: UInt64 = 0) throws -> [Int] {
    try ValidationImages.choose(limit, of: sources, randomness: TrainingRandomness(seed: seed))
  }

  private let sources =
    [String](repeating: "nih", count: 900) + [String](repeating: "kermany", count: 95)
    + [String](repeating: "rare", count: 5)

  @Test("every source has its share, and a rare one is not left out")
  func shares() throws {
    let chosen = try choose(64, sources)
    #expect(chosen.count == 64)
    #expect(Set(chosen).count == 64)
    #expect(chosen == chosen.sorted())
    let counts = Dictionary(grouping: chosen) { sources[$0] }.mapValues(\.count)
    #expect(counts["rare"] == 1)
    #expect((5...7).contains(counts["kermany"] ?? 0))
    #expect((56...58).contains(counts["nih"] ?? 0))
  }

  @Test("the choice is the seed's, and does not hang on the order of import")
  func seeds() throws {
    #expect(try choose(64, sources) == choose(64, sources))
    #expect(try choose(64, sources) != choose(64, sources, seed: 1))
    #expect(try choose(64, sources) != Array(0..<64))
    #expect(try choose(64, sources).contains { $0 > 200 && $0 < 900 })
  }

  @Test("a small part is looked at whole, and more sources than places give one image each")
  func limits() throws {
    #expect(try choose(64, ["a", "b", "a"]) == [0, 1, 2])
    let many = (0..<100).map { "source \($0 / 2)" }
    let chosen = try choose(10, many)
    #expect(chosen.count == 10)
    #expect(Set(chosen.map { many[$0] }).count == 10)
  }
}
