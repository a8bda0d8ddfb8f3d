import Foundation
import ImageFiles

/// Reads what is in a picture of a phantom, from its pixels alone.
///
/// The picture is looked at in 64 x 64 pixels. The edges of the lungs give the build of the chest, and two levels: that of
/// lung and that of soft tissue. With both known, an opacity is what is denser than anything else in the thorax, fluid is
/// what fills the bottom of a lung to its side, and the heart is what lies between the lungs. Every measure is a median
/// over many rows or columns, each corrected by the shape that phantoms have in common, so that blur, noise and
/// whatever hides some of them change little. A picture that is unlike the phantom of such findings is none.
public struct PhantomReader {
  /// Pixels a side that a picture is reduced or enlarged to.
  static let side = 64
  /// The least correlation of a picture with what was read off it.
  static let leastLikeness = 0.92

  /// Reads a picture of any size.
  ///
  /// - Returns: `PhantomReading.none` if it is not the picture of a phantom.
  public static func read(_ image: GrayscaleImage) -> PhantomReading {
    guard image.width == image.height,
      let plane = try? GrayPlane(image).resized(width: side, height: side),
      let picture = PhantomPicture(plane.values)
    else { return .none }
    var view = PhantomView(picture)
    for _ in 0..<3 {
      guard view.refine() else { return .none }
    }
    let reading = view.findings()
    return view.likeness(to: reading) >= leastLikeness ? reading : .none
  }
}

/// A picture that is being read: 64 x 64 grey levels, smoothed a little.
struct PhantomPicture {
  let values: [Double]

  /// - Returns: nil for a picture of nearly one grey.
  init?(_ plane: [Float]) {
    values = Self.smoothed(plane)
    guard Self.quantile(0.9, values) - Self.quantile(0.1, values) > 20 else { return nil }
  }

  /// The picture after a binomial filter of 3 x 3 pixels.
  static func smoothed(_ plane: [Float]) -> [Double] {
    let side = PhantomReader.side
    var smoothed = [Double](repeating: 0, count: side * side)
    for row in 0..<side {
      for column in 0..<side {
        var sum = 0.0
        for dy in -1...1 {
          for dx in -1...1 {
            let y = min(max(row + dy, 0), side - 1)
            let x = min(max(column + dx, 0), side - 1)
            sum += Double(plane[y * side + x]) * (dx == 0 ? 2 : 1) * (dy == 0 ? 2 : 1)
          }
        }
        smoothed[row * side + column] = sum / 16
      }
    }
    return smoothed
  }

  /// The grey level at a place in shares of the side, linear between pixels.
  func value(_ x: Double, _ y: Double) -> Double {
    let side = PhantomReader.side
    let column = min(max(x * Double(side) - 0.5, 0), Double(side - 1))
    let row = min(max(y * Double(side) - 0.5, 0), Double(side - 1))
    let (left, top) = (min(Int(column), side - 2), min(Int(row), side - 2))
    let (right, down) = (column - Double(left), row - Double(top))
    let at = top * side + left
    let upper = values[at] * (1 - right) + values[at + 1] * right
    let lower = values[at + side] * (1 - right) + values[at + side + 1] * right
    return upper * (1 - down) + lower * down
  }

  /// The value below which a share of the numbers is; 0 of none.
  static func quantile(_ share: Double, _ numbers: [Double]) -> Double {
    guard !numbers.isEmpty else { return 0 }
    let sorted = numbers.sorted()
    return sorted[min(Int(share * Double(sorted.count)), sorted.count - 1)]
  }
}
