/// Contrast-limited adaptive histogram equalisation (CLAHE; Zuiderveld, Graphics Gems IV, 1994), as OpenCV's
/// `createCLAHE` defines it for 8 bits.
///
/// The image is divided into tiles. Each tile's histogram is cut off at a limit, what was cut is spread over all
/// values, and the running sum is the tile's curve; a pixel takes the curves of its four nearest tiles, weighted by
/// their distances. Where the tiles do not divide the image, it is mirrored on the right and below for the histograms.
///
/// Written `CLIP:COLUMNSxROWS` (`2:8x8`).
public struct ContrastLimitedEqualization: Sendable, Equatable, Hashable {
  /// How often a value may occur in a tile, in multiples of the mean over the 256 values. 0 does not limit.
  public let clipLimit: Double
  /// Tiles from left to right, and from top to bottom.
  public let columns: Int
  public let rows: Int

  /// Limit 2 and 8 x 8 tiles, common for radiographs.
  public static let standard = ContrastLimitedEqualization(uncheckedClipLimit: 2, columns: 8, rows: 8)

  /// - Throws: `ImageFileError.invalidEqualization` where `clipLimit` is negative, above 1,000 or not a number, or there
  ///   are not 1 to 256 tiles a side.
  public init(clipLimit: Double, columns: Int, rows: Int) throws(ImageFileError) {
    guard (0...1000).contains(clipLimit), (1...256).contains(columns), (1...256).contains(rows) else {
      throw .invalidEqualization(clipLimit: clipLimit, columns: columns, rows: rows)
    }
    self.init(uncheckedClipLimit: clipLimit, columns: columns, rows: rows)
  }

  private init(uncheckedClipLimit clipLimit: Double, columns: Int, rows: Int) {
    self.clipLimit = clipLimit
    self.columns = columns
    self.rows = rows
  }

  /// The image with its contrast evened out.
  public func callAsFunction(_ image: GrayscaleImage) -> GrayscaleImage {
    // As in OpenCV: unless tiles divide both sides, both sides are enlarged, one that they do divide by a pixel for
    // each tile.
    let divides = image.width % columns == 0 && image.height % rows == 0
    let tileWidth = (divides ? image.width : image.width + columns - image.width % columns) / columns
    let tileHeight = (divides ? image.height : image.height + rows - image.height % rows) / rows
    let curves = (0..<(rows * columns)).flatMap { tile in
      curve(
        ofTileAtX: tile % columns * tileWidth, y: tile / columns * tileHeight, width: tileWidth, height: tileHeight,
        in: image)
    }
    let across = (0..<image.width).map { Neighbours(of: $0, tileSide: tileWidth, tiles: columns) }

    let pixels = [UInt8](unsafeUninitializedCapacity: image.pixels.count) { target, count in
      image.pixels.withUnsafeBufferPointer { source in
        curves.withUnsafeBufferPointer { curves in
          for y in 0..<image.height {
            let down = Neighbours(of: y, tileSide: tileHeight, tiles: rows)
            let upper = down.first * columns
            let lower = down.second * columns
            for x in 0..<image.width {
              let place = y * image.width + x
              let value = Int(source[place])
              let near = across[x]
              let above =
                Float(curves[(upper + near.first) * 256 + value]) * (1 - near.share)
                + Float(curves[(upper + near.second) * 256 + value]) * near.share
              let below =
                Float(curves[(lower + near.first) * 256 + value]) * (1 - near.share)
                + Float(curves[(lower + near.second) * 256 + value]) * near.share
              let mixed = above * (1 - down.share) + below * down.share
              target[place] = UInt8(min(max(mixed, 0), 255).rounded(.toNearestOrEven))
            }
          }
        }
      }
      count = image.pixels.count
    }
    return GrayscaleImage(uncheckedWidth: image.width, height: image.height, pixels: pixels)
  }

  /// The tiles on both sides of a position, and how much the second weighs.
  private struct Neighbours {
    let first: Int
    let second: Int
    let share: Float

    init(of position: Int, tileSide: Int, tiles: Int) {
      let place = Float(position) / Float(tileSide) - 0.5
      let lower = Int(place.rounded(.down))
      share = place - Float(lower)
      first = min(max(lower, 0), tiles - 1)
      second = min(max(lower + 1, 0), tiles - 1)
    }
  }

  /// The 256 values that a tile's values become.
  private func curve(ofTileAtX left: Int, y top: Int, width: Int, height: Int, in image: GrayscaleImage) -> [UInt8] {
    var histogram = [Int](repeating: 0, count: 256)
    image.pixels.withUnsafeBufferPointer { pixels in
      for y in top..<(top + height) {
        let row = Self.mirrored(y, count: image.height) * image.width
        let whole = min(left + width, image.width)
        if left < whole { for x in left..<whole { histogram[Int(pixels[row + x])] += 1 } }
        if whole < left + width {
          for x in max(whole, left)..<(left + width) {
            histogram[Int(pixels[row + Self.mirrored(x, count: image.width)])] += 1
          }
        }
      }
    }
    if clipLimit > 0 { limit(&histogram, to: max(1, Int(clipLimit * Double(width * height) / 256))) }

    let scale = 255 / Float(width * height)
    var sum = 0
    return histogram.map { occurrences in
      sum += occurrences
      return UInt8(min(max(Float(sum) * scale, 0), 255).rounded(.toNearestOrEven))
    }
  }

  /// Cuts off what is above `most`, gives every value an equal part of it, and what is left over to values at even
  /// distances.
  private func limit(_ histogram: inout [Int], to most: Int) {
    let excess = histogram.reduce(0) { $0 + max(0, $1 - most) }
    let (share, rest) = excess.quotientAndRemainder(dividingBy: histogram.count)
    for value in histogram.indices { histogram[value] = min(histogram[value], most) + share }
    guard rest > 0 else { return }
    for value in stride(from: 0, to: histogram.count, by: max(1, histogram.count / rest)).prefix(rest) {
      histogram[value] += 1
    }
  }

  /// A place past the end, reflected at the last pixel, which is not doubled; again if the image is that small.
  private static func mirrored(_ place: Int, count: Int) -> Int {
    if place < count { return place }
    if count == 1 { return 0 }
    let period = 2 * (count - 1)
    let folded = place % period
    return folded < count ? folded : period - folded
  }
}

extension ContrastLimitedEqualization: RawRepresentable, Codable {
  public init?(rawValue: String) {
    let parts = rawValue.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let limit = Double(parts[0]) else { return nil }
    let tiles = parts[1].split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard tiles.count == 2, let columns = tiles[0], let rows = tiles[1] else { return nil }
    try? self.init(clipLimit: limit, columns: columns, rows: rows)
  }

  public var rawValue: String { "\(clipLimit.shortest):\(columns)x\(rows)" }
}
