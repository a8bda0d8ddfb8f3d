import Foundation
import ImageFiles
import Support

/// Draws a phantom.
///
/// A pixel is a level of `PhantomLevel` that the exposure turns into a grey level: denser parts lie over lighter ones,
/// with soft edges, ribs and texture are added.
public struct PhantomDrawing: Sendable {
  public let description: PhantomDescription

  public init(_ description: PhantomDescription) { self.description = description }

  /// The picture with texture and noise, in whole grey levels of 0 to 255.
  ///
  /// - Parameter size: Width and height in pixels, at least 1.
  /// - Throws: `ImageFileError.inconsistentSize` if `size` is below 1.
  public func plane(size: Int) throws(ImageFileError) -> GrayPlane {
    guard size > 0 else { throw .inconsistentSize(width: size, height: size, pixels: 0) }
    let exposure = description.exposure
    var noise = SplitMix64(seed: exposure.seed)
    let texture = Texture(&noise)
    var values = levels(size: size, texture: texture)
    let step = PhantomLevel.grey.step * exposure.gain
    let lung = PhantomLevel.grey.lung * exposure.gain + exposure.offset
    for index in values.indices {
      // The sum of four numbers of 16 bits is nearly normal; its deviation is the root of a third.
      let bits = noise.next()
      let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
      let normal = (Double(sum) / 65_536 - 2) * 3.0.squareRoot()
      let grey = lung + step * Double(values[index]) + exposure.noise * normal
      values[index] = Float(min(max(grey.rounded(), 0), 255))
    }
    return try GrayPlane(width: size, height: size, values: values)
  }

  /// The picture as bytes.
  ///
  /// - Parameter size: Width and height in pixels, at least 1.
  /// - Throws: `ImageFileError.inconsistentSize` if `size` is below 1.
  public func image(size: Int) throws(ImageFileError) -> GrayscaleImage { try plane(size: size).grayscale }

  /// Levels of `PhantomLevel`, row by row, without noise.
  func levels(size: Int, texture: Texture? = nil) -> [Float] {
    var values = [Float](repeating: 0, count: size * size)
    let parts = PhantomParts(description, softness: max(1 / Double(size), 0.014))
    for row in 0..<size {
      let y = (Double(row) + 0.5) / Double(size)
      let line = parts.line(y)
      for column in 0..<size {
        let x = (Double(column) + 0.5) / Double(size)
        var level = parts.level(x, line)
        if let texture { level += texture(x, y) }
        values[row * size + column] = Float(level)
      }
    }
    return values
  }

  /// Slow waves over the picture, so that no two pictures have the same lungs.
  struct Texture {
    private var waves: [(x: Double, y: Double, phase: Double)] = []

    init(_ generator: inout SplitMix64) {
      func next() -> Double { Double(generator.next() >> 11) * 0x1p-53 }
      for _ in 0..<3 { waves.append((14 * next() - 7, 14 * next() - 7, next())) }
    }

    func callAsFunction(_ x: Double, _ y: Double) -> Double {
      var sum = 0.0
      for wave in waves { sum += sin(2 * .pi * (wave.x * x + wave.y * y + wave.phase)) }
      return 0.03 * sum
    }
  }
}
