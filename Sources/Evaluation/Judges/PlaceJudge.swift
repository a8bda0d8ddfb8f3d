import RadiographData
import RadiologyReports

/// On which side a classifier sees a label, and whether above or below: where its activation maps are higher than on
/// radiographs without findings. It needs no marked images to learn from, and a mirrored image gives the other answer.
struct PlaceJudge {
  private let judge: OwnExtractor
  /// What the maps are on radiographs without findings, where hearts and diaphragms have sides too.
  private let usual: OwnExtractor.Places

  /// - Parameter normal: Radiographs without findings.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)`` for fewer than ten; `DatasetError`, `TorchError`.
  init(_ judge: OwnExtractor, normal: any ImageSet) throws {
    try normal.require(JudgeMeasurement.minimum)
    self.judge = judge
    let places = try Self.places(normal, judge)
    func mean(_ part: (OwnExtractor.Places) -> [Double]) -> [Double] {
      judge.labels.indices.map { label in
        places.reduce(0) { $0 + part($1)[label] } / Double(places.count)
      }
    }
    usual = OwnExtractor.Places(rightward: mean(\.rightward), upward: mean(\.upward))
  }

  private static func places(_ set: any ImageSet, _ judge: OwnExtractor) throws -> [OwnExtractor.Places] {
    let batch = 16
    return try stride(from: 0, to: set.count, by: batch).flatMap { start in
      try judge.places(
        of: (start..<min(start + batch, set.count)).map { try judge.preparation.input(from: set.image(at: $0)) })
    }
  }

  /// What the judge says of one image and one label.
  struct Answer: Sendable, Equatable {
    let side: Laterality
    let isUpper: Bool
  }

  /// The place of a label in each image.
  ///
  /// - Parameter labels: The column of the judge's labels that is asked for in each image.
  /// - Throws: `ImageFileError`, `TorchError`, what reading throws.
  func answers(_ set: any ImageSet, labels: [Int]) throws -> [Answer] {
    zip(try Self.places(set, judge), labels).map { places, label in
      Answer(
        side: places.rightward[label] > usual.rightward[label] ? .right : .left,
        isUpper: places.upward[label] > usual.upward[label])
    }
  }
}
