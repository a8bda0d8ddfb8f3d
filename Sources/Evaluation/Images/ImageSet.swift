import ImageFiles

/// What is known of one image of a set, beside its pixels.
public struct ImageFacts: Sendable, Equatable {
  /// The text that it was drawn from, or that describes it.
  public var prompt: String?
  /// Findings that it has, in alphabetical order; nil if nothing is known of them.
  public var labels: [String]?
  /// The patient that it shows.
  public var patient: String?
  /// The seed that it was drawn from.
  public var seed: UInt64?

  public init(prompt: String? = nil, labels: [String]? = nil, patient: String? = nil, seed: UInt64? = nil) {
    self.prompt = prompt
    self.labels = labels
    self.patient = patient
    self.seed = seed
  }
}

/// Images that are measured together: those of a folder or of a dataset's split, or samples that were just drawn.
///
/// Images are read one at a time, so that a set may be larger than memory.
public protocol ImageSet: Sendable {
  /// What a report calls the set.
  var title: String { get }
  var count: Int { get }
  /// SHA-256 of what the set holds: names and pixels, or the hashes of its files.
  var contentHash: String { get }

  /// The image's path below its folder.
  func name(at index: Int) -> String

  func facts(at index: Int) -> ImageFacts

  /// The image's grey values, read now: any thread may call this.
  ///
  /// - Throws: ``MeasurementError/changed(path:name:)`` for a file that is no longer what it was when the set was made,
  ///   ``MeasurementError/unreadableImage(path:reason:)`` for one that is no image; `DatasetError` for an image of a
  ///   dataset without pixels.
  func image(at index: Int) throws -> GrayscaleImage
}

extension ImageSet {
  /// The images at `size` x `size`, each pixel the mean of its block, grey values 0 to 1.
  ///
  /// - Throws: ``MeasurementError/sizes(path:name:width:height:expected:)`` for an image that is not a square of
  ///   `side` pixels; what reading throws.
  public func thumbnails(size: Int, side: Int) throws -> GrayImages {
    // One at a time: together they would not fit into memory at their full size.
    var pixels: [Float] = []
    pixels.reserveCapacity(count * size * size)
    for index in 0..<count {
      try Task.checkCancellation()
      let image = try image(at: index)
      guard image.width == side, image.height == side else {
        throw MeasurementError.sizes(
          path: title, name: name(at: index), width: image.width, height: image.height, expected: side)
      }
      pixels += try GrayImages([image]).thumbnails(size: size).pixels
    }
    return try GrayImages(pixels: pixels, count: count, height: size, width: size)
  }

  /// Refuses a set of too few images.
  ///
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)``.
  public func require(_ minimum: Int) throws(MeasurementError) {
    guard count >= minimum else { throw .tooFewInSet(path: title, found: count, minimum: minimum) }
  }
}
