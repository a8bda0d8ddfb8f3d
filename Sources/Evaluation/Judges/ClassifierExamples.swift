import RadiographModels

/// Real images with what is known of them, for a classifier to learn from or to be tested on.
public struct ClassifierExamples: Sendable {
  public let images: GrayImages
  public let kinds: [RadiographKind]

  /// - Throws: `MetricError.countMismatch` unless every image has its kind, `tooFew` where a kind has no image.
  init(images: GrayImages, kinds: [RadiographKind]) throws {
    guard images.count == kinds.count else {
      throw MetricError.countMismatch(what: "kinds of images", expected: images.count, found: kinds.count)
    }
    self.images = images
    self.kinds = kinds
    for kind in RadiographKind.allCases where !kinds.contains(kind) {
      throw MetricError.tooFew(
        what: "images of \(kind.isChild ? "children" : "adults") \(kind.hasPneumonia ? "with" : "without") pneumonia",
        found: 0, minimum: 1)
    }
  }

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
