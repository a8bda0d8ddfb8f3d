import Testing

@testable import RadiologyReports

@Suite struct MentionAttributeTests {
  private let labeller: FindingLabeller

  init() throws { labeller = try FindingLabeller.standard() }

  private func mention(of finding: Finding, in text: String) throws -> FindingMention {
    try #require(labeller.label(text).mentions.first { $0.finding == finding })
  }

  @Test(arguments: [
    ("Left pleural effusion.", Finding.pleuralEffusion, Laterality.left),
    ("Right-sided pneumothorax.", .pneumothorax, .right),
    ("Bilateral pleural effusions.", .pleuralEffusion, .bilateral),
    ("Bibasilar atelectasis.", .atelectasis, .bilateral),
    ("Effusion on the right.", .pleuralEffusion, .right),
    ("Effusions, left larger than right.", .pleuralEffusion, .bilateral),
    ("Right base consolidation and left effusion.", .pleuralEffusion, .left),
    ("Right base consolidation and left effusion.", .consolidation, .right),
    ("Consolidation in the left base, right effusion.", .consolidation, .left),
    ("Consolidation in the left base, right effusion.", .pleuralEffusion, .right),
  ])
  func sidesBelongToTheirFindings(text: String, finding: Finding, side: Laterality) throws {
    #expect(try mention(of: finding, in: text).laterality == side)
  }

  @Test(arguments: [
    ("Right lower lobe consolidation.", Finding.consolidation, [ChestLocation.lowerLobe]),
    ("Atelectasis in the lingula.", .atelectasis, [.lingula]),
    ("Opacity of the right middle and lower lobes.", .lungOpacity, [.lowerLobe]),
    ("Opacity in the left upper lobe and left base.", .lungOpacity, [.upperLobe, .base]),
    ("A nodule in the right mid lung.", .lungLesion, [.midZone]),
    ("Perihilar edema.", .edema, [.perihilar]), ("Apical pneumothorax.", .pneumothorax, [.apex]),
    ("Old rib fracture.", .fracture, [.rib]), ("Edema.", .edema, []),
  ])
  func placesBelongToTheirFindings(text: String, finding: Finding, locations: [ChestLocation]) throws {
    #expect(try mention(of: finding, in: text).locations == locations)
  }

  @Test(arguments: [
    ("Mild edema.", Finding.edema, Severity?.some(.mild)), ("Trace left effusion.", .pleuralEffusion, .mild),
    ("Moderate cardiomegaly.", .cardiomegaly, .moderate), ("Large right pneumothorax.", .pneumothorax, .severe),
    ("The heart is mildly enlarged.", .cardiomegaly, .mild), ("Borderline cardiomegaly.", .cardiomegaly, .borderline),
    ("Mild to moderate edema.", .edema, .moderate), ("Edema.", .edema, nil),
    ("Mild edema and large effusion.", .pleuralEffusion, .severe),
  ])
  func severityBelongsToItsFinding(text: String, finding: Finding, severity: Severity?) throws {
    #expect(try mention(of: finding, in: text).severity == severity)
  }

  @Test(arguments: [
    ("Stable cardiomegaly.", Finding.cardiomegaly, FindingState.positive, Change?.some(.unchanged)),
    ("The effusion is unchanged.", .pleuralEffusion, .positive, .unchanged),
    ("Again noted is atelectasis.", .atelectasis, .positive, .unchanged),
    ("No change in the effusion.", .pleuralEffusion, .positive, .unchanged),
    ("Effusion without significant change.", .pleuralEffusion, .positive, .unchanged),
    ("New consolidation.", .consolidation, .positive, .new),
    ("Interval development of edema.", .edema, .positive, .new),
    ("Decreased left effusion.", .pleuralEffusion, .positive, .improved),
    ("Near complete resolution of the effusion.", .pleuralEffusion, .positive, .improved),
    ("The edema has worsened.", .edema, .positive, .worsened),
    ("The pneumothorax has resolved.", .pneumothorax, .negative, .resolved),
    ("Consolidation and effusion have resolved.", .consolidation, .negative, .resolved),
    ("Resolution of pneumonia.", .pneumonia, .negative, .resolved),
    ("The nodule is no longer seen.", .lungLesion, .negative, .resolved),
    ("Resolving pneumonia.", .pneumonia, .positive, .improved),
    ("Edema.", .edema, .positive, nil),
  ])
  func changeBelongsToItsFinding(text: String, finding: Finding, state: FindingState, change: Change?) throws {
    let mention = try mention(of: finding, in: text)
    #expect(mention.state == state)
    #expect(mention.change == change)
  }
}
