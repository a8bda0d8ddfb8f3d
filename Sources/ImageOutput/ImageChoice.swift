/// How an image was chosen among several of one prompt: the one that a judge found nearest to it.
public struct ImageChoice: Equatable, Sendable, CustomStringConvertible {
  /// The numbers of images that one may be chosen from.
  public static let candidateRange = 1...1000

  /// How many images were drawn, from consecutive seeds.
  public var candidates: Int
  /// The seed of the first of them.
  public var firstSeed: UInt64
  /// SHA-256 of the judge's weights, in hexadecimal digits.
  public var judgeHash: String
  /// The logarithm of the probability that the judge gives to what the prompt asks for, at most 0.
  public var score: Double

  public init(candidates: Int, firstSeed: UInt64, judgeHash: String, score: Double) {
    self.candidates = candidates
    self.firstSeed = firstSeed
    self.judgeHash = judgeHash
    self.score = score
  }

  public var description: String {
    "the best of \(candidates) from seed \(firstSeed) by judge \(judgeHash.prefix(12)), score \(score)"
  }

  /// Whether an image of `seed` can have been chosen so.
  func allows(seed: UInt64) -> Bool {
    Self.candidateRange.contains(candidates) && score.isFinite && score <= 0 && seed >= firstSeed
      && seed - firstSeed < UInt64(candidates)
  }
}
