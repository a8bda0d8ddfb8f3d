import Foundation
import RadiographData
import RadiologyReports

/// Where in an image a label is seen, as ``PlaceOdds`` has it.
struct SeenPlace: Sendable {
  /// Greater than 0 on the patient's right.
  let rightward: Double
  let upward: Double
}

/// On which side findings are, and whether a label is seen above or below.
///
/// A network of places says both: the side is where the odds of a label are greater, so that mirroring an image turns the
/// answer round, and a finding is above where its odds lie higher than those of findings do on radiographs without any.
/// Without such a network the height comes from the judge's activation maps, and the side is not known.
struct PlaceJudge {
  /// The file of the network of places, in the folder of the judge.
  static let placesFile = "places.safetensors"

  private let network: OwnExtractor
  /// The judge's labels.
  private let labels: [String]
  /// The network's column of each of them that it has.
  private let columns: [Int?]
  /// How high the findings whose height prompts name are on radiographs without any.
  private let usual: Double

  /// - Parameters:
  ///   - judge: The classifier of findings.
  ///   - path: Its file; `places.safetensors` beside it is the network of places, if it is there.
  ///   - normal: Radiographs without findings.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)`` for fewer than ten; what reading a file throws;
  ///   `DatasetError`, `TorchError`.
  init(_ judge: OwnExtractor, path: String, normal: any ImageSet) throws {
    try normal.require(JudgedLabel.minimum)
    let file = URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(Self.placesFile).path
    let network = FileManager.default.fileExists(atPath: file) ? try OwnExtractor(contentsOf: file) : judge
    self.network = network
    labels = judge.labels
    columns = labels.map { network.labels.firstIndex(of: $0) }
    let findings = AskedFinding.all.filter(\.hasZone).compactMap { network.labels.firstIndex(of: $0.label) }
    var sum = 0.0
    try Self.forEachImage(normal, network) { _, places in sum += findings.reduce(0) { $0 + places[$1].upward } }
    usual = sum / Double(max(1, findings.count * normal.count))
  }

  private static func forEachImage(
    _ set: any ImageSet, _ network: OwnExtractor, _ body: (Int, [SeenPlace]) throws -> Void
  ) throws {
    let batch = 16
    for start in stride(from: 0, to: set.count, by: batch) {
      try Task.checkCancellation()
      let indices = start..<min(start + batch, set.count)
      let places = try network.places(of: indices.map { try network.preparation.input(from: set.image(at: $0)) })
      for (index, places) in zip(indices, places) { try body(index, places) }
    }
  }

  /// What the judge says of one image and one label.
  struct Answer: Sendable, Equatable {
    /// nil without a network of places.
    var side: Laterality?
    var isUpper: Bool
  }

  /// The place of a label in each image.
  ///
  /// - Parameter labels: The column of the judge's labels that is asked for in each image.
  /// - Returns: nil for a label that the network of places has not.
  /// - Throws: `ImageFileError`, `TorchError`, what reading throws.
  func answers(_ set: any ImageSet, labels: [Int]) throws -> [Answer?] {
    var answers: [Answer?] = []
    try Self.forEachImage(set, network) { index, places in
      answers.append(
        columns[labels[index]].map { column in
          Answer(
            side: network.knowsPlaces ? (places[column].rightward > 0 ? .right : .left) : nil,
            isUpper: places[column].upward > usual)
        })
    }
    return answers
  }

  /// Whether the judge is right about findings whose place people marked: on one side, in the upper third or the lower.
  ///
  /// - Parameter names: The labels that are looked at.
  func agreement(with set: DatasetImages, labels names: [String]) throws -> (sides: [Bool], lobes: [Bool]) {
    var marked: [(record: RadiographRecord, column: Int, place: FindingPlace)] = []
    for record in set.records {
      for name in names {
        guard let column = labels.firstIndex(of: name), let place = record.attributes.place(of: name) else {
          continue
        }
        marked.append((record, column, place))
      }
    }
    let answers = try answers(set.selecting(marked.map(\.record)), labels: marked.map(\.column))
    var (sides, lobes): ([Bool], [Bool]) = ([], [])
    for (marked, answer) in zip(marked, answers) {
      guard let answer else { continue }
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
