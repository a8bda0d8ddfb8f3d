import DeveloperTools
import Testing

@testable import RadiologyReports

@Suite struct LabelAgreementTests {
  /// A guard against rules that make things worse, over all studies, a little below what was measured (docs/labels.md).
  @Test(.enabled(if: ReportFixtures.indianaReports != nil, "the collection's reports are not beside the checkout"))
  func labelsAgreeWithTheAnnotation() throws {
    let url = try #require(ReportFixtures.indianaReports)
    let (studies, withoutText, unannotated) = try AnnotatedStudy.read(url)
    #expect(studies.count == 3734 && withoutText == 25 && unannotated == 92)
    let measurement = LabelMeasurement(try FindingLabeller.standard(), on: studies)
    let least: [MeasuredLabel: Double] = [
      .normal: 0.95, .finding(.cardiomegaly): 0.92, .finding(.atelectasis): 0.92, .finding(.pleuralEffusion): 0.85,
      .finding(.pneumothorax): 0.80,
    ]
    for (label, least) in least {
      let figures = try #require(measurement.figures[label])
      #expect(figures.f1 >= least, "\(label.name)")
      #expect(figures.positives > 20)
    }
  }

  @Test func halvesAreFixedAndEven() {
    #expect((1...8).map { AnnotatedStudy.half(of: "\($0)").rawValue.first ?? "?" } == Array("trrrrrrr"))
    let tuning = (1...4000).count { AnnotatedStudy.half(of: "\($0)") == .tuning }
    #expect((1900...2100).contains(tuning))
  }
}
