import RadiographData
import RadiologyReports

/// Reads findings off the reports of a source.
struct ReportReader: Sendable {
  private let labeller: FindingLabeller

  init() throws { labeller = try .standard() }

  /// The findings that the sections speak of, in CheXpert's order; a caption counts as a report.
  func findings(in sections: [TextSection]) -> [StudyFinding] {
    let stating = sections.map { ReportSection(name: $0.reportName, text: $0.text) }
      .filter { $0.name.statesFindings && !$0.text.isEmpty }
    guard !stating.isEmpty else { return [] }
    let labels = labeller.label(stating)
    return Finding.allCases.compactMap { StudyFinding($0, labels: labels) }
  }
}

extension StudyFinding {
  /// One finding from its mentions of the state that decided, side by side.
  init?(_ finding: Finding, labels: ReportLabels) {
    guard let state = LabelState(labels[finding]) else { return nil }
    let mentions = labels.mentions.filter { $0.finding == finding && $0.state == labels[finding] }
    let sides = Set(mentions.compactMap(\.laterality))
    var locations: [String] = []
    for location in mentions.flatMap(\.locations) where !locations.contains(location.rawValue) {
      locations.append(location.rawValue)
    }
    self.init(
      name: finding.rawValue, state: state,
      laterality: sides.count > 1 ? Laterality.bilateral.rawValue : sides.first?.rawValue,
      severity: Severity.allCases.last { severity in mentions.contains { $0.severity == severity } }?.rawValue,
      change: mentions.compactMap(\.change).last?.rawValue, locations: locations)
  }
}

extension LabelState {
  /// Returns nil for a finding that a report does not mention.
  init?(_ state: FindingState) {
    switch state {
    case .positive: self = .positive
    case .negative: self = .negative
    case .uncertain: self = .uncertain
    case .unmentioned: return nil
    }
  }
}
