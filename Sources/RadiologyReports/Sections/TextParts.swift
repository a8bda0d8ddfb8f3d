/// Which parts of a report become a training text.
public enum TextParts: String, Sendable, Codable, CaseIterable {
  case findingsAndImpression = "findings+impression"
  case findings
  case impression

  /// The text of these parts, findings before impression; empty if the report has none of them.
  ///
  /// A section under a joined heading ("FINDINGS AND IMPRESSION") is both. Text under no heading replaces a part
  /// that the report has no heading for only if it has neither findings nor impression under one. An addendum
  /// follows the impression.
  public func text(of sections: [ReportSection]) -> String {
    sections.isEmpty ? "" : selected(sections).map(\.text).joined(separator: " ")
  }

  /// The same as sections, in the order of the text.
  public func selected(_ sections: [ReportSection]) -> [ReportSection] {
    let names: Set<ReportSection.Name> = [.findings, .impression, .findingsAndImpression]
    guard sections.contains(where: { names.contains($0.name) && !$0.text.isEmpty }) else {
      return sections.filter { $0.name == .report && !$0.text.isEmpty }
    }
    let wanted: [ReportSection.Name] =
      switch self {
      case .findingsAndImpression: [.findings, .findingsAndImpression, .impression, .addendum]
      case .findings: [.findings, .findingsAndImpression]
      case .impression: [.findingsAndImpression, .impression, .addendum]
      }
    return wanted.flatMap { name in sections.filter { $0.name == name && !$0.text.isEmpty } }
  }
}
