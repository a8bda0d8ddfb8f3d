import Foundation
import ImageFiles
import RadiographData
import RadiologyReports

/// A finding that a program draws into a radiograph without findings: where it is and how large it is, is known exactly.
///
/// Fluid, cells and tumours weaken the beam where air did not: the grey level is brought nearer to that of soft tissue, the
/// more the thicker what lies in the way. What is in front and behind shows through.
public struct ComputedFinding: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// Fluid that stands in the lower chest, its upper border rising towards the ribs.
    case effusion
    /// A part of a lung in which air has given way, with a ragged border.
    case consolidation
    /// A round lesion.
    case nodule

    /// What findings of this kind are called in the labels of NIH ChestX-ray14.
    var labels: [String] {
      switch self {
      case .effusion: ["Effusion"]
      case .consolidation: ["Consolidation", "Pneumonia"]
      case .nodule: ["Nodule", "Mass"]
      }
    }
  }

  public let kind: Kind
  /// `left` or `right`.
  public let side: Laterality
  /// What it is called, of the kind's names.
  public let labels: [String]
  /// The share of the difference to soft tissue that is taken away where it is thickest.
  private let opacity: Double
  private let shape: Shape

  /// In coordinates of the lung: `across` 0 at the spine and 1 at the ribs where the chest is widest, `down` 0 at the apex and
  /// 1 at the costophrenic angle.
  private enum Shape: Equatable {
    /// The height of its level over the costophrenic angle, how much higher it stands at the ribs, how late it rises.
    case fluid(level: Double, rise: Double, bend: Double, softness: Double, ripple: SmoothNoise)
    case patch(
      across: Double, down: Double, width: Double, height: Double, angle: Double, border: SmoothNoise,
      texture: SmoothNoise)
    /// The radius is a share of the width of the chest.
    case sphere(across: Double, down: Double, radius: Double, border: SmoothNoise)
  }

  init(_ kind: Kind, side: Laterality, zone: ImageFinding.Zone, random: inout DrawingRandom) {
    (self.kind, self.side) = (kind, side)
    switch kind {
    case .effusion:
      labels = kind.labels
      opacity = random.number(in: 0.45...0.9)
      shape = .fluid(
        level: random.number(in: random.pick([-0.12...0.05, -0.05...0.1, 0.05...0.2, 0.2...0.5])),
        rise: random.number(in: 0.1...0.3), bend: random.number(in: 2.5...5), softness: random.number(in: 0.05...0.2),
        ripple: SmoothNoise(cells: 5, octaves: 1, random: &random))
    case .consolidation:
      // What a focal pneumonia looks like, whatever its cause.
      labels = random.chance(0.5) ? kind.labels : ["Consolidation"]
      opacity = random.number(in: 0.2...0.6)
      shape = .patch(
        across: random.number(in: 0.42...0.7), down: Self.height(of: zone, &random),
        width: random.number(in: 0.25...0.5), height: random.number(in: 0.1...0.25),
        angle: random.number(in: -0.6...0.6), border: SmoothNoise(cells: 7, octaves: 4, random: &random),
        texture: SmoothNoise(cells: 20, octaves: 3, random: &random))
    case .nodule:
      let radius = random.number(in: random.pick([0.015...0.04, 0.015...0.04, 0.04...0.09]))
      // A mass is more than 30 mm across, of about 280 mm of an adult's chest inside the ribs.
      labels = [2 * radius * 280 > 30 ? "Mass" : "Nodule"]
      opacity = random.number(in: 0.2...0.5)
      shape = .sphere(
        across: random.number(in: 0.4...0.8), down: Self.height(of: zone, &random), radius: radius,
        border: SmoothNoise(cells: 6, octaves: 2, random: &random))
    }
  }

  /// Well inside of a third of the lung.
  private static func height(of zone: ImageFinding.Zone, _ random: inout DrawingRandom) -> Double {
    switch zone {
    case .upper: random.number(in: 0.16...0.25)
    case .middle: random.number(in: 0.45...0.55)
    case .lower: random.number(in: 0.72...0.86)
    }
  }

  // MARK: Drawing

  /// Draws it into an image.
  ///
  /// - Parameter lungs: Where they are in the image.
  func drawn(into image: GrayscaleImage, lungs: LungFrame) throws -> GrayscaleImage {
    let tissue = Self.softTissue(of: image, lungs)
    let weights = thickness(width: image.width, height: image.height, lungs: lungs)
    let smooth = Self.smoothed(image)
    let pixels = image.pixels.indices.map { place in
      let share = opacity * weights[place]
      guard share > 0, smooth[place] < tissue else { return image.pixels[place] }
      // Of noise and fine structure more is left than of what they lie on.
      let detail = (Double(image.pixels[place]) - smooth[place]) * (1 - Self.detailLoss * share)
      return UInt8(min(max((smooth[place] + share * (tissue - smooth[place]) + detail).rounded(), 0), 255))
    }
    return try GrayscaleImage(width: image.width, height: image.height, pixels: pixels)
  }

  /// What was drawn, as one of the findings of an image for each of its labels; its place and its size follow from where it
  /// is thick.
  func findings(lungs: LungFrame) -> [ImageFinding] {
    let side = 128
    let weights = thickness(width: side, height: side, lungs: lungs)
    let threshold = 0.3 * (weights.max() ?? 0)
    // Below the lungs nothing of it is seen.
    let last = min(side, Int((lungs.base * Double(side)).rounded(.up)))
    let rows = (0..<last).filter { row in weights[row * side..<(row + 1) * side].contains { $0 > threshold } }
    let columns = (0..<side).filter { column in (0..<last).contains { weights[$0 * side + column] > threshold } }
    guard let top = rows.first, let bottom = rows.last, let left = columns.first, let right = columns.last else {
      return []
    }
    func share(_ places: Int) -> Double { Double(places) / Double(side) }
    let box = ImageBox(x: share(left), y: share(top), width: share(right + 1 - left), height: share(bottom + 1 - top))
    var finding = BoxPlacement(lungs).finding(
      AnnotatedBox(label: labels[0], annotator: Self.annotator, box: box))
    finding.origin = .computed
    finding.side = self.side
    return labels.map { label in
      var named = finding
      named.name = label
      return named
    }
  }

  /// What `ImageFinding.annotator` says of them.
  static let annotator = "computed"

  /// How much of the fine structure goes where a finding hides all else.
  private static let detailLoss = 0.5

  /// The image under a binomial window of five pixels a side.
  private static func smoothed(_ image: GrayscaleImage) -> [Double] {
    let (width, height) = (image.width, image.height)
    let window = [1.0, 4, 6, 4, 1].map { $0 / 16 }
    func pass(_ values: [Double], count: Int, step: Int, lines: Int, lineStep: Int) -> [Double] {
      var result = values
      for line in 0..<lines {
        for place in 0..<count {
          var sum = 0.0
          for (offset, weight) in window.enumerated() {
            sum += weight * values[line * lineStep + min(max(place + offset - 2, 0), count - 1) * step]
          }
          result[line * lineStep + place * step] = sum
        }
      }
      return result
    }
    let rows = pass(image.pixels.map(Double.init), count: width, step: 1, lines: height, lineStep: width)
    return pass(rows, count: height, step: width, lines: width, lineStep: 1)
  }

  /// The grey level of the soft tissue beside the spine.
  private static func softTissue(of image: GrayscaleImage, _ lungs: LungFrame) -> Double {
    var levels: [UInt8] = []
    let rows = Int((lungs.apex + 0.15 * lungs.height) * Double(image.height))..<Int(lungs.base * Double(image.height))
    let middle = Int(lungs.spine * Double(image.width))
    let half = max(1, Int(0.08 * lungs.width * Double(image.width)))
    for y in rows where y >= 0 && y < image.height {
      for x in max(0, middle - half)..<min(image.width, middle + half) { levels.append(image[x, y]) }
    }
    levels.sort()
    return levels.isEmpty ? 255 : Double(levels[levels.count * 3 / 5])
  }

  /// How much of it lies in the way of each pixel, 0 to 1, row by row.
  func thickness(width: Int, height: Int, lungs: LungFrame) -> [Double] {
    let half = side == .right ? lungs.spine - lungs.rightEdge : lungs.leftEdge - lungs.spine
    let sign = side == .right ? -1.0 : 1
    var values = [Double](repeating: 0, count: width * height)
    guard half > 0, lungs.height > 0 else { return values }
    for row in 0..<height {
      let y = (Double(row) + 0.5) / Double(height)
      let down = (y - lungs.apex) / lungs.height
      guard down > -0.05, down < 1.35 else { continue }
      let outline = max(PhantomGeometry.outline(min(down, 1)), 0.05)
      for column in 0..<width {
        let x = (Double(column) + 0.5) / Double(width)
        let across = sign * (x - lungs.spine) / half
        guard across > 0, across < 1.15 else { continue }
        values[row * width + column] = thickness(x: x, y: y, across: across, down: down, outline: outline, lungs, half)
      }
    }
    return values
  }

  private func thickness(
    x: Double, y: Double, across: Double, down: Double, outline: Double, _ lungs: LungFrame, _ half: Double
  ) -> Double {
    /// 0 at the mediastinum and 1 at the ribs of this height.
    let reach = across / outline
    switch shape {
    case .fluid(let level, let rise, let bend, let softness, let ripple):
      let top = 1.02 - level - rise * pow(min(reach, 1), bend) + 0.01 * ripple(x, y)
      return Self.step(-softness, 1.5 * softness, down - top) * Self.step(0.02, 0.22, across)
        * (1 - Self.step(1, 1.08, reach)) * (1 - Self.step(1.1, 1.3, down))
    case .patch(let centre, let depth, let wide, let high, let angle, let border, let texture):
      let (u, v) = (across - centre, down - depth)
      let along = u * cos(angle) / wide + 0.7 * v * sin(angle) / high
      let over = -0.7 * u * sin(angle) / wide + v * cos(angle) / high
      let distance = (along * along + over * over).squareRoot() + 0.45 * border(x, y)
      return (1 - Self.step(0.15, 1.3, distance)) * min(max(0.8 + 0.25 * texture(x, y), 0.3), 1)
        * Self.step(0.08, 0.28, across) * (1 - Self.step(0.88, 1, reach)) * Self.step(-0.02, 0.12, down)
    case .sphere(let centre, let depth, let radius, let border):
      let place = (x: lungs.spine + (side == .right ? -1 : 1) * centre * half, y: lungs.apex + depth * lungs.height)
      let length = radius * lungs.width
      let distance = hypot(x - place.x, y - place.y) / length * (1 + 0.05 * border(x, y))
      // A sphere's chord, with a border that is not quite sharp.
      return max(1 - distance * distance, 0).squareRoot() * (1 - Self.step(0.8, 1.05, distance))
    }
  }

  /// 0 below one number and 1 above the other, and smooth between.
  private static func step(_ low: Double, _ high: Double, _ value: Double) -> Double {
    let share = min(max((value - low) / (high - low), 0), 1)
    return share * share * (3 - 2 * share)
  }
}
