import RadiographTestSupport
import RadiologyReports
import Support
import Testing

@testable import RadiographData

/// What the grammar writes is what the reader of reports reads.
@Suite struct PromptReadingTests {
  private let grammar: PromptGrammar
  private let labeller: FindingLabeller

  init() throws {
    grammar = try PromptGrammar.standard()
    labeller = try FindingLabeller.standard()
  }

  /// What the reader calls a label: a finding of CheXpert, or concepts outside of those.
  private static let meanings: [String: (finding: Finding?, concepts: Set<String>)] = [
    "Pneumonia": (.pneumonia, []), "Bacterial Pneumonia": (.pneumonia, []), "Viral Pneumonia": (.pneumonia, []),
    "Atelectasis": (.atelectasis, []), "Cardiomegaly": (.cardiomegaly, []), "Consolidation": (.consolidation, []),
    "Edema": (.edema, []), "Effusion": (.pleuralEffusion, []), "Emphysema": (nil, ["emphysema", "hyperinflation"]),
    "Fibrosis": (nil, ["scar"]), "Hernia": (nil, ["hiatal hernia"]), "Infiltration": (.lungOpacity, []),
    "Mass": (.lungLesion, []), "Nodule": (.lungLesion, []), "Pleural_Thickening": (.pleuralOther, []),
    "Pneumothorax": (.pneumothorax, []), "Calcification": (nil, ["calcification"]), "Fracture": (.fracture, []),
    "COVID-19": (nil, ["covid"]),
  ]
  /// What words for a label may state beside it: an opacity for what is one.
  private static let implied: [String: Set<Finding>] = [
    "Pneumonia": [.lungOpacity, .consolidation], "Bacterial Pneumonia": [.lungOpacity],
    "Viral Pneumonia": [.lungOpacity], "Consolidation": [.lungOpacity], "Atelectasis": [.lungOpacity],
    "Mass": [.lungOpacity], "Nodule": [.lungOpacity], "Calcification": [.lungLesion],
  ]
  private static let zoneWords: [ImageFinding.Zone: Set<ChestLocation>] = [
    .upper: [.upperZone, .upperLobe, .apex], .middle: [.midZone], .lower: [.lowerZone, .lowerLobe, .base],
  ]

  /// An image with one to three findings, marked in every way that there is, or not.
  private static func attributes(_ random: inout SplitMix64, among names: [String]) -> RadiographAttributes {
    let count = Int.random(in: 1...3, using: &random)
    let labels = Array(names.shuffled(using: &random).prefix(count))
    var findings: [ImageFinding] = []
    for name in labels where Bool.random(using: &random) {
      let sides: [Laterality?] = [.left, .right, nil]
      for _ in 0..<Int.random(in: 1...2, using: &random) {
        let zones: [[ImageFinding.Zone]] = [[], [.upper], [.middle], [.lower], [.upper, .middle], [.middle, .lower]]
        findings.append(
          ImageFinding(
            name: name, origin: .people, annotator: "test", side: sides.randomElement(using: &random) ?? nil,
            zones: zones.randomElement(using: &random) ?? [],
            size: ImageFinding.Size.allCases.randomElement(using: &random),
            box: ImageBox(x: 0, y: 0, width: 1, height: 1)))
      }
    }
    return RadiographAttributes(
      labels: Dictionary(uniqueKeysWithValues: labels.map { ($0, .positive) }), vocabulary: NIHLabels.vocabulary,
      view: .posteroanterior, age: AgeRange(50), sex: Bool.random(using: &random) ? .female : nil, findings: findings)
  }

  @Test(arguments: 0..<12)
  func everyStatementIsReadBack(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var wrong: [String] = []
    var placed = 0
    let names = Self.meanings.keys.sorted().filter { !$0.hasSuffix(" Pneumonia") }
    for _ in 0..<400 {
      let attributes = Self.attributes(&random, among: names)
      let (text, statements) = grammar.spoken(for: attributes, using: &random)
      placed += statements.count { $0.side != nil }
      wrong += faults(of: text, statements).map { "\($0): \(text)" }
    }
    #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(30).joined(separator: "\n"))")
    #expect(placed > 60)
  }

  @Test(arguments: 0..<4)
  func whatAWishSaysIsReadBack(seed: UInt64) {
    let writer = WishWriter(grammar: grammar, labels: NIHLabels.vocabulary + ["female", "Bacterial Pneumonia"])
    #expect(writer.findings == NIHLabels.findings)
    var random = SplitMix64(seed: seed)
    let names = NIHLabels.findings
    var wrong: [String] = []
    var asked: [String: Set<String>] = [:]
    var (normal, twofold, shown) = (0, 0, 0)
    for number in 0..<1000 {
      let patient = Self.attributes(&random, among: names)
      let wish = writer.wish(for: patient, seed: seed &* 1000 &+ UInt64(number))
      #expect(wish == writer.wish(for: patient, seed: seed &* 1000 &+ UInt64(number)))
      normal += wish.statements.contains(PromptStatement(name: NIHLabels.noFinding, isPresent: true)) ? 1 : 0
      twofold += Set(wish.statements.filter(\.isPresent).map(\.name)).count == 2 ? 1 : 0
      shown += wish.isShown ? 1 : 0
      wrong += faults(of: wish.text, wish.statements.filter { $0.name != NIHLabels.noFinding })
        .map { "\($0): \(wish.text)" }
      for statement in wish.statements where statement.isPresent {
        let places = [statement.side?.rawValue, statement.zones.map(\.rawValue).joined()].compactMap { $0 }
        asked[statement.name, default: []].formUnion(places)
      }
    }
    #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(30).joined(separator: "\n"))")
    // A tenth of all, and of the patients' own images none.
    #expect((70...130).contains(normal), "\(normal)")
    #expect((300...400).contains(shown), "\(shown)")
    #expect((80...400).contains(twofold), "\(twofold)")
    #expect(Set(asked.keys) == Set(names + [NIHLabels.noFinding]))
    for name in ["Pneumonia", "Consolidation", "Mass", "Nodule"] {
      #expect(asked[name]?.isSuperset(of: ["left", "right", "bilateral", "upper", "lower"]) == true, "\(name)")
    }
    #expect(asked["Cardiomegaly"]?.isDisjoint(with: ["left", "right"]) == true)
  }

