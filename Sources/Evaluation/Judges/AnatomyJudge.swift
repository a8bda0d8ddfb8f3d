import ImageFiles
import RadiographData
import RadiographModels
import Support

/// Whether the anatomy of images is as corrupted as ``ImageCorruption`` makes it, by a classifier that was taught so (`thorax
/// train classifier --recipe anatomy`).
///
/// An image is flagged for a corruption from those log odds on that 1 % of real images exceed.
public struct AnatomyJudge {
  /// The share of real images that is flagged for each corruption.
  public static let falseAlarms = 0.01
  /// Fewer real images set no threshold.
  static let calibrationMinimum = 40

  /// What the classifier sees, in the order of its labels.
  public let corruptions: [ImageCorruption]
  /// SHA-256 of the classifier's weights.
  public var hash: String { network.hash }
  private let network: OwnExtractor
  private let columns: [Int]

  /// Reads a classifier.
  ///
  /// - Throws: ``MeasurementError/noCorruptions(path:)`` for one without such labels; `ClassifierFileError`,
  ///   `FileAccessError`, `TensorFileError`, `ParameterLoadingError`, `TorchError`.
  public init(contentsOf path: String) throws {
    let network = try OwnExtractor(contentsOf: path)
    guard let judge = AnatomyJudge(network) else { throw MeasurementError.noCorruptions(path: path) }
    self = judge
  }

  /// Nil for a classifier without labels of corruptions.
  init?(_ network: OwnExtractor) {
    let known = network.labels.enumerated().compactMap { column, label in
      ImageCorruption(rawValue: label).map { (corruption: $0, column: column) }
    }
    guard !known.isEmpty else { return nil }
    (corruptions, columns) = (known.map(\.corruption), known.map(\.column))
    self.network = network
  }

  /// Log odds of each corruption, a row for each image.
  ///
  /// - Throws: What reading throws; `TorchError`.
  func odds(of set: any ImageSet) throws -> [[Double]] {
    let odds = try network.odds(of: set)
    return odds.map { row in columns.map { row[$0] } }
  }

  /// The log odds of each corruption that a share of some real images exceeds.
  ///
  /// - Parameter odds: A row for each image.
  func thresholds(_ odds: [[Double]], share: Double = falseAlarms) -> [Double] {
    corruptions.indices.map { place in odds.map { $0[place] }.quantile(1 - share) }
  }
}

/// Images, each with one corruption, or its control.
struct CorruptedImages: ImageSet {
  let base: any ImageSet
  let corruption: ImageCorruption
  let isControl: Bool
  let seed: UInt64

  var title: String { "\(base.title), \(corruption.name)\(isControl ? ", control" : "")" }
  var count: Int { base.count }
  var contentHash: String {
    ContentHash.of(parts: [base.contentHash, corruption.name, "\(isControl)", "\(seed)"])
  }

  func name(at index: Int) -> String { base.name(at: index) }
  func facts(at index: Int) -> ImageFacts { base.facts(at: index) }

  func image(at index: Int) throws -> GrayscaleImage {
    let image = try base.image(at: index)
    let size = min(image.width, image.height)
    guard image.width == image.height else {
      throw MeasurementError.sizes(
        path: title, name: name(at: index), width: image.width, height: image.height, expected: size)
    }
    let own = SplitMix64.number(at: UInt64(index), seed: seed)
    return try GrayscaleImage(
      width: size, height: size,
      pixels: image.pixels.withUnsafeBufferPointer {
        corruption.pixels(of: $0, size: size, seed: own, isControl: isControl)
      })
  }
}

/// How well a judge of anatomy tells corrupted radiographs from those that are as they were.
public struct CorruptionRow: Sendable, Encodable, Equatable {
  /// What is seen if so many false alarms are allowed.
  public struct Operation: Sendable, Encodable, Equatable {
    /// The share of the validation part's images that the threshold flags.
    public var allowed: Double
    /// The share of the measured images that it flags.
    public var falseAlarms: Double
    /// The share of them that it flags after they were corrupted.
    public var recall: Double
    public var ci95: [Double]
    /// The share of them that it flags in the control.
    public var controls: Double

    enum CodingKeys: String, CodingKey {
      case allowed, recall, ci95, controls
      case falseAlarms = "false_alarms"
    }
  }

  public var label: String
  /// Images, each once as it is, once corrupted, once as control.
  public var n: Int
  /// The area under the curve of corrupted images against those as they are.
  public var auroc: Double
  /// 95 % of the draws of patients lie in it.
  public var ci95: [Double]
  /// The same of corrupted images against controls.
  public var controlAUROC: Double
  public var operations: [Operation]

  enum CodingKeys: String, CodingKey {
    case label, n, auroc, ci95, operations
    case controlAUROC = "control_auroc"
  }
}

extension AnatomyJudge {
  /// False alarms that are allowed where the judge itself is measured.
  static let measuredFalseAlarms = [0.01, 0.05]

  /// What the judge is worth: each image is corrupted in each way.
  ///
  /// - Parameters:
  ///   - validation: Images that set the thresholds.
  ///   - resamples: How often patients are drawn again for an interval.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)``; `MetricError`, `DatasetError`, `TorchError`.
  func rows(
    of set: DatasetImages, validation: DatasetImages, resamples: Int, seed: UInt64
  ) throws -> [CorruptionRow] {
    try validation.require(Self.calibrationMinimum)
    try set.require(1)
    let validated = try odds(of: validation)
    let real = try odds(of: set)
    let patients = set.records.map(\.patient)
    return try corruptions.enumerated().map { place, corruption in
      func changed(_ isControl: Bool) throws -> [Double] {
        try odds(of: CorruptedImages(base: set, corruption: corruption, isControl: isControl, seed: seed))
          .map { $0[place] }
      }
      let (intact, corrupted, controls) = (real.map { $0[place] }, try changed(false), try changed(true))
      func area(_ others: [Double]) throws -> Estimate {
        try Bootstrap.estimate(groups: patients, resamples: resamples, seed: seed) { indices in
          try RankingMetrics.areaUnderROC(
            ScoredLabels(
              scores: indices.map { corrupted[$0] } + indices.map { others[$0] },
              labels: indices.map { _ in true } + indices.map { _ in false }))
        }
      }
      let operations = try Self.measuredFalseAlarms.map { allowed in
        let threshold = thresholds(validated, share: allowed)[place]
        func share(_ values: [Double]) -> Double { Double(values.count { $0 > threshold }) / Double(values.count) }
        let recall = try Bootstrap.mean(
          corrupted.map { $0 > threshold ? 1 : 0 }, groups: patients, resamples: resamples, seed: seed)
        return CorruptionRow.Operation(
          allowed: allowed, falseAlarms: share(intact), recall: recall.value, ci95: [recall.lower, recall.upper],
          controls: share(controls))
      }
      let against = try area(intact)
      return CorruptionRow(
        label: corruption.name, n: set.count, auroc: against.value, ci95: [against.lower, against.upper],
        controlAUROC: try area(controls).value, operations: operations)
    }
  }
}
