import Foundation
import ImageFiles

/// Where the lungs are in a frontal radiograph, in fractions of the image's width and height.
struct LungFrame: Sendable, Equatable {
  /// The top of the lungs, and the costophrenic angles.
  var apex: Double
  var base: Double
  /// The column of the spine.
  var spine: Double
  /// The inner borders of the ribs where the chest is widest: the patient's right is the smaller.
  var rightEdge: Double
  var leftEdge: Double
  /// How alike the image and the template are, as a correlation of -1 to 1.
  var likeness: Double

  var height: Double { base - apex }
  var width: Double { leftEdge - rightEdge }

  /// The same in an image of which a dataset's square is a part, or that is a part of the square.
  ///
  /// - Parameters:
  ///   - width, height: Of the source's image, in pixels.
  func inSource(width: Int, height: Int, fit: SquareFit) -> LungFrame {
    guard fit != .stretch, width > 0, height > 0 else { return self }
    let side = Double(fit == .crop ? min(width, height) : max(width, height))
    func across(_ x: Double) -> Double { (x * side + (Double(width) - side) / 2) / Double(width) }
    func down(_ y: Double) -> Double { (y * side + (Double(height) - side) / 2) / Double(height) }
    return LungFrame(
      apex: down(apex), base: down(base), spine: across(spine), rightEdge: across(rightEdge),
      leftEdge: across(leftEdge), likeness: likeness)
  }
}

/// The mean of many radiographs, on which the lungs were marked once. Laid over another radiograph by shifts and scales
/// in both directions, it says where the lungs are there, also if they are too white to be seen.
///
/// `Tools/reference/chest_template.py` makes it of NIH images without findings. `docs/labels.md` has its error.
struct ChestTemplate: Sendable {
  /// A shift and a scale along each axis; shifts are in parts of the image's side.
  struct Transform: Equatable {
    var scaleX = 1.0
    var scaleY = 1.0
    var shiftX = 0.0
    var shiftY = 0.0

    /// The place in the image of a place in the template.
    func across(_ x: Double) -> Double { 0.5 + scaleX * (x - 0.5) + shiftX }
    func down(_ y: Double) -> Double { 0.5 + scaleY * (y - 0.5) + shiftY }

    /// Subtracted from the likeness, so that noise is not met by a chest of another build.
    var penalty: Double {
      0.15 * ((scaleX - 1) * (scaleX - 1) + (scaleY - 1) * (scaleY - 1)) + 0.3 * (shiftX * shiftX + shiftY * shiftY)
    }
  }

  private let fine: ContrastPlane
  private let coarse: ContrastPlane
  private let marks: LungFrame

  /// - Parameters:
  ///   - fine: The template, of `ContrastPlane.side` pixels a side.
  ///   - marks: The lungs in the template.
  init(_ fine: ContrastPlane, marks: LungFrame) {
    self.fine = fine
    self.marks = marks
    coarse = fine.halved()
  }

  /// The lungs of a square image.
  func lungs(of image: GrayscaleImage) -> LungFrame {
    let plane = ContrastPlane(image)
    let best = fit(plane)
    var frame = marks
    frame.apex = best.down(marks.apex)
    frame.base = best.down(marks.base)
    frame.spine = best.across(marks.spine)
    frame.rightEdge = best.across(marks.rightEdge)
    frame.leftEdge = best.across(marks.leftEdge)
    frame.likeness = fine.likeness(to: plane, by: best)
    return frame
  }

  /// The transform of the greatest likeness: a grid at half the resolution, then ever smaller steps.
  func fit(_ plane: ContrastPlane) -> Transform {
    let half = plane.halved()
    var best = Transform()
    var greatest = -Double.infinity
    for scaleX in [0.8, 0.9, 1, 1.1, 1.2] {
      for scaleY in [0.75, 0.85, 0.95, 1.05, 1.15, 1.25] {
        for shiftX in [-0.1, -0.05, 0, 0.05, 0.1] {
          for shiftY in [-0.15, -0.1, -0.05, 0, 0.05, 0.1, 0.15] {
            let transform = Transform(scaleX: scaleX, scaleY: scaleY, shiftX: shiftX, shiftY: shiftY)
            let value = coarse.likeness(to: half, by: transform) - transform.penalty
            if value > greatest { (best, greatest) = (transform, value) }
          }
        }
      }
    }
    greatest = fine.likeness(to: plane, by: best) - best.penalty
    for step in [0.04, 0.02, 0.01, 0.005] {
      for _ in 0..<3 {
        for neighbour in Self.neighbours(step) {
          let transform = Transform(
            scaleX: best.scaleX + neighbour.scaleX, scaleY: best.scaleY + neighbour.scaleY,
            shiftX: best.shiftX + neighbour.shiftX, shiftY: best.shiftY + neighbour.shiftY)
          let value = fine.likeness(to: plane, by: transform) - transform.penalty
          if value > greatest { (best, greatest) = (transform, value) }
        }
      }
    }
    return best
  }

  /// Steps of each number alone, and of a scale and its shift together, which move one border only.
  private static func neighbours(_ step: Double) -> [Transform] {
    var result: [Transform] = []
    for (x, y) in [(step, 0.0), (-step, 0), (0, step), (0, -step)] {
      result.append(Transform(scaleX: x, scaleY: y, shiftX: 0, shiftY: 0))
      result.append(Transform(scaleX: 0, scaleY: 0, shiftX: x, shiftY: y))
      result.append(Transform(scaleX: x, scaleY: y, shiftX: x / 2, shiftY: y / 2))
      result.append(Transform(scaleX: x, scaleY: y, shiftX: -x / 2, shiftY: -y / 2))
    }
    return result
  }
}

