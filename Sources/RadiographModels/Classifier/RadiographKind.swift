/// What a classifier decides on about a radiograph, as it is known of a real one or asked for of a drawn one: a child's or
/// an adult's, with or without pneumonia.
public struct RadiographKind: Hashable, Sendable, CaseIterable {
  public let isChild: Bool
  public let hasPneumonia: Bool

  public init(isChild: Bool, hasPneumonia: Bool) {
    self.isChild = isChild
    self.hasPneumonia = hasPneumonia
  }

  public static let allCases = [false, true].flatMap { isChild in
    [false, true].map { RadiographKind(isChild: isChild, hasPneumonia: $0) }
  }

  /// Which judgement speaks of pneumonia in such a patient.
  public var pneumonia: Judgement { isChild ? .pneumoniaInChild : .pneumoniaInAdult }

  /// The truth about every judgement; nil if it does not apply.
  public var targets: [Float?] {
    Judgement.allCases.map { judgement in
      if judgement == .child { return isChild ? 1 : 0 }
      return judgement == pneumonia ? (hasPneumonia ? 1 : 0) : nil
    }
  }
}
