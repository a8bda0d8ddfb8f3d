import RadiographData

/// What a person marked in an image: a finding's name and its outline.
public struct AnnotatedBox: Sendable, Equatable {
  /// As the labels of the image's source spell it.
  public var label: String
  /// The annotations that it comes from: `nih-boxes`, `chest-x-det`.
  public var annotator: String
  public var box: ImageBox
  var outline: FindingOutline

  /// - Parameter polygon: corners of the outline in fractions of the image's width and height; nil if the box is all
  ///   that is known.
  init(label: String, annotator: String, box: ImageBox, polygon: FindingOutline? = nil) {
    self.label = label
    self.annotator = annotator
    self.box = box
    outline = polygon ?? FindingOutline(box)
  }
}

/// A polygon.
struct FindingOutline: Sendable, Equatable {
  enum Axis { case horizontal, vertical }

  struct Corner: Sendable, Equatable {
    var x: Double
    var y: Double

    subscript(axis: Axis) -> Double { axis == .horizontal ? x : y }
  }

  var corners: [Corner]

  init(_ corners: [Corner]) { self.corners = corners }

  init(_ box: ImageBox) {
    let (right, bottom) = (box.x + box.width, box.y + box.height)
    corners = [
      Corner(x: box.x, y: box.y), Corner(x: right, y: box.y), Corner(x: right, y: bottom), Corner(x: box.x, y: bottom),
    ]
  }

  /// By the shoelace formula.
  var area: Double {
    var sum = 0.0
    for (one, other) in zip(corners, corners.dropFirst() + corners.prefix(1)) {
      sum += one.x * other.y - other.x * one.y
    }
    return abs(sum) / 2
  }

  /// The rectangle around it; nil without a corner.
  var bounds: ImageBox? {
    guard let first = corners.first else { return nil }
    var (left, right, top, bottom) = (first.x, first.x, first.y, first.y)
    for corner in corners {
      (left, right) = (min(left, corner.x), max(right, corner.x))
      (top, bottom) = (min(top, corner.y), max(bottom, corner.y))
    }
    return ImageBox(x: left, y: top, width: right - left, height: bottom - top)
  }

  /// The part on the near side of a line across an axis (Sutherland and Hodgman, "Reentrant polygon clipping", 1974).
  func below(_ limit: Double, on axis: Axis) -> FindingOutline {
    var kept: [Corner] = []
    for (one, other) in zip(corners, corners.dropFirst() + corners.prefix(1)) {
      if one[axis] <= limit { kept.append(one) }
      guard (one[axis] <= limit) != (other[axis] <= limit) else { continue }
      let share = (limit - one[axis]) / (other[axis] - one[axis])
      kept.append(Corner(x: one.x + share * (other.x - one.x), y: one.y + share * (other.y - one.y)))
    }
    return FindingOutline(kept)
  }

  /// The share of its area on the near side of a line, 0 to 1.
  func share(below limit: Double, on axis: Axis) -> Double {
    let whole = area
    return whole > 0 ? min(1, below(limit, on: axis).area / whole) : 0
  }
}
