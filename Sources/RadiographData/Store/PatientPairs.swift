import Support

/// Pairs of images of one patient and of two, to say how well something tells them apart.
///
/// Every image of a patient who has another makes one pair with an image of that patient, and ``others`` pairs with images
/// of other patients of the same source: those of other sources are told apart by the source alone.
public struct PatientPairs: Sendable, Equatable {
  public struct Pair: Sendable, Equatable {
    public let first: Int
    public let second: Int
    public let isSamePatient: Bool
  }

  /// How many pairs of two patients there are for one of the same.
  public static let others = 10

  public let pairs: [Pair]

  /// - Parameters:
  ///   - patients: Of each image its source and its patient, who is unique among all sources.
  ///   - seed: The same seed draws the same pairs.
  public init(_ patients: [(source: String, patient: String)], seed: UInt64) {
    let ofPatient = Dictionary(grouping: patients.indices) { patients[$0].patient }
    let ofSource = Dictionary(grouping: patients.indices) { patients[$0].source }
    var random = SplitMix64(seed: seed)
    var pairs: [Pair] = []
    for (image, whose) in patients.enumerated() {
      let own = ofPatient[whose.patient, default: []]
      let all = ofSource[whose.source, default: []]
      guard own.count > 1, all.count > own.count else { continue }
      var same = image
      while same == image { same = own[random.next(below: own.count)] }
      pairs.append(Pair(first: image, second: same, isSamePatient: true))
      for _ in 0..<Self.others {
        var other = image
        while patients[other].patient == whose.patient { other = all[random.next(below: all.count)] }
        pairs.append(Pair(first: image, second: other, isSamePatient: false))
      }
    }
    self.pairs = pairs
  }
}

extension RadiographRecord {
  /// What ``PatientPairs`` needs of an image.
  public var whose: (source: String, patient: String) { (source, patient) }
}
