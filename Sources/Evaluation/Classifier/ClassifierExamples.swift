/// Real images with what is known of them, for a classifier to learn from or to be tested on.
struct ClassifierExamples {
  /// Children or adults, with or without pneumonia.
  struct Kind: Hashable, Sendable, CaseIterable {
    let isChild: Bool
    let hasPneumonia: Bool

    static let allCases = [false, true].flatMap { isChild in
      [false, true].map { Kind(isChild: isChild, hasPneumonia: $0) }
    }

    /// Which judgement speaks of pneumonia in such a patient.
    var pneumonia: Judgement { isChild ? .pneumoniaInChild : .pneumoniaInAdult }

    /// The truth about every judgement; nil where it does not apply.
    var targets: [Float?] {
      Judgement.allCases.map { judgement in
        if judgement == .child { return isChild ? 1 : 0 }
        return judgement == pneumonia ? (hasPneumonia ? 1 : 0) : nil
      }
    }
  }

  let images: GrayImages
  let kinds: [Kind]
  private let indices: [Kind: [Int]]

  /// - Throws: `MetricError.countMismatch` unless every image has its kind, `tooFew` where a kind has no image.
  init(images: GrayImages, kinds: [Kind]) throws {
    guard images.count == kinds.count else {
      throw MetricError.countMismatch(what: "kinds of images", expected: images.count, found: kinds.count)
    }
    self.images = images
    self.kinds = kinds
    indices = Dictionary(grouping: kinds.indices) { kinds[$0] }
    for kind in Kind.allCases where indices[kind] == nil {
      throw MetricError.tooFew(
        what: "images of \(kind.isChild ? "children" : "adults") \(kind.hasPneumonia ? "with" : "without") pneumonia",
        found: 0, minimum: 1)
    }
  }

  func indices(of kind: Kind) -> [Int] { indices[kind] ?? [] }

  /// The share of images that a judgement gets right, each class counted alike however many images it has.
  func accuracy(of judgement: Judgement, probabilities: [[Double]]) -> Double {
    var shares: [Double] = []
    for target: Float in [0, 1] {
      let concerned = kinds.indices.filter { kinds[$0].targets[judgement.rawValue] == target }
      let right = concerned.filter { (probabilities[$0][judgement.rawValue] > 0.5) == (target == 1) }
      shares.append(Double(right.count) / Double(max(concerned.count, 1)))
    }
    return shares.reduce(0, +) / 2
  }

  /// How many images a judgement applies to.
  func count(for judgement: Judgement) -> Int { kinds.count { $0.targets[judgement.rawValue] != nil } }
}
