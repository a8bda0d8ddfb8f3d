/// A part of a report.
public struct ReportSection: Sendable, Codable, Hashable {
  /// What a section is, whatever its heading says.
  public enum Name: String, Sendable, Codable, CaseIterable {
    /// Text under no heading.
    case report
    case examination
    case indication
    case history
    case comparison
    case technique
    case findings
    case impression
    /// Findings and impression under one heading.
    case findingsAndImpression = "findings+impression"
    case recommendation
    case addendum
    /// Who signed, who was called and when.
    case administration

    /// Whether such a section states findings; what was asked or compared with does not.
    public var statesFindings: Bool {
      switch self {
      case .report, .findings, .impression, .findingsAndImpression, .addendum: true
      case .examination, .indication, .history, .comparison, .technique, .recommendation, .administration: false
      }
    }
  }

  public var name: Name
  public var text: String

  public init(name: Name, text: String) {
    self.name = name
    self.text = text
  }
}
