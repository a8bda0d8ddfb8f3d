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
  }

  public var name: Name
  public var text: String

  public init(name: Name, text: String) {
    self.name = name
    self.text = text
  }
}
