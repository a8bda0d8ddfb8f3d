import Foundation
import RadiographData
import RadiographModels
import RadiologyReports
import Torch

// B batch, H height, W width, L labels

/// How far images are from what classifiers should say of them.
///
/// Of the labels that texts name, or deny, drawn images should look to a classifier as real radiographs do, all together: the
/// log odds that are wanted of an image are as high among those of real radiographs as those of the teacher's image, from the
/// same noise and text, are among the teacher's. Where the network says where it sees a label, the log odds of the side that is
/// asked for should be greater by ``margin`` than those of the other, and so should those above the middle of the lungs than
/// those below, or the other way round; beyond that nothing is gained. A label that is a corruption, such as a missing lung, is
/// to be absent of every image.
struct ClassifierReward {
  /// One of the classifiers.
  struct Judge {
    let classifier: LabelClassifier
    let real: RealOdds
    /// What it says of images that the teacher draws of texts that name labels, or deny them.
    let drawn: LabelOdds
  }

  let judges: [Judge]
  /// The share of real radiographs that is left out.
  struct Plainness {
    /// Of the faintest with a label.
    let present: Double
    /// The same where it has a side or a zone, which stand out.
    let placed: Double
    /// Of the plainest where a label is denied.
    let denied: Double
  }

  let plainness: Plainness
  /// In log odds; for labels, where there are too few images to compare.
  let margin: Double
  /// What the shortfall of a side or a height weighs beside that of a label.
  let placeWeight: Double

  /// The labels of all classifiers, each once.
  static func labels(of classifiers: [LabelClassifier]) -> [String] {
    classifiers.flatMap(\.architecture.labels).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// What falls short in each image.
  ///
  /// - Parameters:
  ///   - odds: What each classifier says of them.
  ///   - before: What each says of what the teacher makes of the same noises and texts.
  ///   - asked: What the text of each says.
  /// - Returns: `[B]`, at least 0.
  /// - Throws: `TorchError`.
  func shortfall(of odds: [JudgeOdds], before: [JudgeOdds], asked: [[PromptStatement]]) throws -> Tensor {
    let shortfalls = try zip(judges, zip(odds, before)).map { judge, odds in
      try shortfall(
        of: odds.0, before: odds.1.logits_BL.rows(), asked: asked, labels: judge.classifier.architecture.labels,
        real: judge.real, drawn: judge.drawn)
    }
    return try Tensor.stack(shortfalls).sum(dim: [0])
  }

  /// What falls short by one classifier.
  ///
  /// - Parameters:
  ///   - odds: What it says of images.
  ///   - before: The log odds of labels of the teacher's image of each: row by row.
  ///   - labels: The classifier's, in the order of its columns.
  ///   - real: What it says of real radiographs.
  ///   - drawn: What it says of the teacher's images.
  func shortfall(
    of odds: JudgeOdds, before: [[Double]], asked: [[PromptStatement]], labels: [String], real: RealOdds,
    drawn: LabelOdds
  ) throws -> Tensor {
    let logits_BL = odds.logits_BL
    func column(_ rows: [[Double]]) throws -> Tensor {
      try Tensor(rows.flatMap { $0 }, shape: logits_BL.shape).to(logits_BL.dtype).to(logits_BL.device)
    }
    let signs = Self.signs(asked, labels)
    let targets = targets(asked, labels, signs, before: before, real: real.labels, drawn: drawn)
    let distance_BL = try ((logits_BL - column(targets)).square() + 1).sqrt() - 1
    var sum_B = try (distance_BL * column(signs.map { $0.map(abs) })).sum(dim: [1])
    if let places = odds.places {
      let upward_BL = try real.usualHeight_1L.map { try places.upward_BL - $0 } ?? places.upward_BL
      for (odds_BL, signs) in [
        (places.rightward_BL, Self.sides(asked, labels)), (upward_BL, Self.heights(asked, labels)),
      ] {
        let signs_BL = try column(signs)
        let lacking_BL = try (signs_BL.abs() * margin - odds_BL * signs_BL).relu()
        sum_B = try sum_B + lacking_BL.sum(dim: [1]) * placeWeight
      }
    }
    return sum_B
  }

  /// The log odds that are wanted of each label: row by row.
  func targets(
    _ asked: [[PromptStatement]], _ labels: [String], _ signs: [[Double]], before: [[Double]], real: LabelOdds,
    drawn: LabelOdds
  ) -> [[Double]] {
    zip(asked, zip(signs, before)).map { statements, said in
      labels.indices.map { label in
        let (sign, odds) = (said.0[label], said.1[label])
        guard sign != 0 else { return 0 }
        let isPlaced = statements.contains {
          $0.name == labels[label] && $0.isPresent && ($0.side != nil || !$0.zones.isEmpty)
        }
        let target = real.counterpart(
          of: odds, among: drawn, label: label, isPresent: sign > 0,
          leavingOut: sign < 0 ? plainness.denied : isPlaced ? plainness.placed : plainness.present)
        return target ?? sign * max(sign * odds, margin)
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
