import RadiologyReports

/// Something about a radiograph, beside its findings, that is so or is not: what a prompt can ask for and a classifier can be
/// taught to see.
public enum ImageTrait: String, Sendable, CaseIterable {
  case female
  case anteroposterior = "AP view"
  /// Under 18 years.
  case child
  case elderly = "60 years or older"
  /// What was marked in the lungs is on the patient's right, and not on the left.
  case rightSided = "right-sided"
  /// What was marked in the lungs is in the upper third alone.
  case upperZone = "upper zone"
  /// What was marked in the lungs is in the lower third alone.
  case lowerZone = "lower zone"

  /// The name of a trait, as labels have it.
  public var name: String { rawValue }

  /// Whether it is so; nil where that is unknown, or where neither it nor its opposite is the case: something on both
  /// sides is neither right-sided nor left-sided.
  public func holds(for attributes: RadiographAttributes) -> Bool? {
    switch self {
    case .female: return attributes.sex.map { $0 == .female }
    case .anteroposterior:
      switch attributes.view {
      case .anteroposterior: return true
      case .posteroanterior: return false
      case .lateral, .frontal, nil: return nil
      }
    case .child: return attributes.age.flatMap { $0.upper < 18 ? true : $0.lower >= 18 ? false : nil }
    case .elderly: return attributes.age.flatMap { $0.lower >= 60 ? true : $0.upper < 60 ? false : nil }
    case .rightSided:
      let lungs = Self.lungs(attributes)
      // A finding on both sides has none.
      guard !lungs.isEmpty, lungs.allSatisfy({ $0.side != nil }) else { return nil }
      let sides = Set(lungs.compactMap(\.side))
      return sides == [.right] ? true : sides == [.left] ? false : nil
    case .upperZone, .lowerZone:
      let lungs = Self.lungs(attributes)
      guard !lungs.isEmpty, lungs.allSatisfy({ !$0.zones.isEmpty }) else { return nil }
      let zones = Set(lungs.flatMap(\.zones))
      let wanted: ImageFinding.Zone = self == .upperZone ? .upper : .lower
      return zones == [wanted] ? true : zones.contains(wanted) ? nil : false
    }
  }

  /// What was marked, but for hearts, which have no side.
  private static func lungs(_ attributes: RadiographAttributes) -> [ImageFinding] {
    attributes.findings.filter { $0.cardiothoracicRatio == nil }
  }
}
