import Foundation
import ImageFiles
import Support

/// `readers.html`: real and synthetic images mixed, one at a time, for a reader who does not know which is which.
///
/// The page is one file and sends nothing. Its answers are saved as a table in which a letter for each image hides the
/// truth from a reader's glance; it is no secret.
public struct ReaderPage: Sendable {
  /// Images of each kind at most.
  public static let limit = 50

  /// In the order of the page.
  let images: [GrayscaleImage]
  let isSynthetic: [Bool]
  private let seed: UInt64

  /// Chooses as many real images as synthetic ones, evenly spaced over both sets, and mixes them.
  ///
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)`` if a set is empty; what reading throws.
  public init(samples: any ImageSet, real: any ImageSet, seed: UInt64) throws {
    for set in [samples, real] { try set.require(1) }
    let count = min(samples.count, real.count, Self.limit)
    var items = try (0..<count).flatMap { index in
      [
        (try samples.image(at: index * samples.count / count), true),
        (try real.image(at: index * real.count / count), false),
      ]
    }
    var random = SplitMix64(seed: SplitMix64.mixed(seed))
    items.shuffle(using: &random)
    (images, isSynthetic, self.seed) = (items.map(\.0), items.map(\.1), seed)
  }

  /// A letter of the alphabet for each image: one of the first thirteen, or of the last if it is synthetic, moved on by a
  /// number that its place gives.
  static func letter(isSynthetic: Bool, place: Int) -> Character {
    let half = Int(SplitMix64.mixed(UInt64(place)) % 13)
    return Self.letters[(half + (isSynthetic ? 13 : 0) + place * 7) % 26]
  }

  /// What a letter says; nil if it is none.
  static func isSynthetic(letter: Character, place: Int) -> Bool? {
    guard let found = letters.firstIndex(of: letter) else { return nil }
    return ((found - place * 7) % 26 + 26) % 26 >= 13
  }

  private static let letters = Array("abcdefghijklmnopqrstuvwxyz")

  /// The whole page.
  ///
  /// - Throws: `ImageFileError`.
  public func document() throws -> String {
    let template = String(decoding: PackageResources.readers_html, as: UTF8.self)
    // Plain PNGs: what a file of ours says of itself would give the answer away.
    let pictures = try images.map { "\"\(Data(try $0.pngBytes()).base64EncodedString())\"" }
    let key = String(isSynthetic.enumerated().map { Self.letter(isSynthetic: $1, place: $0) })
    return template.replacingOccurrences(of: "{{IMAGES}}", with: pictures.joined(separator: ",\n"))
      .replacingOccurrences(of: "{{KEY}}", with: key)
  }
}
