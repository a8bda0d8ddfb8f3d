import RadiologyReports

/// What is measured: `normal`, or one of the findings.
package enum MeasuredLabel: Sendable, Hashable {
  case normal
  case finding(Finding)

  package var name: String {
    switch self {
    case .normal: "normal"
    case .finding(let finding): finding.rawValue
    }
  }

  package static let all: [MeasuredLabel] =
    [.normal] + Finding.allCases.filter { $0 != .noFinding }.map(MeasuredLabel.finding)
}

/// The terms of the collection's annotation that mean each label (`docs/labels.md` has the table).
package enum AnnotationMapping {
  /// A heading, and what one of the words behind it must begin with; any where there is none.
  private struct Term {
    var heading: String
    var qualifiers: [String] = []

    func matches(_ path: [String]) -> Bool {
      path.first == heading
        && (qualifiers.isEmpty || path.dropFirst().contains { word in qualifiers.contains { word.hasPrefix($0) } })
    }
  }

  private static let terms: [Finding: [Term]] = [
    .enlargedCardiomediastinum: [
      Term(heading: "mediastinum", qualifiers: ["enlarged", "prominent"]),
      Term(heading: "cardiac shadow", qualifiers: ["enlarged mediastinum"]),
    ],
    .cardiomegaly: [
      Term(heading: "cardiomegaly"), Term(heading: "cardiac shadow", qualifiers: ["enlarged", "borderline"]),
    ],
    .lungOpacity: [
      Term(heading: "opacity"), Term(heading: "infiltrate"), Term(heading: "airspace disease"),
      Term(heading: "density", qualifiers: ["lung"]),
    ],
    .lungLesion: [
      Term(heading: "nodule"), Term(heading: "mass"), Term(heading: "opacity", qualifiers: ["round"]),
      Term(heading: "density", qualifiers: ["round"]),
    ],
    .edema: [Term(heading: "pulmonary edema"), Term(heading: "pulmonary congestion"), Term(heading: "heart failure")],
    .consolidation: [Term(heading: "consolidation")],
    .pneumonia: [Term(heading: "pneumonia")],
    .atelectasis: [Term(heading: "pulmonary atelectasis")],
    .pneumothorax: [
      Term(heading: "pneumothorax"), Term(heading: "hydropneumothorax"), Term(heading: "hemopneumothorax"),
    ],
    .pleuralEffusion: [
      Term(heading: "pleural effusion"), Term(heading: "hydropneumothorax"), Term(heading: "hemopneumothorax"),
      Term(heading: "hemothorax"),
    ],
    .pleuralOther: [Term(heading: "thickening", qualifiers: ["pleura"]), Term(heading: "pleura")],
    .fracture: [Term(heading: "fractures, bone")],
    .supportDevices: [
      Term(heading: "catheters, indwelling"), Term(heading: "implanted medical device"),
      Term(heading: "tube, inserted"),
      Term(heading: "medical device"),
    ],
  ]

  /// Whether the annotation has the label.
  package static func has(_ label: MeasuredLabel, _ study: AnnotatedStudy) -> Bool {
    switch label {
    case .normal: study.terms == [["normal"]]
    case .finding(let finding): (terms[finding] ?? []).contains { term in study.terms.contains(where: term.matches) }
    }
  }

  /// The same by the one heading that names the finding, for the labels that the mapping widens.
  package static func hasNarrowly(_ label: MeasuredLabel, _ study: AnnotatedStudy) -> Bool {
    let heading: String
    switch label {
    case .finding(.cardiomegaly): heading = "cardiomegaly"
    case .finding(.pneumothorax): heading = "pneumothorax"
    case .finding(.pleuralEffusion): heading = "pleural effusion"
    case .finding(.edema): heading = "pulmonary edema"
    case .finding(.lungOpacity): heading = "opacity"
    case .finding(.lungLesion): heading = "nodule"
    default: return has(label, study)
    }
    return study.terms.contains { $0.first == heading }
  }
}
