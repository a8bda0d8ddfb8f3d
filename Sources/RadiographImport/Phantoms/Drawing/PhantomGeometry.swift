import Foundation

/// The shapes of a phantom's chest. The drawing and the reader share them.
///
/// Lengths are shares of the image's side. `distance` is that from the midline, never negative; `depth` is 0 at the
/// lungs' apex and 1 at the lateral end of the diaphragm.
struct PhantomGeometry {
  var center: Double
  var top: Double
  var bottom: Double
  var width: Double

  init(center: Double, top: Double, bottom: Double, width: Double) {
    (self.center, self.top, self.bottom, self.width) = (center, top, bottom, width)
  }

  init(_ body: PhantomDescription.Body) {
    self.init(center: body.center, top: body.lungTop, bottom: body.lungBottom, width: body.thoraxWidth)
  }

  var height: Double { bottom - top }

  func depth(_ y: Double) -> Double { (y - top) / height }

  func y(_ depth: Double) -> Double { top + depth * height }

  /// 1 to the image's right, the patient's left.
  static func sign(_ side: PhantomDescription.Side) -> Double { side == .left ? 1 : -1 }

  func x(_ distance: Double, _ side: PhantomDescription.Side) -> Double { center + Self.sign(side) * distance }

  // MARK: Lungs

  /// Depth of the widest place.
  private static let widest = 0.62
  private static let roundness = 2.2

  /// Distance of the lung's outer edge, as a share of the greatest one; 0 above the apex.
  static func outline(_ depth: Double) -> Double {
    guard depth > 0 else { return 0 }
    if depth < widest { return pow(1 - pow(1 - depth / widest, roundness), 1 / roundness) }
    let below = (depth - widest) / (1 - widest)
    return 1 - 0.04 * below * below
  }

  /// The depth where the outer edge has the given share of its greatest distance, above the widest place.
  static func outlineDepth(_ share: Double) -> Double {
    widest * (1 - pow(1 - pow(min(max(share, 0), 1), roundness), 1 / roundness))
  }

  func outer(_ depth: Double) -> Double { width / 2 * Self.outline(depth) }

  /// Half of the mediastinum's width.
  var inner: Double { 0.1 * width }

  /// Where a distance lies in the lung's width at the bottom: 0 at the mediastinum, 1 at the outer edge.
  func share(_ distance: Double) -> Double { (distance - inner) / (width / 2 - inner) }

  /// How far the diaphragm reaches above its lateral end. The right half stands higher.
  func dome(_ share: Double, _ side: PhantomDescription.Side) -> Double {
    let fall = (share - 0.4) / 0.6
    return (side == .right ? 0.075 : 0.06) * (1 - fall * fall)
  }

  // MARK: Heart

  /// Depth of the heart's widest place.
  static let heartDepth = 0.7

  /// The heart's half width at a depth, as a share of the greatest.
  static func heartOutline(_ depth: Double) -> Double {
    let away = (depth - heartDepth) / (depth < heartDepth ? 0.28 : 0.36)
    return abs(away) < 1 ? (1 - away * away).squareRoot() : 0
  }

  /// The share of the heart's width on a side of the midline.
  static func heartShare(_ side: PhantomDescription.Side) -> Double { side == .left ? 0.6 : 0.4 }

  /// Distance of the heart's edge.
  func heart(_ depth: Double, _ side: PhantomDescription.Side, ratio: Double) -> Double {
    ratio * width * Self.heartShare(side) * Self.heartOutline(depth)
  }

  // MARK: Fluid

  /// How far the fluid's surface at a share of the lung's width is above that in the middle, as a share of the lung's
  /// height: it climbs along the chest's wall.
  static func meniscus(_ share: Double) -> Double { 0.05 * (share * share - 0.25) }

  // MARK: Device

  /// The middle of a pacemaker's box: above and beside the lung.
  func device(_ side: PhantomDescription.Side) -> (x: Double, y: Double) {
    (x(0.39 * width, side), top + 0.01)
  }

  static let deviceHalfWidth = 0.05
  static let deviceHalfHeight = 0.036
}

/// Levels of what a phantom is made of: 0 is lung, 1 is soft tissue.
enum PhantomLevel {
  static let air = -0.7
  static let lung = 0.0
  static let tissue = 1.0
  static let heart = 1.15
  static let effusion = 1.2
  static let opacity = 2.1
  static let metal = 2.6

  /// Grey level of lung at the middle exposure, and what a level of 1 adds.
  static let grey = (lung: 56.0, step: 70.0)
}
