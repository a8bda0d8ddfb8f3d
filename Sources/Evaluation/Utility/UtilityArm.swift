import Foundation

/// What one of the compared classifiers is trained on.
public struct UtilityArm: Sendable, Hashable {
  /// The share of the real training patients, 0 for none to 1 for all.
  public let share: Double
  public let hasSynthetic: Bool

  public static let real = UtilityArm(share: 1, hasSynthetic: false)
  public static let synthetic = UtilityArm(share: 0, hasSynthetic: true)
  public static let both = UtilityArm(share: 1, hasSynthetic: true)

  public init(share: Double, hasSynthetic: Bool) {
    self.share = share
    self.hasSynthetic = hasSynthetic
  }

  /// Real, synthetic, both, and for each share some of the real images without and with the synthetic ones.
  public static func all(shares: [Double]) -> [UtilityArm] {
    [real, synthetic, both]
      + shares.flatMap { [UtilityArm(share: $0, hasSynthetic: false), UtilityArm(share: $0, hasSynthetic: true)] }
  }

  /// What it is compared with: the same real images without the synthetic ones; all real images for those alone.
  public var reference: UtilityArm? {
    guard hasSynthetic else { return nil }
    return share == 0 ? .real : UtilityArm(share: share, hasSynthetic: false)
  }

  /// As tables name it.
  public var name: String {
    let real = share == 1 ? "real" : "\(percent) % of real"
    return share == 0 ? "synthetic" : hasSynthetic ? "\(real) + synthetic" : real
  }

  /// As its folders are named.
  public var folder: String {
    let real = share == 1 ? "real" : "real-\(percent)"
    return share == 0 ? "synthetic" : hasSynthetic ? "\(real)-and-synthetic" : real
  }

  /// The share in percent, with as many digits as it has.
  private var percent: String { MeasuredFigure.text(share * 100) }
}

/// How the classifiers of a comparison are trained, beyond what the recipe says.
public enum UtilityProtocol: String, Sendable, Codable, CaseIterable {
  /// Nothing is mirrored.
  case corrected
  /// As CheXGenBench's trainer has it (github.com/Raman1121/CheXGenBench, Downstream/Classification at d25f46f): half of the
  /// training images mirrored, and what is uncertain counted as absent.
  case asPublished = "as published"

  /// Settings of `thorax train classifier` that the protocol insists on.
  public var settings: [String] {
    switch self {
    case .corrected: ["mirror=false"]
    case .asPublished: ["mirror=true", "uncertain=negative"]
    }
  }

  public var folder: String { rawValue.replacing(" ", with: "-") }

  public var how: String {
    switch self {
    case .corrected: "no image is mirrored: a heart on the other side is another finding"
    case .asPublished:
      "half of the training images are mirrored and uncertain labels count as absent, as in CheXGenBench's trainer"
    }
  }
}
