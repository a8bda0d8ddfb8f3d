import Foundation

/// Whether images are copies of training images: a verdict for each.
///
/// The threshold is the distance below which one in two hundred images of held-out patients lies, so that of real images
/// that are no copies fewer than 1 % are flagged.
public struct CopyGate: Sendable {
  public enum Verdict: String, Sendable, Codable {
    case copy
    case clear
  }

  /// What the gate says of one image.
  public struct Finding: Sendable, Equatable, Encodable {
    public var path: String
    public var verdict: Verdict
    /// See ``GateIndex/Match/distance``.
    public var distance: Double
    public var threshold: Double
    /// The nearest training image.
    public var nearest: String
    /// Its place in the index.
    public var place: Int

    enum CodingKeys: String, CodingKey { case path, verdict, distance, threshold, nearest }
  }

  /// The share of held-out images that may lie below the threshold.
  public static let share = 0.005
  /// Fewer held-out images set no threshold.
  public static let calibrationMinimum = 40

  public let index: GateIndex
  public let threshold: Double
  /// Held-out images that the threshold was set with.
  public let calibrationCount: Int

  /// Sets the threshold.
  ///
  /// - Parameters:
  ///   - calibration: Real images of patients of whom no image was trained on.
  ///   - progress: Called after each image with the number of images since the start.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)``; `TorchError`; what reading throws.
  public init(
    index: GateIndex, calibration: any ImageSet, progress: (Int) -> Void = { _ in }
  ) throws {
    try calibration.require(Self.calibrationMinimum)
    let distances = try index.matches(calibration, progress: progress).map(\.distance)
    self.index = index
    threshold = Self.threshold(distances)
    calibrationCount = distances.count
  }

  /// The r-th least of n distances has r / (n + 1) of the distribution below it. Where even the least has too much, it is
  /// lowered by a fifth.
  static func threshold(_ distances: [Double]) -> Double {
    let sorted = distances.sorted()
    let rank = Int(share * Double(sorted.count + 1))
    return rank >= 1 ? sorted[rank - 1] : sorted[0] * 0.8
  }

  /// A verdict for each image of a set.
  ///
  /// - Throws: `TorchError`; what reading throws.
  public func findings(_ set: any ImageSet, progress: (Int) -> Void = { _ in }) throws -> [Finding] {
    try index.matches(set, progress: progress).enumerated().map { place, match in
      Finding(
        path: set.name(at: place), verdict: match.distance < threshold ? .copy : .clear, distance: match.distance,
        threshold: threshold, nearest: index.names[match.nearest], place: match.nearest)
    }
  }
}

/// All verdicts on a set of images, as `thorax evaluate gate --json` prints them.
public struct GateReport: Sendable, Encodable {
  public var images: [CopyGate.Finding]
  public var copies: Int
  public var n: Int
  /// Copies that chance alone may bring.
  public var allowed: Int
  /// Whether the set is refused: more copies than chance brings, or one whose distance is below half the threshold.
  public var refused: Bool
  public var threshold: Double
  public var calibration: Int
  public var training: Int

  public init(_ findings: [CopyGate.Finding], gate: CopyGate) {
    images = findings
    n = findings.count
    copies = findings.count { $0.verdict == .copy }
    allowed = Self.allowed(of: findings.count)
    threshold = gate.threshold
    refused = copies > allowed || findings.contains { $0.distance < gate.threshold / 2 }
    (calibration, training) = (gate.calibrationCount, gate.index.count)
  }

  /// The number of flagged images that is not exceeded in 99 of 100 sets of `count`, if 1 % are flagged by chance (the
  /// binomial distribution).
  static func allowed(of count: Int) -> Int {
    let rate = 0.01
    var probability = pow(1 - rate, Double(count))
    var total = probability
    var number = 0
    while total < 0.99, number < count {
      probability *= rate / (1 - rate) * Double(count - number) / Double(number + 1)
      number += 1
      total += probability
    }
    return number
  }

  /// The share of the images that are flagged, as a figure.
  ///
  /// - Parameters:
  ///   - images: What the images are, in words.
  ///   - real: Verdicts on held-out images, if they were judged.
  /// - Throws: `MetricError` for no images.
  func figure(of images: String, real: [CopyGate.Finding]? = nil, seed: UInt64) throws -> MeasuredFigure {
    let flagged = real.map { findings in
      Double(findings.count { $0.verdict == .copy }) / Double(max(findings.count, 1))
    }
    return MeasuredFigure(
      "copies of training images",
      try Bootstrap.mean(self.images.map { $0.verdict == .copy ? 1 : 0 }, seed: seed), real: flagged,
      how: "share of \(images) that the copy gate flags, against \(training) training images; the threshold "
        + "\(MeasuredFigure.text(threshold)) is from \(calibration) held-out images"
        + (real.map { "; real: the share of \($0.count) held-out images that it flags" } ?? ""))
  }

  /// The findings from the nearest on.
  public var nearest: [CopyGate.Finding] { images.sorted { $0.distance < $1.distance } }
}
