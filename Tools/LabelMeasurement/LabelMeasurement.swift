import RadiologyReports

/// Agreement of the labeller with the annotation on one label.
public struct LabelFigures: Sendable, Equatable {
  public var studies = 0
  public var truePositives = 0
  public var falsePositives = 0
  public var falseNegatives = 0

  public var positives: Int { truePositives + falseNegatives }
  public var precision: Double { Self.ratio(truePositives, truePositives + falsePositives) }
  public var recall: Double { Self.ratio(truePositives, positives) }
  public var f1: Double { Self.ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }

  private static func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}

/// Why labeller and annotation disagree, as far as the labeller's own mentions tell.
public enum DisagreementType: String, Sendable, CaseIterable {
  case asserted = "stated by a mention, not annotated"
  case assertedUncertainly = "stated as uncertain only, not annotated"
  case impliedByNothing = "no abnormal mention, annotated as abnormal"
  case denied = "annotated, denied by every mention"
  case resolved = "annotated, resolved by the mention"
  case hypothetical = "annotated, mentioned without being asserted"
  case unmentioned = "annotated, not mentioned in known words"
  case abnormalMention = "annotated as normal, something abnormal mentioned"
}

public struct Disagreement: Sendable {
  public var study: AnnotatedStudy
  public var label: MeasuredLabel
  public var isFalsePositive: Bool
  public var type: DisagreementType
  public var mentions: [FindingMention]
}

/// Measures a labeller against the annotation of studies.
public struct LabelMeasurement: Sendable {
  public private(set) var figures: [MeasuredLabel: LabelFigures] = [:]
  /// Against the one heading that names the finding.
  public private(set) var narrowFigures: [MeasuredLabel: LabelFigures] = [:]
  public private(set) var disagreements: [Disagreement] = []

  /// - Parameter uncertainIsPositive: what an uncertain state counts as.
  public init(_ labeller: FindingLabeller, on studies: [AnnotatedStudy], uncertainIsPositive: Bool = false) {
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
