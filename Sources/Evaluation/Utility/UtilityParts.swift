import RadiographData
import Support

/// The real images of a comparison: those that classifiers are trained on, and those that all are tested on.
public struct UtilityParts: Sendable {
  /// Fewer images say nothing.
  public static let minimum = 40

  /// The part that is tested on, as texts name it.
  public let part: HeldOutPart
  /// Only images of this source of the dataset; nil for all.
  public let source: String?
  public let training: [RadiographRecord]
  public let test: DatasetImages
  /// Labels of which something is known in both parts and that a prompt can name, in alphabetical order.
  public let labels: [String]

  /// - Throws: ``MeasurementError/unknownSource(_:known:)``,
  ///   ``MeasurementError/tooFewInSet(path:found:minimum:)`` for fewer than ``minimum`` images of a part,
  ///   ``MeasurementError/onBothSides(what:patients:names:)`` for patients of both,
  ///   ``MeasurementError/noLabels(path:wanted:)``; `DatasetError`.
  public init(_ dataset: RadiographDataset, part: HeldOutPart = .test, source: String? = nil) throws {
    let records = try dataset.records(ofSource: source)
    try self.init(dataset, records: records, part: part, source: source)
  }

  /// - Parameter records: All images that can be trained and tested on.
  init(_ dataset: RadiographDataset, records: [RadiographRecord], part: HeldOutPart, source: String?) throws {
    (self.part, self.source) = (part, source)
    training = records.filter { $0.split == .train }
    let of = source.map { " of \($0.onOneLine(limit: 60))" } ?? ""
    test = try DatasetImages(
      dataset, records: records.filter { part.contains($0.split) }, title: "the \(part.rawValue) part\(of)")
    // Validation chooses nothing; a training looks at it all the same.
    let validation = records.count { $0.split == .validation }
    for (title, count, minimum) in [
      ("the training part\(of)", training.count, Self.minimum), (test.title, test.count, Self.minimum),
      ("the validation part\(of)", validation, 1),
    ] {
      guard count >= minimum else {
        throw MeasurementError.tooFewInSet(path: title, found: count, minimum: minimum)
      }
    }
    let tested = Set(test.records.map(\.patient))
    try Self.requireNone(of: training.map(\.patient), in: tested, what: "the training part")
    func known(_ records: [RadiographRecord]) -> Set<String> {
      records.reduce(into: []) { $0.formUnion($1.attributes.labels.keys.union($1.attributes.vocabulary)) }
    }
    labels = try PromptLabels(known(training).intersection(known(test.records)).sorted()).known
    guard !labels.isEmpty else {
      throw MeasurementError.noLabels(path: test.title, wanted: "a finding that prompts name")
    }
  }

  /// SHA-256 of all images, their parts and what is known of them.
  public var hash: String {
    ContentHash.of(
      parts: (training + test.records).flatMap { record in
        let labels = record.attributes.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.rawValue)" }
        return [record.split.rawValue, record.identity, labels.joined(separator: "|")]
      })
  }

  private static func requireNone(
    of patients: [String], in tested: Set<String>, what: String
  ) throws(MeasurementError) {
    let seen = Set(patients).intersection(tested).sorted()
    guard seen.isEmpty else {
      throw .onBothSides(what: what, patients: seen.count, names: Array(seen.prefix(5)))
    }
  }

  /// Refuses drawn images whose table says that their prompts were made of patients who are tested on.
  ///
  /// - Throws: ``MeasurementError/onBothSides(what:patients:names:)``.
  public func requireUnseen(_ set: some ImageSet) throws(MeasurementError) {
    let patients = (0..<set.count).compactMap { set.facts(at: $0).patient }
    // A table has the collection's name of a patient, a dataset also that of the source.
    let tested = test.records.flatMap { [$0.patient, String($0.patient.dropFirst($0.source.count + 1))] }
    try Self.requireNone(of: patients, in: Set(tested), what: "the table of \(set.title.onOneLine(limit: 80))")
  }

  /// What is known of a label of an image; nil if nothing is, or it is not sure.
  static func truth(_ label: String, _ states: (String) -> LabelState?) -> Bool? {
    switch states(label) {
    case .positive: true
    case .negative: false
    case .uncertain, nil: nil
    }
  }

  /// Some of the training patients, drawn by their names: a larger share holds a smaller one.
  ///
  /// - Parameter share: 0 for none to 1 for all; at least one if it is more than 0.
  public func patients(share: Double, seed: UInt64) -> Set<String> {
    let all = Set(training.map(\.patient))
    guard share < 1 else { return all }
    let ordered = all.map { (ContentHash.of(parts: ["\(seed)", $0]), $0) }.sorted { $0 < $1 }.map(\.1)
    return Set(ordered.prefix(Int((share * Double(all.count)).rounded(.up))))
  }
}

extension Dictionary<String, LabelState>.Keys {
  fileprivate func union(_ others: [String]) -> Set<String> { Set(self).union(others) }
}
