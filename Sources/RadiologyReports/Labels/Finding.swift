/// The fourteen observations of CheXpert (Irvin et al., "CheXpert", AAAI 2019, table 1), by the names that its tables
/// and MIMIC-CXR's use.
public enum Finding: String, Sendable, Codable, CaseIterable, CodingKeyRepresentable {
  case noFinding = "No Finding"
  case enlargedCardiomediastinum = "Enlarged Cardiomediastinum"
  case cardiomegaly = "Cardiomegaly"
  case lungOpacity = "Lung Opacity"
  case lungLesion = "Lung Lesion"
  case edema = "Edema"
  case consolidation = "Consolidation"
  case pneumonia = "Pneumonia"
  case atelectasis = "Atelectasis"
  case pneumothorax = "Pneumothorax"
  case pleuralEffusion = "Pleural Effusion"
  case pleuralOther = "Pleural Other"
  case fracture = "Fracture"
  case supportDevices = "Support Devices"
}

/// What a report says of a finding.
public enum FindingState: String, Sendable, Codable, CaseIterable {
  case positive
  case negative
  case uncertain
  /// Nothing is said, or nothing that asserts or denies it ("CT to exclude pneumonia").
  case unmentioned
}

/// The side of the body, the patient's.
public enum Laterality: String, Sendable, Codable, CaseIterable {
  case left
  case right
  case bilateral
}

/// How much of a finding there is.
public enum Severity: String, Sendable, Codable, CaseIterable {
  case borderline
  case mild
  case moderate
  case severe
}

/// What a report says of a finding against an earlier examination.
public enum Change: String, Sendable, Codable, CaseIterable {
  case new
  case unchanged
  case improved
  case worsened
  /// It was there and is not: the mention's state is negative.
  case resolved
}

/// A part of the chest that a report places a finding in.
public enum ChestLocation: String, Sendable, Codable, CaseIterable {
  case upperLobe = "upper lobe"
  case middleLobe = "middle lobe"
  case lowerLobe = "lower lobe"
  case lingula
  case upperZone = "upper zone"
  case midZone = "mid zone"
  case lowerZone = "lower zone"
  case apex
  case base
  case hilum
  case perihilar
  case retrocardiac
  case costophrenicAngle = "costophrenic angle"
  case mediastinum
  case rib
  case spine
  case clavicle
}

/// One place where a report speaks of a finding or of another abnormality.
public struct FindingMention: Sendable, Codable, Equatable {
  /// The vocabulary's name of what is meant, such as `cardiomegaly` or `granuloma`.
  public var concept: String
  /// The finding that the concept belongs to; nil for an abnormality outside the fourteen.
  public var finding: Finding?
  public var state: FindingState
  public var laterality: Laterality?
  /// In the order of the report, each once.
  public var locations: [ChestLocation]
  public var severity: Severity?
  public var change: Change?
  /// The words that name it, as the report has them.
  public var text: String
  /// The index of the section among those given.
  public var section: Int
  /// Where the words are in the section's text, in bytes of UTF-8.
  public var range: Range<Int>
}

/// What a report says of every finding.
public struct ReportLabels: Sendable, Codable, Equatable {
  /// The state of each of the fourteen findings. Of several mentions a positive one decides, then an uncertain one.
  public var states: [Finding: FindingState]
  /// All mentions, in the order of the report.
  public var mentions: [FindingMention]
  /// Whether the report has text and asserts nothing abnormal at all: none of the findings, no device, and none of the
  /// further abnormalities of the vocabulary (a granuloma, a scoliosis, clips). `Finding.noFinding` is the weaker
  /// statement that CheXpert's labels make, which devices do not disturb.
  public var isNormal: Bool

  public subscript(finding: Finding) -> FindingState { states[finding] ?? .unmentioned }
}
