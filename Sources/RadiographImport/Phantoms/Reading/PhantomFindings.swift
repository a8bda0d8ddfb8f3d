import Foundation
import ImageFiles

/// A bright blob in the thorax, in shares of the image's side.
struct PhantomBlob {
  var x: Double
  var y: Double
  var diameter: Double

  /// Whether a row is at most `margin` away.
  func covers(row y: Double, margin: Double) -> Bool { abs(y - self.y) < diameter / 2 + margin }
  func covers(column x: Double, margin: Double) -> Bool { abs(x - self.x) < diameter / 2 + margin }
}

extension PhantomView {
  /// What there is, once the build and the levels are known.
  func findings() -> PhantomReading {
    var levels: [Side: Double] = [:]
    let heart = heartExtents(wet: nil)
    for side in Side.allCases { levels[side] = fluid(side, heart[side]) }
    let effusion = levels.max { $0.value < $1.value }.map { PhantomReading.Effusion(side: $0.key, level: $0.value) }
    return PhantomReading(
      opacity: blob.map { blob in
        PhantomReading.Opacity(
          side: side(of: blob),
          zone: PhantomDescription.Zone(depth: geometry.depth(blob.y)), diameter: blob.diameter)
      }, effusion: effusion, heartRatio: heartRatio(wet: effusion?.side), device: device())
  }

  func side(of blob: PhantomBlob) -> Side { blob.x < geometry.center ? .right : .left }

  // MARK: Opacity

  /// The largest dense blob in the thorax.
  func findBlob() -> PhantomBlob? {
    let side = PhantomReader.side
    var isDense = [Bool](repeating: false, count: side * side)
    for row in 0..<side {
      let y = (Double(row) + 0.5) / Double(side)
      let outer = geometry.outer(geometry.depth(y))
      guard outer > 0, y < geometry.bottom + 0.05 else { continue }
      for column in 0..<side {
        let offset = (Double(column) + 0.5) / Double(side) - geometry.center
        // The spine is dense too.
        guard abs(offset) > 0.6 * geometry.inner, abs(offset) < outer + 0.01 else { continue }
        isDense[row * side + column] = level(abs(offset), offset < 0 ? .right : .left, y) > Self.dense
      }
    }
    var best: [Int] = []
    for start in isDense.indices where isDense[start] {
      let region = Self.region(from: start, in: &isDense)
      if region.count > best.count { best = region }
    }
    guard best.count >= 5 else { return nil }
    let x = best.reduce(0) { $0 + Double($1 % side) + 0.5 } / Double(best.count * side)
    let y = best.reduce(0) { $0 + Double($1 / side) + 0.5 } / Double(best.count * side)
    return PhantomBlob(x: x, y: y, diameter: diameter(x, y))
  }

