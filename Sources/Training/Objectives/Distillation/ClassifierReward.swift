import Foundation
import RadiographData
import RadiographModels
import RadiologyReports
import Torch

// B batch, H height, W width, L labels

/// How much of what texts ask for classifiers do not see in images.
///
/// A classifier that has a label of which a text speaks should be sure of it by ``margin``, in log odds: of its presence or of
/// its absence. Where the network says where it sees a label, the log odds of the side that is asked for should be greater by
/// as much than those of the other, and so should those above the middle of the lungs than those below, or the other way round.
/// A label that is a corruption, such as a missing lung, is to be absent of every image. What falls short is added up, and
/// nothing is gained beyond: a classifier that is sure enough asks for no more.
struct ClassifierReward {
  /// One of the classifiers.
  struct Judge {
    let classifier: LabelClassifier
    /// Of a network of places, the log odds of up over down of each label on normal radiographs, where nothing is to be seen;
    /// nil of any other.
    let usualHeight_1L: Tensor?

    /// - Parameter normalImages: Normal radiographs in batches, which are asked for if the network says where it sees labels.
    /// - Throws: `TorchError`, what reading the images throws.
    init(_ classifier: LabelClassifier, device: Device, normalImages: () throws -> [Tensor]) throws {
      self.classifier = classifier
      guard classifier.architecture.network == .places else {
        usualHeight_1L = nil
        return
      }
      let heights = try withoutGradients { try normalImages().map { try classifier.placeOdds($0).upward_BL } }
      usualHeight_1L =
        heights.isEmpty
        ? try Tensor.zeros([1, classifier.architecture.labels.count], device: device)
        : try Tensor.cat(heights).mean(dim: [0], keepdim: true)
    }
  }

  let judges: [Judge]
  /// In log odds.
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
        if let usualHeight_1L = judge.usualHeight_1L {
          try shortfall(
            of: judge.classifier.placeOdds(image_B1HW), usualHeight_1L: usualHeight_1L, asked: asked, labels: labels)
        } else {
          try shortfall(of: judge.classifier(image_B1HW), signs: Self.signs(asked, labels))
        }
      sum_B = try sum_B + added_B
    }
    return sum_B
  }

  /// What falls short by a network of places.
  ///
  /// - Parameters:
  ///   - usualHeight_1L: as ``Judge/usualHeight_1L``.
  ///   - labels: The network's, in the order of its columns.
  func shortfall(
    of odds: PlaceOdds, usualHeight_1L: Tensor, asked: [[PromptStatement]], labels: [String]
  ) throws -> Tensor {
    let places_B =
      try shortfall(of: odds.rightward_BL, signs: Self.sides(asked, labels))
      + shortfall(of: odds.upward_BL - usualHeight_1L, signs: Self.heights(asked, labels))
    return try shortfall(of: odds.logits_BL, signs: Self.signs(asked, labels)) + places_B * placeWeight
  }

  /// What falls short of log odds that should be above 0 where a sign is 1, below 0 where it is -1; 0 asks for nothing.
  private func shortfall(of odds_BL: Tensor, signs: [[Float]]) throws -> Tensor {
    let signs_BL = try Tensor(signs.flatMap { $0 }, shape: odds_BL.shape).to(odds_BL.device)
    return try ((odds_BL * signs_BL * -1 + margin).relu() * signs_BL.abs()).sum(dim: [1])
  }

  /// 1 where a label is asked for, -1 where it is denied or a corruption, 0 where nothing is said of it: row by row.
  static func signs(_ asked: [[PromptStatement]], _ labels: [String]) -> [[Float]] {
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
  static func sides(_ asked: [[PromptStatement]], _ labels: [String]) -> [[Float]] {
    places(asked, labels) { statement in
      switch statement.side {
      case .right: 1
      case .left: -1
      default: 0
      }
    }
  }

  /// 1 where a label is asked for in the upper third of the lungs alone, -1 where it is in the lower.
  static func heights(_ asked: [[PromptStatement]], _ labels: [String]) -> [[Float]] {
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
    _ asked: [[PromptStatement]], _ labels: [String], _ sign: (PromptStatement) -> Float
  ) -> [[Float]] {
    asked.map { statements in
      labels.map { label in
        statements.filter { $0.name == label && $0.isPresent }.map(sign).first { $0 != 0 } ?? 0
      }
    }
  }
}