  @Test func aChildIsAskedForAsItIs() {
    let writer = WishWriter(grammar: grammar, labels: NIHLabels.vocabulary)
    let child = RadiographAttributes(
      labels: ["Pneumonia": .positive], vocabulary: ["Pneumonia", "Normal"], age: AgeRange(1, 5))
    let wishes = (0..<50).map { writer.wish(for: child, seed: $0) }
    #expect(wishes.allSatisfy { $0.isShown && $0.statements.filter(\.isPresent).allSatisfy { $0.name == "Pneumonia" } })
    #expect(wishes.count { $0.statements.contains { $0.isPresent } } > 35)
    #expect(Set(wishes.map(\.text)).count > 10)
  }

  @Test func everyLabelHasWordsOfItsOwn() {
    #expect(Set(grammar.rules.findings.keys) == Set(Self.meanings.keys))
    #expect(NIHLabels.findings.allSatisfy { grammar.rules.findings[$0]?.nouns.isEmpty == false })
  }

  /// Every alternative of every finding, not only those that chance draws.
  @Test(arguments: meanings.keys.sorted())
  func everyAlternativeIsReadBack(name: String) throws {
    let rules = try #require(grammar.rules.findings[name])
    var wrong: [String] = []
    for words in rules.nouns + rules.phrases {
      let text = "Chest X-ray showing \(words.text)."
      wrong += faults(of: text, [PromptStatement(name: name, isPresent: true)]).map { "\($0): \(text)" }
    }
    for sentence in rules.sentences {
      wrong += faults(of: sentence.text, [PromptStatement(name: name, isPresent: true)]).map {
        "\($0): \(sentence.text)"
      }
    }
    for text in (rules.denials ?? []).map(\.text) + rules.nouns.map({ "Chest X-ray, no \($0.text)." })
    where rules.denialWeight > 0 {
      wrong += faults(of: text, [PromptStatement(name: name, isPresent: false)]).map { "\($0): \(text)" }
    }
    #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
  }

  @Test func normalIsReadAsNormal() {
    let normal = grammar.rules.normal
    let texts =
      normal.standalone.map(\.text) + normal.sentences.map(\.text) + normal.phrases.map { "CXR with \($0.text)." }
    #expect(texts.filter { !labeller.label($0).isNormal } == [])
  }

  /// What the reader makes of a text against what it was written to say.
  private func faults(of text: String, _ statements: [PromptStatement]) -> [String] {
    let labels = labeller.label(text)
    var faults: [String] = []
    var allowed: Set<Finding> = [.noFinding]
    for statement in statements where statement.isPresent {
      allowed.formUnion(Self.implied[statement.name] ?? [])
      if let finding = Self.meanings[statement.name]?.finding { allowed.insert(finding) }
    }
    for statement in statements {
      guard let meaning = Self.meanings[statement.name] else {
        faults.append("\(statement.name) has no meaning")
        continue
      }
      let mentions = labels.mentions.filter { mention in
        mention.finding != nil && mention.finding == meaning.finding || meaning.concepts.contains(mention.concept)
      }
      let present = mentions.filter { $0.state == .positive }
      guard statement.isPresent else {
        let isShared = statements.contains {
          $0.isPresent && meaning.finding != nil
            && (Self.meanings[$0.name]?.finding == meaning.finding
              || Self.implied[$0.name]?.contains(meaning.finding ?? .noFinding) ?? false)
        }
        if !isShared, mentions.contains(where: { $0.state != .negative }) {
          faults.append("\(statement.name) is not denied")
        }
        continue
      }
      if present.isEmpty { faults.append("\(statement.name) is not read") }
      let sides = Set(present.compactMap(\.laterality))
      let isBilateral = sides.count > 1 || sides.contains(.bilateral)
      if let side = statement.side, !(sides == [side] || (side == .bilateral && isBilateral)),
        !isNamedTwice(statement, among: statements)
      {
        faults.append("\(statement.name) is \(sides.map(\.rawValue)), not \(side)")
      }
      let locations = Set(present.flatMap(\.locations))
      for zone in statement.zones where locations.isDisjoint(with: Self.zoneWords[zone] ?? []) {
        faults.append("\(statement.name) is in \(locations.map(\.rawValue)), not \(zone)")
      }
    }
    for (finding, state) in labels.states where state == .positive && !allowed.contains(finding) {
      faults.append("\(finding.rawValue) is read of nothing")
    }
    for (finding, state) in labels.states where state == .uncertain {
      faults.append("\(finding.rawValue) is uncertain")
    }
    return faults
  }

  /// Whether another label has the same name for the reader, and the other's side is added to this one's.
  private func isNamedTwice(_ statement: PromptStatement, among statements: [PromptStatement]) -> Bool {
    let finding = Self.meanings[statement.name]?.finding
    return statements.contains { other in
      guard other.isPresent, other.name != statement.name else { return false }
      return finding != nil && Self.meanings[other.name]?.finding == finding
        || Self.implied[other.name]?.contains(finding ?? .noFinding) ?? false
    }
  }
}
