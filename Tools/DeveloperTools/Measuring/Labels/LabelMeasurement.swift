import RadiologyReports

/// Agreement of the labeller with the annotation on one label.
package struct LabelFigures: Sendable, Equatable {
  package var studies = 0
  package var truePositives = 0
  package var falsePositives = 0
  package var falseNegatives = 0

  package var positives: Int { truePositives + falseNegatives }
  package var precision: Double { Self.ratio(truePositives, truePositives + falsePositives) }
  package var recall: Double { Self.ratio(truePositives, positives) }
  package var f1: Double { Self.ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }

  private static func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}

/// Why labeller and annotation disagree, as far as the labeller's mentions show.
package enum DisagreementType: String, Sendable, CaseIterable {
  case asserted = "stated by a mention, not annotated"
  case assertedUncertainly = "stated as uncertain only, not annotated"
  case impliedByNothing = "no abnormal mention, annotated as abnormal"
  case denied = "annotated, denied by every mention"
  case resolved = "annotated, resolved by the mention"
  case hypothetical = "annotated, mentioned without being asserted"
  case unmentioned = "annotated, not mentioned in known words"
  case abnormalMention = "annotated as normal, something abnormal mentioned"
}

package struct Disagreement: Sendable {
  package var study: AnnotatedStudy
  package var label: MeasuredLabel
  package var isFalsePositive: Bool
  package var type: DisagreementType
  package var mentions: [FindingMention]
}

/// Measures a labeller against the annotation of studies.
package struct LabelMeasurement: Sendable {
  package private(set) var figures: [MeasuredLabel: LabelFigures] = [:]
  /// Against the one heading that names the finding.
  package private(set) var narrowFigures: [MeasuredLabel: LabelFigures] = [:]
  package private(set) var disagreements: [Disagreement] = []

  /// - Parameter uncertainIsPositive: what an uncertain state counts as.
  package init(_ labeller: FindingLabeller, on studies: [AnnotatedStudy], uncertainIsPositive: Bool = false) {
    for study in studies {
      let labels = labeller.label(study.sections)
      for label in MeasuredLabel.all {
        let said =
          switch label {
          case .normal: labels.isNormal
          case .finding(let finding):
            labels[finding] == .positive || uncertainIsPositive && labels[finding] == .uncertain
          }
        let annotated = AnnotationMapping.has(label, study)
        Self.count(said, annotated, in: &figures[label, default: LabelFigures()])
        Self.count(
          said, AnnotationMapping.hasNarrowly(label, study), in: &narrowFigures[label, default: LabelFigures()])
        if said != annotated { disagreements.append(Self.disagreement(label, study, labels, said: said)) }
      }
    }
  }

  private static func count(_ said: Bool, _ annotated: Bool, in figures: inout LabelFigures) {
    figures.studies += 1
    switch (said, annotated) {
    case (true, true): figures.truePositives += 1
    case (true, false): figures.falsePositives += 1
    case (false, true): figures.falseNegatives += 1
    case (false, false): break
    }
  }

  private static func disagreement(
    _ label: MeasuredLabel, _ study: AnnotatedStudy, _ labels: ReportLabels, said: Bool
  ) -> Disagreement {
    let mentions: [FindingMention]
    let type: DisagreementType
    switch label {
    case .normal:
      mentions = labels.mentions.filter { $0.state == .positive || $0.state == .uncertain }
      type = said ? .impliedByNothing : .abnormalMention
    case .finding(let finding):
      mentions = labels.mentions.filter { $0.finding == finding }
      type =
        if said {
          labels[finding] == .uncertain ? .assertedUncertainly : .asserted
        } else if mentions.isEmpty {
          .unmentioned
        } else if mentions.contains(where: { $0.change == .resolved }) {
          .resolved
        } else {
          mentions.contains { $0.state == .negative } ? .denied : .hypothetical
        }
    }
    return Disagreement(study: study, label: label, isFalsePositive: said, type: type, mentions: mentions)
  }
}
