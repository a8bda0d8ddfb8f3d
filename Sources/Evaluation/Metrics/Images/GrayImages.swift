/// Images of one channel and one size, image by image and row by row. The range of their values is the caller's.
public struct GrayImages: Sendable {
  public let count: Int
  public let height: Int
  public let width: Int
  public let pixels: [Float]

  /// Throws `MetricError.countMismatch` unless there are count x height x width pixels, and `notFinite` for a NaN or
  /// an infinity among them.
  public init(pixels: [Float], count: Int, height: Int, width: Int) throws(MetricError) {
    guard count >= 0, height > 0, width > 0, pixels.count == count * height * width else {
      throw .countMismatch(what: "pixels", expected: count * height * width, found: pixels.count)
    }
    guard pixels.allSatisfy(\.isFinite) else { throw .notFinite(what: "the images") }
    self.init(unchecked: pixels, count: count, height: height, width: width)
  }

  private init(unchecked pixels: [Float], count: Int, height: Int, width: Int) {
    self.count = count
    self.height = height
    self.width = width
    self.pixels = pixels
  }

  public subscript(index: Int) -> ArraySlice<Float> {
    pixels[index * height * width..<(index + 1) * height * width]
  }

  /// The images at `size` x `size`, each pixel the mean of its block: the thumbnails in whose space sets of images are
  /// compared without any network.
  ///
  /// Throws `MetricError.notDivisible` where a side is not a multiple of `size`.
  public func thumbnails(size: Int = 32) throws(MetricError) -> GrayImages {
    for side in [height, width] where size < 1 || side % size != 0 { throw .notDivisible(size: side, by: size) }
    let (rows, columns) = (height / size, width / size)
    var result = [Float](repeating: 0, count: count * size * size)
    for index in 0..<count {
      for row in 0..<size {
        for column in 0..<size {
          var sum = 0.0
          for y in row * rows..<(row + 1) * rows {
            let start = (index * height + y) * width + column * columns
            for pixel in pixels[start..<start + columns] { sum += Double(pixel) }
          }
          result[(index * size + row) * size + column] = Float(sum / Double(rows * columns))
        }
      }
    }
    return try GrayImages(pixels: result, count: count, height: size, width: size)
  }

  /// The images at these indices, which may repeat.
  public func selecting(_ indices: [Int]) -> GrayImages {
    var selected: [Float] = []
    selected.reserveCapacity(indices.count * height * width)
    for index in indices { selected += self[index] }
    return GrayImages(unchecked: selected, count: indices.count, height: height, width: width)
  }

  /// Each image as one row of features.
  public var features: FeatureMatrix {
    FeatureMatrix(unchecked: pixels.map(Double.init), rows: count, columns: height * width)
  }

  func requireSameShape(as other: GrayImages) throws(MetricError) {
    guard height == other.height else {
      throw .countMismatch(what: "rows of pixels", expected: height, found: other.height)
    }
    guard width == other.width else {
      throw .countMismatch(what: "columns of pixels", expected: width, found: other.width)
    }
  }
}
