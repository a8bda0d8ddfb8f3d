import ImageFiles
import RadiographData
import RadiologyReports

/// Says of what people marked in an image where in the chest it is, and how much of it there is.
struct BoxPlacement {
  /// The share of a finding that decides on a side.
  static let sideShare = 0.8
  /// The share of a finding in a zone from which it counts as being there.
  static let zoneShare = 0.3
  /// Below this likeness the template does not fit, and nothing is said that depends on it.
  static let leastLikeness = 0.45

  /// nil if the place of the lungs is unknown.
  let frame: LungFrame?

  init(_ frame: LungFrame) { self.frame = frame.likeness >= Self.leastLikeness ? frame : nil }

  /// What boxes in an image say.
  ///
  /// - Parameters:
  ///   - square: The image as a dataset stores it.
  ///   - width, height: Of the source's image, in pixels.
  static func findings(
    _ boxes: [AnnotatedBox], in square: GrayscaleImage, width: Int, height: Int, fit: SquareFit
  ) -> [ImageFinding] {
    let lungs = ChestTemplate.standard.lungs(of: square)
    return boxes.map(BoxPlacement(lungs.inSource(width: width, height: height, fit: fit)).finding)
  }

  func finding(_ box: AnnotatedBox) -> ImageFinding {
    var finding = ImageFinding(name: box.label, origin: .people, annotator: box.annotator, box: box.box)
    guard let frame, frame.width > 0, frame.height > 0 else { return finding }
    if box.label == "Cardiomegaly" {
      // The heart is where it is in everyone.
      let ratio = box.box.width / frame.width
      finding.cardiothoracicRatio = rounded(ratio)
      if box.annotator == ChestXDetBoxes.annotator { finding.size = heartSize(ratio) }
      return finding
    }
    finding.side = side(of: box.outline, frame)
    finding.zones = zones(of: box.outline, frame)
    finding.size = size(of: box, frame)
    return finding
  }

  /// The patient's right is the image's left.
  private func side(of outline: FindingOutline, _ frame: LungFrame) -> Laterality? {
    let right = outline.share(below: frame.spine, on: .horizontal)
    if right >= Self.sideShare { return .right }
    return 1 - right >= Self.sideShare ? .left : nil
  }

  private func zones(of outline: FindingOutline, _ frame: LungFrame) -> [ImageFinding.Zone] {
    let first = outline.share(below: frame.apex + frame.height / 3, on: .vertical)
    let second = outline.share(below: frame.apex + frame.height * 2 / 3, on: .vertical)
    let shares: [(ImageFinding.Zone, Double)] = [(.upper, first), (.middle, second - first), (.lower, 1 - second)]
    let zones = shares.filter { $0.1 >= Self.zoneShare }.map(\.0)
    // What is above and below is between, too.
    return zones == [.upper, .lower] ? ImageFinding.Zone.allCases : zones
  }

  /// Fluid and air by how high they reach and how much of a lung they take, round things by their diameter, all else by
  /// its share of one lung.
  private func size(of box: AnnotatedBox, _ frame: LungFrame) -> ImageFinding.Size? {
    let height = box.box.height / frame.height
    let area = box.outline.area / (frame.height * frame.width * Self.lungShare)
    switch box.label {
    case "Effusion", "Pneumothorax":
      // A rim along the ribs is high and holds little.
      let sizes = [size(height, small: 0.25, large: 0.5), size(area, small: 0.05, large: 0.35)]
      return ImageFinding.Size.allCases.first { sizes.contains($0) }
    case "Nodule", "Mass": return size(max(height, box.box.width / frame.width), small: 0.06, large: 0.25)
    case "Atelectasis", "Consolidation", "Infiltration", "Pneumonia":
      return size(area, small: 0.1, large: 0.5)
    default: return nil
    }
  }

  /// One lung's part of the rectangle around both.
  private static let lungShare = 0.35

  private func size(_ measure: Double, small: Double, large: Double) -> ImageFinding.Size {
    measure < small ? .small : measure < large ? .moderate : .large
  }

  /// Only what lies clear of the next by the error of the ratio, and only of boxes that are as tight as ChestX-Det's: NIH's
  /// are wider by a tenth of the chest.
  private func heartSize(_ ratio: Double) -> ImageFinding.Size? {
    switch ratio {
    case ..<0.54: .small
    case 0.57..<0.62: .moderate
    case 0.65...: .large
    default: nil
    }
  }

  private func rounded(_ ratio: Double) -> Double { (ratio * 1000).rounded() / 1000 }
}
