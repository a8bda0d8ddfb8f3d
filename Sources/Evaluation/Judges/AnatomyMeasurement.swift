import ImageFiles
import RadiographData
import Support

/// How many images of a set have an anatomy that no chest has: the share that an ``AnatomyJudge`` flags, beside that of
/// held-out images.
struct AnatomyMeasurement {
  /// An image that is the further from passing, the greater its excess.
  struct Suspect: Sendable {
    /// The image's place in its set.
    let place: Int
    let corruption: ImageCorruption
    /// The log odds above the threshold; at most 0 for an image that passes.
    let excess: Double
  }

  let title: String
  private let path: String
  private let calibration: CalibrationImages
  private let seed: UInt64

  /// - Parameters:
  ///   - path: A classifier with labels of corruptions.
  ///   - dataset: Whose parts outside of training set the thresholds.
  ///   - part: A part that is measured on and so sets none, if enough images remain.
  ///   - source: Only images of this source; nil for all.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)``,
  ///   ``MeasurementError/trainedOn(model:images:patients:names:)`` if the classifier was trained on patients who are
  ///   measured or set the thresholds; `DatasetError`.
  init(
    _ path: String, dataset: RadiographDataset, avoiding part: HeldOutPart, source: String? = nil, seed: UInt64
  ) throws {
    title = "anatomy by \(path.onOneLine(limit: 120))"
    (self.path, self.seed) = (path, seed)
    calibration = try CalibrationImages(
      dataset, avoiding: part, source: source, minimum: AnatomyJudge.calibrationMinimum)
    _ = try calibration.requireUnseen(by: path, part: part, source: source, of: dataset)
  }

  /// - Returns: The figures, and all images from the least plausible on.
  /// - Throws: What reading the classifier and the images throws; `MetricError`, `TorchError`.
  func figures(
    of samples: any ImageSet, heldOut: DatasetImages
  ) throws -> (figures: [MeasuredFigure], suspects: [Suspect]) {
    let judge = try AnatomyJudge(contentsOf: path)
    let thresholds = judge.thresholds(try judge.odds(of: calibration.images))
    func excesses(_ set: any ImageSet) throws -> [[Double]] {
      try judge.odds(of: set).map { row in zip(row, thresholds).map { $0 - $1 } }
    }
    let (drawn, real) = (try excesses(samples), try excesses(heldOut))
    let patients = heldOut.records.map(\.patient)
    let how =
      "share of \(samples.count) images that the judge of anatomy \(judge.hash.prefix(12)) flags %; real: of "
      + "\(heldOut.count) held-out images; flagged is what exceeds all but "
      + "\(MeasuredFigure.text(AnatomyJudge.falseAlarms)) of \(calibration.text)"
    func figure(_ name: String, _ words: String, _ excess: ([Double]) -> Double) throws -> MeasuredFigure {
      func flags(_ rows: [[Double]]) -> [Double] { rows.map { excess($0) > 0 ? 1 : 0 } }
      let reals = try Bootstrap.mean(flags(real), groups: patients, seed: seed)
      return MeasuredFigure(
        "anatomy, \(name)", try Bootstrap.mean(flags(drawn), seed: seed), real: reals.value,
        realInterval: reals.lower...reals.upper, how: how.replacingOccurrences(of: "%", with: words))
    }
    func worst(_ row: [Double]) -> Double { row.max() ?? 0 }
    let figures =
      [try figure("implausible", "for any of \(judge.corruptions.map(\.name).joined(separator: ", "))", worst)]
      + (try judge.corruptions.enumerated().map { place, corruption in
        try figure(corruption.name, "for it") { $0[place] }
      })
    let suspects = drawn.enumerated().compactMap { place, row -> Suspect? in
      guard let column = row.indices.max(by: { row[$0] < row[$1] }) else { return nil }
      return Suspect(place: place, corruption: judge.corruptions[column], excess: row[column])
    }
    return (figures, suspects.sorted { ($1.excess, $0.place) < ($0.excess, $1.place) })
  }
}

/// An image that the judge of anatomy finds implausible, with what it sees.
public struct ImplausibleImage: Sendable {
  public let image: GrayscaleImage
  /// The image's prompt, or its name.
  public let text: String
  public let corruption: ImageCorruption
  /// Whether it is flagged.
  public let isFlagged: Bool

  /// How many are shown at most.
  static let limit = 6

  /// The first few.
  ///
  /// - Throws: What reading throws.
  static func list(_ suspects: [AnatomyMeasurement.Suspect], of set: any ImageSet) throws -> [ImplausibleImage] {
    try suspects.prefix(limit).map { suspect in
      ImplausibleImage(
        image: try set.image(at: suspect.place),
        text: set.facts(at: suspect.place).prompt ?? set.name(at: suspect.place), corruption: suspect.corruption,
        isFlagged: suspect.excess > 0)
    }
  }
}
