import RadiographData
import Support

/// What classifiers are trained on and asked about: each image's part, and the findings that every part has enough of.
public struct UtilityPlan: Sendable {
  /// Images with a finding, and without, that training, the synthetic images and the test have at least.
  public static let minimum = 10

  /// Why a finding is not among those that are compared.
  public struct LeftOut: Sendable, Codable, Equatable {
    public var label: String
    public var reason: String
  }

  /// Real images with and without a finding, or synthetic ones.
  struct Count: Equatable {
    var having = 0
    var lacking = 0

    init(_ truths: some Sequence<Bool?>) {
      for truth in truths {
        switch truth {
        case true?: having += 1
        case false?: lacking += 1
        case nil: break
        }
      }
    }
  }

  public let parts: UtilityParts
  public let arms: [UtilityArm]
  /// The findings that are compared.
  public let labels: [String]
  public let leftOut: [LeftOut]
  /// The name of the source of the drawn images in the dataset that classifiers are trained on.
  public let syntheticSource: String
  private let synthetic: [RadiographRecord]
  /// The real patients of each share.
  private let patients: [Double: Set<String>]

  /// - Parameters:
  ///   - synthetic: The drawn images in the dataset that classifiers are trained on, with their labels.
  ///   - source: Their source there.
  ///   - findings: What is to be compared; none for all that there are enough images of.
  ///   - shares: Shares of the real patients that are trained on beside all of them.
  ///   - seed: Of the choice of patients.
  /// - Throws: ``MeasurementError/tooFewOfFinding(label:part:having:lacking:minimum:)`` for a finding that was asked for,
  ///   or if no finding is left; ``MeasurementError/noLabels(path:wanted:)`` for one that the dataset does not know;
  ///   ``MeasurementError/tooFewInSet(path:found:minimum:)`` for too few drawn images.
  public init(
    _ parts: UtilityParts, synthetic: [RadiographRecord], source: String, findings: [String] = [],
    shares: [Double] = [],
    seed: UInt64
  ) throws {
    guard synthetic.count >= UtilityParts.minimum else {
      throw MeasurementError.tooFewInSet(
        path: "the synthetic part", found: synthetic.count, minimum: UtilityParts.minimum)
    }
    (self.parts, self.synthetic, syntheticSource) = (parts, synthetic, source)
    arms = UtilityArm.all(shares: shares)
    patients = Dictionary(
      uniqueKeysWithValues: Set(arms.map(\.share)).map { ($0, parts.patients(share: $0, seed: seed)) })
    if let unknown = findings.first(where: { !parts.labels.contains($0) }) {
      throw MeasurementError.noLabels(path: parts.test.title, wanted: unknown.onOneLine(limit: 60))
    }
    var sets: [(name: String, records: [RadiographRecord], minimum: Int)] = [
      ("the training part", parts.training, Self.minimum), ("the synthetic part", synthetic, Self.minimum),
      (parts.test.title, parts.test.records, Self.minimum),
    ]
    for arm in arms where !arm.hasSynthetic && arm.share < 1 {
      let chosen = patients[arm.share] ?? []
      // Enough that a classifier has a label at all.
      sets.append((arm.name, parts.training.filter { chosen.contains($0.patient) }, 1))
    }
    var (labels, leftOut): ([String], [LeftOut]) = ([], [])
    var nearest: (error: MeasurementError, images: Int)?
    for label in findings.isEmpty ? parts.labels : findings {
      let short = sets.lazy.map { set in
        (set: set, count: Count(set.records.map { UtilityParts.truth(label, $0.attributes.state(of:)) }))
      }.first { min($0.count.having, $0.count.lacking) < $0.set.minimum }
      guard let short else {
        labels.append(label)
        continue
      }
      let error = MeasurementError.tooFewOfFinding(
        label: label, part: short.set.name, having: short.count.having, lacking: short.count.lacking,
        minimum: short.set.minimum)
      guard findings.isEmpty else { throw error }
      leftOut.append(
        LeftOut(
          label: label, reason: "\(short.set.name): \(short.count.having) with it, \(short.count.lacking) without"))
      let images = min(short.count.having, short.count.lacking)
      if images > nearest?.images ?? -1 { nearest = (error, images) }
    }
    if labels.isEmpty, let nearest { throw nearest.error }
    (self.labels, self.leftOut) = (labels, leftOut)
  }

  /// Whether a record of the dataset that classifiers are trained on is for the training of an arm, or for its validation.
  public func uses(_ record: RadiographRecord, in arm: UtilityArm) -> Bool {
    let isSynthetic = record.source == syntheticSource
    switch record.split {
    case .train:
      return isSynthetic ? arm.hasSynthetic : isReal(record) && patients[arm.share]?.contains(record.patient) == true
    case .validation: return !isSynthetic && isReal(record)
    case .test: return false
    }
  }

  private func isReal(_ record: RadiographRecord) -> Bool { parts.source.map { $0 == record.source } ?? true }

  /// A classifier's answers about the test images, so that others can compute with them: image, patient, then for each
  /// finding whether the image has it (empty if that is not known) and the log odds.
  ///
  /// - Parameter odds: By image and finding.
  public func table(of odds: [[Double]]) -> String {
    let heads = ["image", "patient"] + labels.flatMap { ["\($0)", "\($0), log odds"] }
    let rows = zip(parts.test.records.indices, odds).map { index, odds in
      let record = parts.test.records[index]
      return [parts.test.name(at: index), record.patient]
        + zip(labels, odds).flatMap { label, odds in
          [UtilityParts.truth(label, record.attributes.state(of:)).map { $0 ? "1" : "0" } ?? "", "\(odds)"]
        }
    }
    return ([heads] + rows).map { $0.map(PromptTable.cell).joined(separator: ",") }.joined(separator: "\n") + "\n"
  }

  /// What an arm is trained on, in numbers.
  public func summary(of arm: UtilityArm) -> UtilityReport.Arm {
    let chosen = patients[arm.share] ?? []
    let real = parts.training.filter { chosen.contains($0.patient) }
    let records = real + (arm.hasSynthetic ? synthetic : [])
    return UtilityReport.Arm(
      name: arm.name, real: real.count, synthetic: records.count - real.count,
      positives: Dictionary(
        uniqueKeysWithValues: labels.map { label in
          (label, records.count { UtilityParts.truth(label, $0.attributes.state(of:)) == true })
        }))
  }
}
