import Foundation

/// The parts of a chest as levels at a place, each with edges of one softness.
struct PhantomParts {
  private let description: PhantomDescription
  private let geometry: PhantomGeometry
  /// Width of an edge, as a share of the image's side.
  private let softness: Double

  init(_ description: PhantomDescription, softness: Double) {
    self.description = description
    geometry = PhantomGeometry(description.body)
    self.softness = softness
  }

  /// What is the same along a row.
  struct Line {
    var y: Double
    var depth: Double
    var outer: Double
    var heart: (right: Double, left: Double)
    var inner: Double
  }

  func line(_ y: Double) -> Line {
    let depth = geometry.depth(y)
    // The great vessels narrow the mediastinum at the top.
    let inner = geometry.inner * (1 - 0.25 * max(0, 1 - depth / 0.25))
    return Line(
      y: y, depth: depth, outer: geometry.outer(depth),
      heart: (
        geometry.heart(depth, .right, ratio: description.heartRatio),
        geometry.heart(depth, .left, ratio: description.heartRatio)
      ), inner: inner)
  }

  /// How much of a place is inside an edge, 0 to 1.
  ///
  /// - Parameters:
  ///   - distance: To the edge, positive inside.
  ///   - given: Width of the edge, if it is not that of all edges.
  private func inside(_ distance: Double, softness given: Double? = nil) -> Double {
    let share = min(max(distance / (given ?? softness) + 0.5, 0), 1)
    return share * share * (3 - 2 * share)
  }

  /// The level at a place.
  func level(_ x: Double, _ line: Line) -> Double {
    let offset = x - geometry.center
    let distance = abs(offset)
    let side: PhantomDescription.Side = offset < 0 ? .right : .left
    let body = inside(min(bodyHalfWidth(line.y) - distance, line.y - shoulder(distance)))
    guard body > 0 else { return PhantomLevel.air }

    var level = PhantomLevel.tissue + 0.12 * max(0, line.depth - 1)
    let share = geometry.share(distance)
    let floor = geometry.bottom - geometry.dome(share, side)
    let lung = inside(line.outer - distance) * inside(distance - line.inner) * inside(floor - line.y)
    level += lung * (PhantomLevel.lung - level)
    level += bones(distance, line)
    func cover(_ amount: Double, _ other: Double) { level += amount * max(0, other - level) }

    cover(inside((side == .right ? line.heart.right : line.heart.left) - distance), PhantomLevel.heart)
    if let effusion = description.effusion, effusion.side == side, line.depth > 0.5, distance < line.outer {
      let surface =
        geometry.bottom - geometry.height * (effusion.level + PhantomGeometry.meniscus(share))
      cover(inside(line.y - surface), PhantomLevel.effusion)
    }
    if let opacity = description.opacity {
      let (dx, dy) = (x - opacity.x, line.y - opacity.y)
      let square = dx * dx + dy * dy
      let edge = max(softness, 0.024)
      let reach = opacity.diameter / 2 + edge
      if square < reach * reach {
        cover(inside(opacity.diameter / 2 - square.squareRoot(), softness: edge), PhantomLevel.opacity)
      }
    }
    if let device = description.device { cover(metal(x, line.y, device), PhantomLevel.metal) }
    return PhantomLevel.air + body * (level - PhantomLevel.air)
  }

  // MARK: Body

  private func bodyHalfWidth(_ y: Double) -> Double {
    let waist = max(0, y - 0.6)
    return description.body.thoraxWidth / 2 + description.body.wall - 0.12 * waist * waist
  }

  /// The upper outline: a neck, then shoulders that slope down.
  private func shoulder(_ distance: Double) -> Double {
    let beyond = max(0, distance - 0.1)
    return distance < 0.1 ? -1 : description.body.lungTop - 0.1 + 1.5 * beyond * beyond
  }

  /// What ribs, collar bones, spine, windpipe and the vessels of the lungs' roots add.
  private func bones(_ distance: Double, _ line: Line) -> Double {
    var added = 0.0
    if distance < 0.06 {
      let vertebra = 0.5 + 0.5 * cos(2 * .pi * line.y / 0.062)
      added += inside(0.034 - distance) * (0.14 + 0.14 * vertebra)
      if line.depth < 0.32 { added -= 0.35 * inside(0.014 - distance) }
    }
    guard line.depth > -0.08, line.depth < 1 else { return added }
    // A rib falls towards the side; its distance to the next is a share of the lung's height.
    if line.depth > 0.04, distance > geometry.inner * 0.7, distance < line.outer + description.body.wall / 2 {
      let fall = distance / (geometry.width / 2)
      let place = (line.depth - 0.22 * fall * fall) * description.body.ribs + description.body.ribPhase
      let away = abs(place - place.rounded()) / description.body.ribs * geometry.height
      added += 0.3 * inside(0.009 - away)
    }
    let collar = abs(line.y - (geometry.top + 0.045 - 0.16 * distance))
    if distance > 0.05, distance < 0.42 * geometry.width { added += 0.3 * inside(0.011 - collar) }
    let (dx, dy) = ((distance - geometry.inner) / 0.045, (line.depth - 0.44) / 0.1)
    let root = dx * dx + dy * dy
    if root < 6 { added += 0.35 * exp(-root) }
    return added
  }

  // MARK: Device

  /// How much of a place is a pacemaker's box or its lead.
  private func metal(_ x: Double, _ y: Double, _ side: PhantomDescription.Side) -> Double {
    let middle = geometry.device(side)
    let (dx, dy) = (abs(x - middle.x), abs(y - middle.y))
    let box = inside(min(PhantomGeometry.deviceHalfWidth - dx, PhantomGeometry.deviceHalfHeight - dy))
    // From the box to the midline, then down to the heart.
    let along = (x - geometry.center) / (middle.x - geometry.center)
    let half = 0.006
    var lead = 0.0
    if along > 0, along < 1 {
      let height = middle.y - 0.05 * sin(.pi * min(1, 1.2 * along)) - 0.03 * (1 - along)
      lead = inside(half - abs(y - height))
    }
    if y > geometry.top - 0.03, y < geometry.y(0.72) {
      lead = max(lead, inside(half - abs(x - geometry.center - 0.02 * (y - geometry.top))))
    }
    return max(box, 0.4 * lead)
  }
}
