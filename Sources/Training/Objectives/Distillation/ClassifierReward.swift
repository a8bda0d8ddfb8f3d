import Foundation
import RadiographData
import RadiographModels
import RadiologyReports
import Torch

// B batch, H height, W width, L labels

/// How much of what texts ask for classifiers do not see in images.
///
/// A classifier that has a label of which a text speaks should be as sure of its presence or of its absence as it is of a share
/// of real radiographs: a label that is seen in few at a glance is not asked for more plainly than it is seen there. Where the
/// network says where it sees a label, the log odds of the side that is asked for should be greater by ``margin`` than those of
/// the other, and so should those above the middle of the lungs than those below, or the other way round. A label that is a
/// corruption, such as a missing lung, is to be absent of every image. What falls short is added up, and nothing is gained
/// beyond: a classifier that is sure enough asks for no more.
struct ClassifierReward {
  /// One of the classifiers.
  struct Judge {
    let classifier: LabelClassifier
    let real: RealOdds
  }

  let judges: [Judge]
  /// The share of real radiographs that show a label less plainly than a text asks for it, or show less of one that it denies;
  /// the first for labels without a side or a zone, the second for those with one, which stand out.
  let (plainness, placedPlainness): (Double, Double)
  /// In log odds; for labels, where there are no real radiographs to compare with.
  let margin: Double
  /// What the shortfall of a side or a height weighs beside that of a label.
  let placeWeight: Double

  /// The labels of all classifiers, each once.
  var labels: [String] {
    judges.flatMap(\.classifier.architecture.labels).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// What falls short in each image.
  ///
  /// - Parameters:
  ///   - image_B1HW: Grey values in any range.
  ///   - asked: What the text of each says.
  /// - Returns: `[B]`, at least 0.
  /// - Throws: `TorchError`.
  func shortfall(of image_B1HW: Tensor, asked: [[PromptStatement]]) throws -> Tensor {
    var sum_B = try Tensor.zeros([asked.count], device: image_B1HW.device)
    for judge in judges {
      let labels = judge.classifier.architecture.labels
      let added_B =
        if judge.real.usualHeight_1L != nil {
          try shortfall(of: judge.classifier.placeOdds(image_B1HW), asked: asked, labels: labels, real: judge.real)
        } else {
          try shortfall(of: judge.classifier(image_B1HW), wanted: wanted(asked, labels, judge.real))
        }
      sum_B = try sum_B + added_B
    }
    return sum_B
  }

  /// What falls short by a network of places.
  ///
  /// - Parameters:
  ///   - labels: The network's, in the order of its columns.
  ///   - real: What it says of real radiographs, heights too.
  func shortfall(
    of odds: PlaceOdds, asked: [[PromptStatement]], labels: [String], real: RealOdds
  ) throws -> Tensor {
    let upward_BL = try real.usualHeight_1L.map { try odds.upward_BL - $0 } ?? odds.upward_BL
    let places_B =
      try shortfall(of: odds.rightward_BL, wanted: beyondMargin(Self.sides(asked, labels)))
      + shortfall(of: upward_BL, wanted: beyondMargin(Self.heights(asked, labels)))
    return try shortfall(of: odds.logits_BL, wanted: wanted(asked, labels, real)) + places_B * placeWeight
  }

  /// What is wanted of a label: log odds of at least `bound` where the sign is 1, of at most that where it is -1; nothing
  /// where it is 0.
  struct Wanted: Equatable {
    var sign: Double
    var bound: Double
  }

  private func shortfall(of odds_BL: Tensor, wanted: [[Wanted]]) throws -> Tensor {
    func column(_ value: (Wanted) -> Double) throws -> Tensor {
      try Tensor(wanted.flatMap { $0.map(value) }, shape: odds_BL.shape).to(odds_BL.dtype).to(odds_BL.device)
    }
    let signs_BL = try column(\.sign)
    return try ((column(\.bound) - odds_BL) * signs_BL).relu().sum(dim: [1])
  }

  private func beyondMargin(_ signs: [[Double]]) -> [[Wanted]] {
    signs.map { $0.map { Wanted(sign: $0, bound: $0 * margin) } }
  }

  /// What is wanted of the labels: row by row.
  func wanted(_ asked: [[PromptStatement]], _ labels: [String], _ real: RealOdds) -> [[Wanted]] {
    zip(asked, Self.signs(asked, labels)).map { statements, signs in
      zip(labels.indices, signs).map { label, sign in
        let isPlaced = statements.contains {
          $0.name == labels[label] && $0.isPresent && ($0.side != nil || !$0.zones.isEmpty)
        }
        let share = isPlaced ? placedPlainness : plainness
        let target = real.target(label, isPresent: sign > 0, share: share) ?? sign * margin
        return Wanted(sign: sign, bound: target)
      }
    }
  }

  /// 1 where a label is asked for, -1 where it is denied or a corruption, 0 where nothing is said of it: row by row.
  static func signs(_ asked: [[PromptStatement]], _ labels: [String]) -> [[Double]] {
    asked.map { statements in
      labels.map { label in
        guard let statement = statements.first(where: { $0.name == label }) else {
          return ImageCorruption(rawValue: label) == nil ? 0 : -1
        }
        return statement.isPresent ? 1 : -1
      }
    }
  }

  /// 1 where a label is asked for on the patient's right, -1 where it is on the left.
  static func sides(_ asked: [[PromptStatement]], _ labels: [String]) -> [[Double]] {
    places(asked, labels) { statement in
      switch statement.side {
      case .right: 1
      case .left: -1
      default: 0
      }
    }
  }

  /// 1 where a label is asked for in the upper third of the lungs alone, -1 where it is in the lower.
  static func heights(_ asked: [[PromptStatement]], _ labels: [String]) -> [[Double]] {
    places(asked, labels) { statement in
      switch statement.zones {
      case [.upper]: 1
      case [.lower]: -1
      default: 0
      }
    }
  }

  /// The first sign of each label that is not 0: a text may name a finding twice, and its place once.
  private static func places(
    _ asked: [[PromptStatement]], _ labels: [String], _ sign: (PromptStatement) -> Double
  ) -> [[Double]] {
    asked.map { statements in
      labels.map { label in
        statements.filter { $0.name == label && $0.isPresent }.map(sign).first { $0 != 0 } ?? 0
      }
    }
  }
}