  /// Takes the pixels that hang together with one out of a mask.
  private static func region(from start: Int, in mask: inout [Bool]) -> [Int] {
    let side = PhantomReader.side
    var region = [start]
    mask[start] = false
    var next = 0
    while next < region.count {
      let (row, column) = (region[next] / side, region[next] % side)
      next += 1
      for (dy, dx) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
        let (y, x) = (row + dy, column + dx)
        guard (0..<side).contains(y), (0..<side).contains(x), mask[y * side + x] else { continue }
        mask[y * side + x] = false
        region.append(y * side + x)
      }
    }
    return region
  }

  /// Twice the median distance, over all directions, where the level has fallen half way to what surrounds it.
  private func diameter(_ x: Double, _ y: Double) -> Double {
    let middle = picture.value(x, y)
    var radii: [Double] = []
    for number in 0..<32 {
      let angle = 2 * Double.pi * Double(number) / 32
      func value(_ radius: Double) -> Double { picture.value(x + radius * cos(angle), y + radius * sin(angle)) }
      var least = middle
      var radius = Self.step
      while radius < 0.13 {
        least = min(least, value(radius))
        radius += Self.step
      }
      radius = Self.step
      while radius < 0.13, value(radius) > (middle + least) / 2 { radius += Self.step }
      radii.append(radius)
    }
    return 2 * PhantomPicture.quantile(0.5, radii)
  }

  // MARK: Fluid

  /// The level of the fluid on a side; nil if the lung reaches down to the diaphragm at its side.
  ///
  /// - Parameter heart: Greatest distance of the heart's edge; nil if it is not known.
  private func fluid(_ side: Side, _ heart: Double?) -> Double? {
    var levels: [Double] = []
    var dry = 0
    let nearest = max(0.5 * geometry.width / 2, (heart ?? 0) + 0.02)
    for distance in stride(from: nearest, through: 0.94 * geometry.width / 2, by: 0.006) {
      guard let place = floor(distance, side, margin: 0.03) else { continue }
      let share = geometry.share(distance)
      let filled = (geometry.bottom - place) / geometry.height
      let least = geometry.dome(share, side) / geometry.height
      let height = filled - PhantomGeometry.meniscus(share)
      // Fluid stands well above the diaphragm, and the less so the nearer the column is to the dome's middle.
      if share < 0.55 {
        if height > 0.1 { levels.append(height) }
      } else if filled - least > 0.5 * (0.14 + PhantomGeometry.meniscus(share) - least) {
        levels.append(height)
      } else {
        dry += 1
      }
    }
    // Between an opacity and the chest's wall blur may fill the lung; fluid fills more than that strip.
    let isBeside = blob.map { side == self.side(of: $0) && geometry.depth($0.y) > 0.6 } ?? false
    guard levels.count >= (isBeside ? 12 : 2), levels.count > dry else { return nil }
    return PhantomPicture.quantile(0.5, levels)
  }

  // MARK: Heart

  /// The greatest distance of the heart's edge on each side.
  ///
  /// - Parameter wet: The side with fluid, of which only what no fluid reaches is looked at; both sides if nil.
  private func heartExtents(wet: Side?) -> [Side: Double] {
    var extents: [Side: Double] = [:]
    // Where the heart is widest its width depends least on the height.
    for least in [0.6, 0.54] where extents.isEmpty {
      for side in Side.allCases {
        let depths = stride(from: least, through: wet == nil || wet == side ? 0.68 : 0.8, by: 0.01)
        let found = depths.compactMap { heartExtent(side, depth: $0) }
        if found.count >= 3 { extents[side] = PhantomPicture.quantile(0.5, found) }
      }
    }
    // What one side hides follows from the other.
    for side in Side.allCases where extents[side] == nil {
      extents[side] = extents[side.other].map {
        $0 / PhantomGeometry.heartShare(side.other) * PhantomGeometry.heartShare(side)
      }
    }
    return extents
  }

  /// The same from one row; nil if an opacity is there, or no edge.
  private func heartExtent(_ side: Side, depth: Double) -> Double? {
    let y = geometry.y(depth)
    if let blob, self.side(of: blob) == side, blob.covers(row: y, margin: 0.03) { return nil }
    let outer = geometry.outer(depth)
    return edge(from: (0.5 * outer)...(0.96 * outer), to: 0, limit: 0.5 * PhantomLevel.heart) { level($0, side, y) }
      .map { $0 / PhantomGeometry.heartOutline(depth) }
  }

  private func heartRatio(wet: Side?) -> Double? {
    let extents = heartExtents(wet: wet)
    guard let left = extents[.left], let right = extents[.right] else { return nil }
    return (left + right) / geometry.width
  }

  // MARK: Device

  private func device() -> Side? {
    for side in Side.allCases {
      let middle = geometry.device(side)
      let distance = abs(middle.x - geometry.center)
      var metal = 0
      var all = 0
      for dy in stride(from: -0.02, through: 0.02, by: 0.01) {
        for dx in stride(from: -0.03, through: 0.03, by: 0.01) {
          all += 1
          if level(distance + dx, side, middle.y + dy) > Self.dense { metal += 1 }
        }
      }
      if 2 * metal > all { return side }
    }
    return nil
  }

  // MARK: Likeness

  /// The correlation of the picture with the phantom that was read off it.
  func likeness(to reading: PhantomReading) -> Double {
    let body = PhantomDescription.Body(
      center: geometry.center, lungTop: geometry.top, lungBottom: geometry.bottom, thoraxWidth: geometry.width,
      wall: 0.068, ribPhase: 0, ribs: 9)
    let description = PhantomDescription(
      body: body, exposure: .init(gain: 1, offset: 0, noise: 0, seed: 0), heartRatio: reading.heartRatio ?? 0.5,
      opacity: reading.opacity.flatMap { opacity in
        blob.map {
          .init(
            side: opacity.side, zone: opacity.zone, amount: .moderate, diameter: $0.diameter, x: $0.x, y: $0.y)
        }
      },
      effusion: reading.effusion.map { .init(side: $0.side, amount: .moderate, level: $0.level) },
      device: reading.device)
    let expected = PhantomPicture.smoothed(PhantomDrawing(description).levels(size: PhantomReader.side))
    return Self.correlation(expected, picture.values)
  }

  private static func correlation(_ one: [Double], _ other: [Double]) -> Double {
    let count = Double(one.count)
    let (meanOne, meanOther) = (one.reduce(0, +) / count, other.reduce(0, +) / count)
    var (product, squareOne, squareOther) = (0.0, 0.0, 0.0)
    for (a, b) in zip(one, other) {
      product += (a - meanOne) * (b - meanOther)
      squareOne += (a - meanOne) * (a - meanOne)
      squareOther += (b - meanOther) * (b - meanOther)
    }
    return squareOne > 0 && squareOther > 0 ? product / (squareOne * squareOther).squareRoot() : 0
  }
}
