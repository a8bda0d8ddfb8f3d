/// What a study's report says of one finding, read off its text by rules (`docs/labels.md`).
public struct StudyFinding: Sendable, Equatable, Codable {
  /// One of CheXpert's fourteen, such as `Pleural Effusion`.
  public var name: String
  public var state: LabelState
  /// `left`, `right` or `bilateral`, if the report says so of the finding.
  public var laterality: String?
  /// The greatest that the report names: `borderline`, `mild`, `moderate`, `severe`.
  public var severity: String?
  /// Against an earlier examination: `new`, `unchanged`, `improved`, `worsened`, `resolved`.
  public var change: String?
  /// Lobes, zones and the like, in the order of the report, each once.
  public var locations: [String]

  public init(
    name: String, state: LabelState, laterality: String? = nil, severity: String? = nil, change: String? = nil,
    locations: [String] = []
  ) {
    self.name = name
    self.state = state
    self.laterality = laterality
    self.severity = severity
    self.change = change
    self.locations = locations
  }
}