/// A small square of local contrast: each value less the mean around it, over the spread around it.
struct ContrastPlane: Sendable, Equatable {
  /// Pixels a side of the finer of two planes.
  static let side = 64
  /// The deviation of the Gaussian window around a pixel, in pixels.
  private static let sigma = 10.0
  /// Added to the spread, in grey levels: what is nearly even stays so.
  private static let floor: Float = 8
  /// The width of the border, which is letters and collimators, in parts of the side.
  private static let margin = 0.06

  let side: Int
  let values: [Float]

  init(side: Int, values: [Float]) {
    self.side = side
    self.values = values
  }

  /// Of a square image, reduced by the mean of what falls into each pixel.
  init(_ image: GrayscaleImage) {
    let side = Self.side
    let grey = Self.reduced(image, to: side)
    let mean = Self.blurred(grey, side: side)
    let squares = zip(grey, mean).map { ($0 - $1) * ($0 - $1) }
    let variance = Self.blurred(squares, side: side)
    self.init(
      side: side,
      values: (0..<(side * side)).map { (grey[$0] - mean[$0]) / (variance[$0].squareRoot() + Self.floor) })
  }

  /// Half as many pixels a side.
  func halved() -> ContrastPlane {
    let half = side / 2
    let reduced = (0..<(half * half)).map { place -> Float in
      let start = place / half * 2 * side + place % half * 2
      return (values[start] + values[start + 1] + values[start + side] + values[start + side + 1]) / 4
    }
    return ContrastPlane(side: half, values: reduced)
  }

  /// The correlation of this plane and the part of another that a transform lays under it, border left out.
  func likeness(to other: ContrastPlane, by transform: ChestTemplate.Transform) -> Double {
    let first = Int((Self.margin * Double(side)).rounded(.up))
    let range = first..<(side - first)
    let columns = range.map { other.places(transform.across((Double($0) + 0.5) / Double(side))) }
    let rows = range.map { other.places(transform.down((Double($0) + 0.5) / Double(side))) }
    var (sumA, sumB, squareA, squareB, product): (Float, Float, Float, Float, Float) = (0, 0, 0, 0, 0)
    values.withUnsafeBufferPointer { mine in
      other.values.withUnsafeBufferPointer { theirs in
        for (y, row) in zip(range, rows) {
          let (upper, lower) = (row.first * other.side, row.second * other.side)
          for (x, column) in zip(range, columns) {
            let above = theirs[upper + column.first] * (1 - column.share) + theirs[upper + column.second] * column.share
            let below = theirs[lower + column.first] * (1 - column.share) + theirs[lower + column.second] * column.share
            let b = above * (1 - row.share) + below * row.share
            let a = mine[y * side + x]
            sumA += a
            sumB += b
            squareA += a * a
            squareB += b * b
            product += a * b
          }
        }
      }
    }
    let count = Float(range.count * range.count)
    let spreadA = squareA - sumA * sumA / count
    let spreadB = squareB - sumB * sumB / count
    guard spreadA > 0, spreadB > 0 else { return 0 }
    return Double((product - sumA * sumB / count) / (spreadA * spreadB).squareRoot())
  }

  /// The two pixels that a place lies between, and the share of the second; beyond the border the outermost.
  private func places(_ place: Double) -> (first: Int, second: Int, share: Float) {
    let position = min(max(place * Double(side) - 0.5, 0), Double(side - 1))
    let first = min(Int(position), side - 1)
    return (first, min(first + 1, side - 1), Float(position - Double(first)))
  }

  private static func reduced(_ image: GrayscaleImage, to side: Int) -> [Float] {
    func bounds(_ index: Int, _ length: Int) -> Range<Int> {
      let start = index * length / side
      return start..<min(length, max(start + 1, (index + 1) * length / side))
    }
    return (0..<(side * side)).map { place -> Float in
      let (rows, columns) = (bounds(place / side, image.height), bounds(place % side, image.width))
      var sum = 0
      for y in rows { for x in columns { sum += Int(image.pixels[y * image.width + x]) } }
      return Float(sum) / Float(rows.count * columns.count)
    }
  }

  /// By a Gaussian along both axes, the outermost values repeated.
  private static func blurred(_ values: [Float], side: Int) -> [Float] {
    let reach = Int((3 * sigma).rounded())
    var kernel = (-reach...reach).map { Float(gaussian(Double($0))) }
    let sum = kernel.reduce(0, +)
    kernel = kernel.map { $0 / sum }
    func along(_ values: [Float], _ step: Int, _ other: Int) -> [Float] {
      var result = values
      for line in 0..<side {
        for place in 0..<side {
          var total: Float = 0
          for (offset, weight) in zip(-reach...reach, kernel) {
            total += weight * values[line * other + min(max(place + offset, 0), side - 1) * step]
          }
          result[line * other + place * step] = total
        }
      }
      return result
    }
    return along(along(values, 1, side), side, 1)
  }

  private static func gaussian(_ distance: Double) -> Double {
    exp(-distance * distance / (2 * sigma * sigma))
  }
}
