import Foundation

/// What is known so far of a picture: the build of the chest, and its grey levels.
struct PhantomView {
  typealias Side = PhantomDescription.Side

  let picture: PhantomPicture
  var geometry = PhantomGeometry(center: 0.5, top: 0.14, bottom: 0.84, width: 0.715)
  /// Grey levels.
  var lung = 0.0
  var tissue = 0.0
  /// The opacity, as far as it is seen.
  var blob: PhantomBlob?

  /// The distance between two looks along a line: a quarter of a pixel.
  static let step = 0.25 / Double(PhantomReader.side)
  /// Levels above this are opacity or metal.
  static let dense = 1.5

  init(_ picture: PhantomPicture) {
    self.picture = picture
    var chest: [Double] = []
    for y in stride(from: 0.25, to: 0.65, by: 0.02) {
      for x in stride(from: 0.12, to: 0.88, by: 0.02) { chest.append(picture.value(x, y)) }
    }
    lung = PhantomPicture.quantile(0.2, chest)
    tissue = PhantomPicture.quantile(0.85, chest)
  }

  /// The level, of `PhantomLevel`, at a distance from the midline on a side, and a height.
  func level(_ distance: Double, _ side: Side, _ y: Double) -> Double {
    (grey(distance, side, y) - lung) / (tissue - lung)
  }

  // MARK: Edges

  /// Walks from the darkest place within `range` towards `end`.
  ///
  /// - Returns: where the level first is above `limit`; nil if even the darkest place is not lung, or no edge is met.
  func edge(from range: ClosedRange<Double>, to end: Double, limit: Double = 0.5, _ level: (Double) -> Double)
    -> Double?
  {
    var (darkest, least) = (range.lowerBound, Double.infinity)
    for place in stride(from: range.lowerBound, through: range.upperBound, by: 2 * Self.step) {
      let here = level(place)
      if here < least { (darkest, least) = (place, here) }
    }
    guard least < limit else { return nil }
    let step = end > darkest ? Self.step : -Self.step
    var (place, before) = (darkest, least)
    while (end - place) * step > 0 {
      let here = level(place + step)
      if here >= limit { return place + step * (limit - before) / (here - before) }
      (place, before) = (place + step, here)
    }
    return nil
  }

  /// Takes the build and the levels from the edges of the lungs as far as they are known now.
  ///
  /// - Returns: false if there are no such edges.
  mutating func refine() -> Bool {
    guard tissue - lung > 18 else { return false }
    blob = findBlob()
    guard refineWidth(), refineTop(), refineBottom() else { return false }
    refineLevels()
    guard tissue - lung > 18 else { return false }
    blob = findBlob()
    return true
  }

  private mutating func refineWidth() -> Bool {
    var edges: [Side: [Double]] = [:]
    for side in Side.allCases {
      for depth in stride(from: 0.22, through: 0.72, by: 0.02) {
        let y = geometry.y(depth)
        if let blob, self.side(of: blob) == side, blob.covers(row: y, margin: 0.02) { continue }
        let outer = geometry.outer(depth)
        guard let place = edge(from: (0.45 * outer)...(0.95 * outer), to: 0.49, { level($0, side, y) }) else {
          continue
        }
        edges[side, default: []].append(place / PhantomGeometry.outline(depth))
      }
    }
    guard let right = edges[.right], let left = edges[.left], min(right.count, left.count) >= 4 else { return false }
    // What hides an edge brings it nearer.
    let (rightEdge, leftEdge) = (PhantomPicture.quantile(0.6, right), PhantomPicture.quantile(0.6, left))
    geometry.center += (leftEdge - rightEdge) / 2
    geometry.width = rightEdge + leftEdge
    return (0.55...0.9).contains(geometry.width) && (0.42...0.58).contains(geometry.center)
  }

  private mutating func refineTop() -> Bool {
    var tops: [Double] = []
    for side in Side.allCases {
      for distance in stride(from: 1.6 * geometry.inner, through: 0.8 * geometry.width / 2, by: 0.015) {
        if let blob, geometry.depth(blob.y) < 0.4, blob.covers(column: geometry.x(distance, side), margin: 0.02) {
          continue
        }
        let depth = PhantomGeometry.outlineDepth(distance / (geometry.width / 2))
        let start = geometry.y(depth + 0.06)...geometry.y(depth + 0.3)
        guard let place = edge(from: start, to: 0, { level(distance, side, $0) }) else { continue }
        tops.append(place - depth * geometry.height)
      }
    }
    guard tops.count >= 4 else { return false }
    geometry.top = PhantomPicture.quantile(0.3, tops)
    return (0.03...0.3).contains(geometry.top)
  }

  private mutating func refineBottom() -> Bool {
    let sides = Side.allCases.compactMap { side -> Double? in
      var bottoms: [Double] = []
      for distance in stride(from: 0.55 * geometry.width / 2, through: 0.94 * geometry.width / 2, by: 0.006) {
        guard let place = floor(distance, side, margin: 0.02) else { continue }
        bottoms.append(place + geometry.dome(geometry.share(distance), side))
      }
      return bottoms.count >= 2 ? PhantomPicture.quantile(0.8, bottoms) : nil
    }
    // Fluid and heart only bring the edge higher, and there is fluid on one side at most.
    guard let bottom = sides.max() else { return false }
    geometry.bottom = bottom
    return (0.7...0.95).contains(bottom) && geometry.height > 0.5
  }

  /// Where the lower part of a lung ends in a column: at the diaphragm, at fluid, or at the heart.
  ///
  /// - Parameter margin: How near an opacity the column may be.
  /// - Returns: nil if an opacity hides it, or there is no lung.
  func floor(_ distance: Double, _ side: Side, margin: Double) -> Double? {
    var start = geometry.y(0.5)
    if let blob, blob.covers(column: geometry.x(distance, side), margin: margin) {
      start = max(start, blob.y + blob.diameter / 2 + 0.03)
    }
    guard start < geometry.y(0.8) else { return nil }
    return edge(from: start...geometry.y(0.9), to: 1) { level(distance, side, $0) }
  }

  private mutating func refineLevels() {
    var dark: [Double] = []
    var bright: [Double] = []
    for side in Side.allCases {
      for depth in stride(from: 0.2, through: 0.7, by: 0.03) {
        let outer = geometry.outer(depth)
        for share in stride(from: 0.5, through: 0.9, by: 0.05) {
          dark.append(grey(outer * share, side, geometry.y(depth)))
        }
      }
      // Below the diaphragm there is nothing but soft tissue.
      for distance in stride(from: 0.3, through: 0.8, by: 0.1) {
        bright.append(grey(distance * geometry.width / 2, side, min(geometry.bottom + 0.05, 0.98)))
      }
    }
    // Ribs lie over a third of the lung, and blur widens them.
    lung = PhantomPicture.quantile(0.15, dark)
    tissue = PhantomPicture.quantile(0.5, bright)
  }

  private func grey(_ distance: Double, _ side: Side, _ y: Double) -> Double {
    picture.value(geometry.x(distance, side), y)
  }
}
