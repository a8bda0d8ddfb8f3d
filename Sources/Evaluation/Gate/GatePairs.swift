import ImageFiles

/// The images nearest to a training image, each above that image.
public struct GatePairs: Sendable {
  public var images: [GrayscaleImage]
  public var training: [GrayscaleImage]
  public var findings: [CopyGate.Finding]

  /// How many pairs are shown at most.
  public static let limit = 10

  /// - Throws: What reading throws.
  public init(_ report: GateReport, of set: any ImageSet, training: any ImageSet) throws {
    let places = Dictionary(
      (0..<set.count).map { (set.name(at: $0), $0) }, uniquingKeysWith: { first, _ in first })
    findings = Array(report.nearest.prefix(Self.limit))
    images = try findings.compactMap { try places[$0.path].map(set.image(at:)) }
    self.training = try findings.map { try training.image(at: $0.nearness.place) }
  }

  /// Both rows as one picture.
  ///
  /// - Throws: `ImageFileError` if there is no pair.
  public func picture() throws -> GrayscaleImage { try GrayscaleImage(grid: [images, training], gap: 2) }
}
