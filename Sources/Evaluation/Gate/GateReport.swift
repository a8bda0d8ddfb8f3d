import Foundation
import Support

/// All verdicts on a set of images, as `thorax evaluate gate --json` prints them.
public struct GateReport: Sendable, Encodable {
  public var images: [CopyGate.Finding]
  public var copies: Int
  public var n: Int
  /// Copies that chance alone may bring.
  public var allowed: Int
  /// Whether the set is refused: more copies than chance brings, or one at less than half a threshold.
  public var refused: Bool
  /// By space.
  public var thresholds: [String: Double]
  /// Images that are below the threshold of each space.
  public var copiesBySpace: [String: Int]
  public var calibration: Int
  public var training: Int

  enum CodingKeys: String, CodingKey {
    case images, copies, n, allowed, refused, thresholds, calibration, training
    case copiesBySpace = "copies_by_space"
  }

  public init(_ findings: [CopyGate.Finding], gate: CopyGate) {
    images = findings
    n = findings.count
    copies = findings.count { $0.verdict == .copy }
    allowed = Self.allowed(of: findings.count)
    thresholds = Dictionary(zip(gate.spaceNames, gate.thresholds)) { first, _ in first }
    copiesBySpace = Self.copies(of: findings, by: gate.spaceNames)
    refused = copies > allowed || findings.contains { $0.nearness.ratio < 0.5 }
    (calibration, training) = (gate.calibrationCount, gate.index.count)
  }

  /// How many images are below the threshold of each space.
  static func copies(of findings: [CopyGate.Finding], by spaces: [String]) -> [String: Int] {
    let counts = spaces.enumerated().map { place, name in (name, findings.count { $0.spaces[place].isCopy }) }
    return Dictionary(counts) { first, _ in first }
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

  /// The thresholds in words, such as `pixels 0.41, features 0.62`.
  public var thresholdText: String {
    thresholds.sorted { $0.key > $1.key }.map { "\($0.key) \(MeasuredFigure.text($0.value))" }.joined(separator: ", ")
  }

  /// The verdict on the set, such as `0 of 40 are copies (thresholds: pixels 0.11); 2 may be by chance: passed`.
  public var summary: String {
    "\(copies) of \(n) are copies (thresholds: \(thresholdText)); \(allowed) may be by chance: "
      + (refused ? "refused" : "passed")
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
    let spaces = copiesBySpace.sorted { $0.key > $1.key }.map { "\($0.value) by \($0.key)" }.joined(separator: ", ")
    return MeasuredFigure(
      "copies of training images",
      try Bootstrap.mean(self.images.map { $0.verdict == .copy ? 1 : 0 }, seed: seed), real: flagged,
      how:
        "share of \(images) that the copy gate flags (\(spaces)), against \(training) training images; the thresholds "
        + "(\(thresholdText)) are from \(calibration) held-out images"
        + (real.map { "; real: the share of \($0.count) held-out images that it flags" } ?? ""))
  }

  /// The findings from the nearest on.
  public var nearest: [CopyGate.Finding] { images.sorted { $0.nearness.ratio < $1.nearness.ratio } }
}
