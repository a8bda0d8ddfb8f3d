import RadiologyReports

/// A finding that was marked in an image: what it is, where in the chest, and who says so.
public struct ImageFinding: Sendable, Equatable, Codable {
  /// Where a statement about an image comes from.
  public enum Origin: String, Sendable, Codable, CaseIterable {
    /// A person drew it.
    case people
    /// A program measured it in the pixels.
    case measured
    /// A program drew it into the image.
    case computed
  }

  /// How much of the lung a finding takes.
  public enum Size: String, Sendable, Codable, CaseIterable {
    case small
    case moderate
    case large
  }

  /// A third of the lung's height.
  public enum Zone: String, Sendable, Codable, CaseIterable {
    case upper
    case middle
    case lower
  }

  /// The label that it gives the image, as the image's source calls it.
  public var name: String
  public var origin: Origin
  /// The annotations that it comes from: `nih-boxes`, `chest-x-det`.
  public var annotator: String
  /// The annotator of ChestX-Det, whose radiologists marked all that they saw of its thirteen findings.
  public static let chestXDet = "chest-x-det"
  /// The source of a dataset that holds images into which a program drew findings.
  public static let computedSource = "computed findings"
  /// The patient's side; nil if neither side has four fifths of it.
  public var side: Laterality?
  /// From above; empty if they are unknown.
  public var zones: [Zone]
  /// nil if it is unknown, or has no meaning for this finding.
  public var size: Size?
  /// Of a heart: its width over that of the chest inside the ribs. Otherwise nil.
  public var cardiothoracicRatio: Double?
  /// The rectangle around it, in the source's image.
  public var box: ImageBox

  public init(
    name: String, origin: Origin, annotator: String, side: Laterality? = nil, zones: [Zone] = [], size: Size? = nil,
    cardiothoracicRatio: Double? = nil, box: ImageBox
  ) {
    self.name = name
    self.origin = origin
    self.annotator = annotator
    self.side = side
    self.zones = zones
    self.size = size
    self.cardiothoracicRatio = cardiothoracicRatio
    self.box = box
  }
}

extension ImageFinding {
  /// Whether all findings of the image that its annotator looks for are marked.
  public var isOfAllThatWasSeen: Bool { annotator == Self.chestXDet }
}

/// A rectangle in an image, in fractions of the image's width and height, from the upper left corner.
public struct ImageBox: Sendable, Equatable, Codable {
  public var x: Double
  public var y: Double
  public var width: Double
  public var height: Double

  public init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The rectangle in the mirrored image.
  public var mirrored: ImageBox { ImageBox(x: 1 - x - width, y: y, width: width, height: height) }
}

/// Where a finding is, by all that was marked of it in one image.
public struct FindingPlace: Sendable, Equatable {
  public var side: Laterality?
  public var zones: [ImageFinding.Zone]
  public var size: ImageFinding.Size?
  public var cardiothoracicRatio: Double?

  /// - Parameter findings: those of one name in one image.
  init(_ findings: [ImageFinding]) {
    let sides = Set(findings.compactMap(\.side))
    side = sides.count > 1 ? .bilateral : sides.first
    // Of two sides only what holds of both can be said in few words.
    let bySide = sides.map { side in Self.zones(of: findings.filter { $0.side == side }) }
    let zones = sides.isEmpty ? Self.zones(of: findings) : bySide.allSatisfy { $0 == bySide.first } ? bySide[0] : []
    self.zones = zones
    let sizes = Set(findings.map(\.size))
    size =
      sides.count > 1
      ? (sizes.count == 1 ? findings.first?.size : nil)
      : ImageFinding.Size.allCases.last { sizes.contains($0) }
    cardiothoracicRatio = findings.compactMap(\.cardiothoracicRatio).max()
  }

  /// Nothing if the zones of one of them are unknown, since it may be anywhere.
  private static func zones(of findings: [ImageFinding]) -> [ImageFinding.Zone] {
    if findings.contains(where: \.zones.isEmpty) { return [] }
    return ImageFinding.Zone.allCases.filter { zone in findings.contains { $0.zones.contains(zone) } }
  }
}

extension RadiographAttributes {
  /// Where a finding is in the image; nil if no one marked it.
  public func place(of label: String) -> FindingPlace? {
    let marked = findings.filter { $0.name == label }
    return marked.isEmpty ? nil : FindingPlace(marked)
  }
}
