import Support

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Small changes that leave a radiograph a radiograph of the same patient. None mirrors it: left is not right, and a
/// heart on the other side is a finding.
public struct ImageAugmentation: Sendable, Equatable, Codable {
  /// Greatest rotation either way, in degrees.
  public var rotation: Float
  /// Greatest shift either way along each axis, as a part of the side.
  public var shift: Float
  /// Greatest change of size either way, as a part of the size.
  public var scale: Float
  /// Greatest change of the contrast either way, as a part of it, around middle grey.
  public var contrast: Float

  public init(rotation: Float = 5, shift: Float = 0.03, scale: Float = 0.05, contrast: Float = 0.1) {
    self.rotation = rotation
    self.shift = shift
    self.scale = scale
    self.contrast = contrast
  }

  /// What is done to one image.
  struct Change: Sendable, Equatable {
    /// In radians.
    var angle: Float
    /// In parts of the side.
    var shiftX: Float
    var shiftY: Float
    var scale: Float
    var contrast: Float
  }

  /// The change that a seed draws, each amount uniform between its bounds.
  func change(seed: UInt64) -> Change {
    func draw(_ index: UInt64, _ bound: Float) -> Float { (2 * SplitMix64.unit(at: index, seed: seed) - 1) * bound }
    return Change(
      angle: draw(0, rotation) * .pi / 180, shiftX: draw(1, shift), shiftY: draw(2, shift), scale: 1 + draw(3, scale),
      contrast: 1 + draw(4, contrast))
  }

  /// An image with the change that a seed draws, as values in [-1, 1].
  ///
  /// - Parameters:
  ///   - pixels: `size * size` grey values.
  ///   - seed: Draws how much of everything is changed.
  public func values(of pixels: UnsafeBufferPointer<UInt8>, size: Int, seed: UInt64) -> [Float] {
    [Float](unsafeUninitializedCapacity: size * size) { target, count in
      Self.apply(change(seed: seed), to: pixels, size: size, into: target)
      count = size * size
    }
  }

  /// Where a box of an image lies in the image that ``values(of:size:seed:)`` makes of it with the same seed: moved and
  /// scaled, and upright.
  public func box(_ box: ImageBox, seed: UInt64) -> ImageBox {
    let change = change(seed: seed)
    let (sine, cosine) = (Double(sinf(change.angle)), Double(cosf(change.angle)))
    let scale = Double(change.scale)
    let (x, y) = (box.x + box.width / 2 - 0.5, box.y + box.height / 2 - 0.5)
    let centerX = 0.5 + scale * (cosine * x - sine * y) + Double(change.shiftX)
    let centerY = 0.5 + scale * (sine * x + cosine * y) + Double(change.shiftY)
    return ImageBox(
      x: centerX - scale * box.width / 2, y: centerY - scale * box.height / 2, width: scale * box.width,
      height: scale * box.height)
  }

  /// Writes a changed image, bilinear; beyond the border its nearest pixel goes on. Values stay in [-1, 1].
  static func apply(
    _ change: Change, to pixels: UnsafeBufferPointer<UInt8>, size: Int, into target: UnsafeMutableBufferPointer<Float>
  ) {
    guard let source = pixels.baseAddress, let target = target.baseAddress else { return }
    let center = Float(size - 1) / 2
    let (sine, cosine) = (sinf(change.angle) / change.scale, cosf(change.angle) / change.scale)
    let last = Float(size - 1)
    let gain = change.contrast / 127.5
    for row in 0..<size {
      let y = Float(row) - center - change.shiftY * Float(size)
      let line = target + row * size
      for column in 0..<size {
        let x = Float(column) - center - change.shiftX * Float(size)
        let sourceX = min(max(cosine * x + sine * y + center, 0), last)
        let sourceY = min(max(cosine * y - sine * x + center, 0), last)
        // Within 0 ..< size: neither conversion nor sum can overflow.
        let (left, top) = (Int32(truncatingIfNeeded: Int(sourceX)), Int32(truncatingIfNeeded: Int(sourceY)))
        let right = left &+ (left &+ 1 < Int32(truncatingIfNeeded: size) ? 1 : 0)
        let below = top &+ 1 < Int32(truncatingIfNeeded: size) ? size : 0
        let upperLine = source + Int(top) &* size
        let (across, down) = (sourceX - Float(left), sourceY - Float(top))
        let upper = mixed(upperLine[Int(left)], upperLine[Int(right)], across)
        let lower = mixed(upperLine[below &+ Int(left)], upperLine[below &+ Int(right)], across)
        let value = (upper + (lower - upper) * down - 127.5) * gain
        line[column] = min(max(value, -1), 1)
      }
    }
  }

  @inline(__always)
  private static func mixed(_ one: UInt8, _ other: UInt8, _ part: Float) -> Float {
    Float(one) + (Float(other) - Float(one)) * part
  }
}
