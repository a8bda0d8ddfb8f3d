/// The distinct texts by number, made again from the images that they first come with.
struct DistinctTexts {
  let numbers: TextNumbers
  let captions: any CaptionSource
  /// The first image that was not looked at, and the number of the first text that was not met.
  private var image = 0
  private var met = 0
  /// Texts that were made and not taken, the last of them with the number before `met`.
  private var made: [String] = []

  /// How many images are looked at together.
  private static let chunk = 256

  init(_ numbers: TextNumbers, captions: any CaptionSource) {
    (self.numbers, self.captions) = (numbers, captions)
  }

  /// Some texts that follow on one another.
  ///
  /// - Parameter wanted: Their numbers; cheap if they rise from call to call.
  /// - Throws: what ``CaptionSource/captions(ofImages:)`` throws, ``TrainingError/damagedFeatures(path:)`` if there is no such text.
  mutating func texts(_ wanted: Range<Int>) throws -> [String] {
    if wanted.lowerBound < met - made.count { (image, met, made) = (0, 0, []) }
    while met < wanted.upperBound {
      guard image < numbers.imageCount else { throw TrainingError.damagedFeatures(path: "the numbers of the texts") }
      try advance(past: wanted.lowerBound)
    }
    let first = met - made.count
    made.removeFirst(wanted.lowerBound - first)
    return Array(made.prefix(wanted.count))
  }

  /// Looks at the next images; their new texts are made if one of them is not below `lowest`.
  private mutating func advance(past lowest: Int) throws {
    let images = image..<min(image + Self.chunk, numbers.imageCount)
    var next = met
    var places: [(image: Int, text: Int)] = []
    for image in images {
      for text in 0..<numbers.textsPerImage where numbers[image, text] == next {
        places.append((image, text))
        next += 1
      }
    }
    if next <= lowest {
      made = []
    } else if let first = places.first?.image {
      let captions = try captions.captions(ofImages: first..<images.upperBound)
      made += places.map { captions[$0.image - first].texts[$0.text] }
    }
    (met, image) = (next, images.upperBound)
  }
}
