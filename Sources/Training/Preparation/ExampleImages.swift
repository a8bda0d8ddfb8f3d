import RadiographData
import Support
import Torch

/// Which image each example of an epoch is of: the images of some sources are seen several times, first as they are and
/// then moved by a few pixels. Of each example 4 bytes are held, and nothing if every image is seen once.
struct ExampleImages {
  /// How many examples there are.
  let count: Int
  /// Nil if example n is image n.
  private let images: [UInt32]?

  /// - Parameter images: The image of each example, rising.
  init(_ images: [UInt32]) {
    count = images.count
    let isIdentity = images.last.map { Int($0) == images.count - 1 } ?? true
    self.images = isIdentity ? nil : images
  }

  /// Whether an image is seen more than once.
  var hasCopies: Bool { images != nil }

  /// The image of an example.
  subscript(example: Int) -> Int { images.map { Int($0[example]) } ?? example }

  /// Which time it is that the image is seen, from 0.
  func copy(_ example: Int) -> Int {
    guard let images else { return 0 }
    var first = example
    while first > 0, images[first - 1] == images[example] { first -= 1 }
    return example - first
  }
}

/// Where the copies of images are moved to.
struct ImageShift {
  /// How far an image is moved at most, in pixels.
  let maximum: Int
  let seed: UInt64

  /// Where the upper left corner goes, down and right, from 0 to twice the maximum, which is where it was in the middle.
  /// Depends on the seed, the image's number and the copy's alone; copy 0 is not moved.
  func corner(ofImage image: Int, copy: Int) -> [Int] {
    guard copy > 0 else { return [maximum, maximum] }
    let stream = SplitMix64.number(at: UInt64(image), seed: SplitMix64.number(at: 0x5817, seed: seed))
    var numbers = SplitMix64(seed: SplitMix64.number(at: UInt64(copy), seed: stream))
    return [numbers.next(below: 2 * maximum + 1), numbers.next(below: 2 * maximum + 1)]
  }
}
