import Foundation
import RadiographData
import RadiologyReports

/// On which side findings are, and whether a label is seen above or below.
///
/// The side is what a classifier of the trait `right-sided` says of an image, less what it says of the mirrored one, so that
/// mirroring turns the answer round. The height is where a label's activation maps are higher than on radiographs without
/// findings.
struct PlaceJudge {
  /// The file of the network of sides, in the folder of the judge.
  static let sidesFile = "sides.safetensors"

  private let judge: OwnExtractor
  /// The network of sides, and the column of `right-sided`; nil where there is none.
  private let sides: (network: OwnExtractor, column: Int)?
  /// The heights of radiographs without findings.
  private let usual: [Double]

  /// - Parameters:
  ///   - judge: The classifier of findings.
  ///   - path: Its file; `sides.safetensors` beside it is the network of sides, if it is there.
  ///   - normal: Radiographs without findings.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)`` for fewer than ten; what reading a file throws;
  ///   `DatasetError`, `TorchError`.
  init(_ judge: OwnExtractor, path: String, normal: any ImageSet) throws {
    try normal.require(JudgeMeasurement.minimum)
    self.judge = judge
    let file = URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(Self.sidesFile).path
    let network = FileManager.default.fileExists(atPath: file) ? try OwnExtractor(contentsOf: file) : judge
    sides = network.labels.firstIndex(of: ImageTrait.rightSided.name).map { (network, $0) }
    let heights = try Self.values(normal, judge) { try judge.heights(of: $0) }
    usual = judge.labels.indices.map { label in heights.reduce(0) { $0 + $1[label] } / Double(heights.count) }
  }

  private static func values(
    _ set: any ImageSet, _ network: OwnExtractor, _ body: ([NetworkInput]) throws -> [[Double]]
  ) throws -> [[Double]] {
    let batch = 16
    return try stride(from: 0, to: set.count, by: batch).flatMap { start in
      try body((start..<min(start + batch, set.count)).map { try network.preparation.input(from: set.image(at: $0)) })
    }
  }

  /// What the judge says of one image and one label.
  struct Answer: Sendable, Equatable {
    /// nil without a network of sides.
    let side: Laterality?
    let isUpper: Bool
  }

  /// The place of a label in each image.
  ///
  /// - Parameter labels: The column of the judge's labels that is asked for in each image.
  /// - Throws: `ImageFileError`, `TorchError`, what reading throws.
  func answers(_ set: any ImageSet, labels: [Int]) throws -> [Answer] {
    let heights = try Self.values(set, judge) { try judge.heights(of: $0) }
    let rightward = try sides.map { sides in
      try Self.values(set, sides.network) { try sides.network.sides(of: $0) }.map { $0[sides.column] }
    }
    return labels.enumerated().map { index, label in
      Answer(
        side: rightward.map { $0[index] > 0 ? .right : .left }, isUpper: heights[index][label] > usual[label])
    }
  }

  /// Whether the judge is right about findings whose place people marked: on one side, in the upper third or the lower.
  ///
  /// - Parameter names: The labels that are looked at.
  func agreement(with set: DatasetImages, labels names: [String]) throws -> (sides: [Bool], lobes: [Bool]) {
    var marked: [(record: RadiographRecord, column: Int, place: FindingPlace)] = []
    for record in set.records {
      for name in names {
        guard let column = judge.labels.firstIndex(of: name), let place = record.attributes.place(of: name) else {
          continue
        }
        marked.append((record, column, place))
      }
    }
    let answers = try answers(set.selecting(marked.map(\.record)), labels: marked.map(\.column))
    var (sides, lobes): ([Bool], [Bool]) = ([], [])
    for (marked, answer) in zip(marked, answers) {
      if let side = answer.side, marked.place.side == .left || marked.place.side == .right {
        sides.append(side == marked.place.side)
      }
      if marked.place.zones == [.upper] || marked.place.zones == [.lower] {
        lobes.append(answer.isUpper == (marked.place.zones == [.upper]))
      }
    }
    return (sides, lobes)
  }
}
