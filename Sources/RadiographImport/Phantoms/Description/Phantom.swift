import Foundation
import ImageFiles

/// One phantom of a seed: its name, what it shows, and its report. Its patient has this one picture.
public struct Phantom: Sendable, Equatable {
  /// Sides of pictures that can be asked for, in pixels; of them, the multiples of 8.
  public static let sizes = 32...512
  /// The side if none is given, in pixels.
  public static let standardSize = 64
  /// More phantoms than this in one call are taken for a mistake.
  public static let mostInOneCall = 100_000

  /// `phantom-SEED-INDEX`, with six digits of the index.
  public let name: String
  public let description: PhantomDescription
  public let report: PhantomReport

  /// - Parameter index: From 0. Phantoms do not depend on how many of a seed are drawn.
  public init(seed: UInt64, index: Int) {
    let digits = String(index)
    name = "phantom-\(seed)-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    description = PhantomDescription(seed: seed, index: index)
    var random = DrawingRandom(.words, seed: seed, index: index)
    report = PhantomReport(description, forPrompt: false, &random)
  }

  /// - Throws: `PhantomError.count` outside of 1 to `mostInOneCall`.
  public static func checkCount(_ count: Int) throws(PhantomError) {
    guard (1...mostInOneCall).contains(count) else { throw .count(count) }
  }

  /// - Throws: `PhantomError.size` for a side that is not one of `sizes`, or no multiple of 8.
  public static func checkSize(_ size: Int) throws(PhantomError) {
    guard sizes.contains(size), size % 8 == 0 else { throw .size(size) }
  }
}
