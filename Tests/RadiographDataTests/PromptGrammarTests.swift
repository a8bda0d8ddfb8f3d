import Foundation
import RadiographTestSupport
import RadiologyReports
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct PromptGrammarTests {
  private let grammar: PromptGrammar

  init() throws { grammar = try PromptGrammar.standard() }

  private static func nih(_ labels: String..., age: Double = 50, sex: PatientSex = .female) -> RadiographAttributes {
    RadiographAttributes(
      labels: Dictionary(uniqueKeysWithValues: labels.map { ($0, LabelState.positive) }),
      vocabulary: NIHLabels.findings + [NIHLabels.noFinding], view: .posteroanterior, age: AgeRange(age), sex: sex)
  }

  private static func marked(
    _ label: String, _ side: Laterality, _ zones: [ImageFinding.Zone], _ size: ImageFinding.Size? = nil
  ) -> RadiographAttributes {
    var attributes = nih(label)
    attributes.findings = [
      ImageFinding(
        name: label, origin: .people, annotator: "test", side: side, zones: zones, size: size,
        box: ImageBox(x: 0, y: 0, width: 1, height: 1))
    ]
    return attributes
  }

  private static let child = RadiographAttributes(
    labels: [KermanyLabels.pneumonia: .positive, KermanyLabels.viral: .positive, KermanyLabels.bacterial: .negative],
    vocabulary: [KermanyLabels.normal, KermanyLabels.pneumonia], view: .anteroposterior, age: AgeRange(1, 5))
  private static let healthyChild = RadiographAttributes(
    labels: [KermanyLabels.normal: .positive], vocabulary: [KermanyLabels.normal, KermanyLabels.pneumonia],
    view: .anteroposterior, age: AgeRange(1, 5))

  @Test func theSameSeedGivesTheSamePrompts() {
    let attributes = Self.nih("Effusion", "Mass")
    let prompts = grammar.prompts(for: attributes, count: 20, seed: 7)
    #expect(prompts == grammar.prompts(for: attributes, count: 20, seed: 7))
    #expect(Array(prompts.prefix(5)) == grammar.prompts(for: attributes, count: 5, seed: 7))
    #expect(prompts != grammar.prompts(for: attributes, count: 20, seed: 8))
    #expect(grammar.prompts(for: attributes, count: 0, seed: 7) == [])
  }

  @Test func phrasingsAreMany() {
    #expect(Set(grammar.prompts(for: Self.nih("No Finding"), count: 500, seed: 0)).count > 400)
    #expect(Set(grammar.prompts(for: Self.child, count: 500, seed: 0)).count > 400)
  }

  /// For every finding, alone and beside another, 150 prompts: none denies what the image has.
  @Test(arguments: NIHLabels.findings)
  func whatIsThereIsNeverDenied(finding: String) throws {
    for labels in [[finding], [finding, "Effusion"], [finding, "Pneumonia"]] {
      let attributes = RadiographAttributes(
        labels: Dictionary(labels.map { ($0, LabelState.positive) }, uniquingKeysWith: { one, _ in one }),
        vocabulary: NIHLabels.findings)
      let rules = try labels.map { try #require(grammar.rules.findings[$0]) }
      let denials = rules.flatMap { $0.denials ?? [] }.map(\.text)
      let nouns = rules.flatMap(\.nouns).map { words($0.text) }
      let wrong = grammar.prompts(for: attributes, count: 150, seed: 3).filter { prompt in
        denials.contains { prompt.contains($0) }
          || denyingClauses(prompt).contains { clause in nouns.contains { words(clause).contains($0) } }
      }
      #expect(wrong.isEmpty)
    }
  }

  @Test func denialsAreCommonAndTrueOfNormalImages() {
    let prompts = grammar.prompts(for: Self.nih("No Finding"), count: 1_000, seed: 1)
    let denying = prompts.filter { !denyingClauses($0).isEmpty }
    #expect((250...800).contains(denying.count))
    for name in ["effusion", "pneumothorax", "consolidation", "pneumonia"] {
      #expect(denying.contains { denyingClauses($0).contains { $0.contains(name) } }, "\(name)")
    }
    // A normal image is never said to have a finding.
    let asserting = ["showing pneumonia", "There is a ", "There is an ", "is enlarged"]
    #expect(!prompts.contains { prompt in asserting.contains { prompt.contains($0) } })
  }

  /// Kermany's labels decide on pneumonia alone: nothing else may be denied of a child with pneumonia.
  @Test func whatTheSourceDidNotDecideIsNotDenied() {
    let prompts = grammar.prompts(for: Self.child, count: 1_000, seed: 1)
    #expect(prompts.allSatisfy { denyingClauses($0).isEmpty })
    #expect(prompts.allSatisfy { !$0.lowercased().contains("bacterial") })
  }

  /// No one marked these images, so that nothing is known of a side, a place or a size.
  @Test func placesAreNamedOnlyIfTheyAreKnown() {
    let sides = [
      "left", "right", "bilateral", "unilateral", "sided", "bibasilar", "lobe", "zone", "basilar", "apical",
      "small", "extensive", "mild", "severe",
    ].map(words)
    for attributes in [
      Self.nih("No Finding"), Self.nih("Pneumonia", "Effusion"), Self.child, Self.nih("Pneumothorax", "Nodule"),
    ] {
      let prompts = grammar.prompts(for: attributes, count: 500, seed: 2).map(words)
      #expect(prompts.filter { prompt in sides.contains { prompt.contains($0) } }.isEmpty)
    }
  }

  @Test func childrenAreNearlyAlwaysCalledSo() {
    let marks = ["child", "ediatric", "year-old"]
    for attributes in [Self.child, Self.healthyChild] {
      let prompts = grammar.prompts(for: attributes, count: 1_000, seed: 5)
      #expect(prompts.count { prompt in marks.contains { prompt.contains($0) } } > 930)
    }
    let adults = grammar.prompts(for: Self.nih("No Finding"), count: 1_000, seed: 5)
    #expect(!adults.contains { $0.contains("child") || $0.contains("ediatric") })
    #expect(adults.allSatisfy { !$0.contains("year-old") || $0.contains("50-year-old") })
  }

  @Test func sexIsNeverGuessed() {
    let male = [" man", " male", "boy"]
    let female = ["woman", "female", "girl"]
    let women = grammar.prompts(for: Self.nih("Mass", sex: .female), count: 500, seed: 6)
    #expect(!women.contains { prompt in male.contains { prompt.contains($0) } })
    let children = grammar.prompts(for: Self.child, count: 500, seed: 6)
    #expect(!children.contains { prompt in (male + female).contains { prompt.contains($0) } })
  }

  @Test func readersWordsAreAmongThem() {
    let pneumonia = grammar.prompts(for: Self.marked("Pneumonia", .right, [.lower]), count: 1_000, seed: 0)
    #expect(pneumonia.contains { $0.lowercased().contains("right lower lobe pneumonia with focal consolidation") })
    let normal = grammar.prompts(for: Self.nih("No Finding"), count: 1_000, seed: 0)
    #expect(normal.contains { $0.lowercased() == "normal chest radiograph, clear lungs" })
    #expect(normal.contains { $0.lowercased().contains("no pleural effusion") })
    let effusion = grammar.prompts(for: Self.marked("Effusion", .left, [.lower], .small), count: 1_000, seed: 0)
    #expect(effusion.contains { $0.lowercased().contains("small left pleural effusion") })
    #expect(effusion.contains { !$0.lowercased().contains("left") })
    #expect(effusion.allSatisfy { !words($0).contains(" right ") })
    var both = Self.marked("Effusion", .left, [.lower])
    both.findings += Self.marked("Effusion", .right, [.lower]).findings
    let bilateral = grammar.prompts(for: both, count: 1_000, seed: 0)
    #expect(bilateral.contains { $0.lowercased().contains("bilateral pleural effusions") })
    #expect(bilateral.allSatisfy { !words($0).contains(" left ") && !words($0).contains(" right ") })
    let heart = grammar.prompts(for: Self.nih("Cardiomegaly"), count: 1_000, seed: 0)
    #expect(heart.contains { $0.lowercased() == "cardiomegaly" })
  }

  @Test func labelsTheGrammarDoesNotKnowAreNamedPlainly() {
    let attributes = RadiographAttributes(labels: ["Rib_Fracture": .positive])
    let prompts = grammar.prompts(for: attributes, count: 50, seed: 0)
    #expect(prompts.count { $0.lowercased().contains("rib fracture") } > 40)
  }

  @Test func anImageOfWhichNothingIsKnownIsCalledAChestRadiograph() {
    let prompts = grammar.prompts(for: RadiographAttributes(), count: 50, seed: 0)
    #expect(prompts.allSatisfy { $0.contains("hest") || $0.contains("CXR") })
    #expect(prompts.allSatisfy { denyingClauses($0).isEmpty })
  }

  @Test func promptsReadWell() {
    let marks = ["{", "}", "a(n)", "  ", " a 8", " an 5", "..", " .", " ,", "_"]
    for attributes in [Self.nih("No Finding", age: 8), Self.nih("Pneumonia", "Mass", age: 80), Self.child] {
      let prompts = grammar.prompts(for: attributes, count: 300, seed: 9)
      #expect(prompts.filter { prompt in prompt.isEmpty || marks.contains { prompt.contains($0) } }.isEmpty)
    }
  }

  @Test func eachRecordDrawsItsOwnPrompts() throws {
    try DataFixtures.withFolder { folder in
      _ = try DatasetImport(KermanySource.list(DataFixtures.kermany), into: folder, options: DataFixtures.options())
        .run()
      let records = try RadiographDataset.open(folder).records()
      let writer = try CaptionWriter.standard()
      let captions = records.map { writer.captions(of: $0, count: 3, seed: 0).texts }
      #expect(captions == records.map { writer.captions(of: $0, count: 3, seed: 0).texts })
      #expect(Set(captions).count == records.count)
    }
  }

  @Test("texts of an image that was enlarged say so, and otherwise what they say without")
  func lowResolution() throws {
    try DataFixtures.withFolder { folder in
      _ = try DatasetImport(KermanySource.list(DataFixtures.kermany), into: folder, options: DataFixtures.options())
        .run()
      let record = try #require(try RadiographDataset.open(folder).records().first)
      let size = try #require(record.originalSize)
      let shorter = min(size.width, size.height)
      let writer = try CaptionWriter.standard()
      let plain = writer.captions(of: record, count: 4, seed: 0)
      func captions(enlargedTo side: Int) -> CaptionWriter.Captions {
        writer.captions(of: record, count: 4, seed: 0, enlargedTo: side)
      }
      #expect(captions(enlargedTo: 2 * shorter - 1) == plain)
      #expect(captions(enlargedTo: 2 * shorter).texts == plain.texts.map { "Low resolution. " + $0 })
    }
  }

  @Test(arguments: ["", "[]", "{}", #"{"styles": 1}"#])
  func aMalformedGrammarIsAnError(json: String) {
    #expect { try PromptGrammar(json: Data(json.utf8)) } throws: { error in
      guard case .malformedGrammar = error as? DatasetError else { return false }
      return true
    }
  }

  @Test func aTemplateWithAnUnknownSlotIsAnError() throws {
    let json = String(decoding: PackageResources.prompts_json, as: UTF8.self)
      .replacingOccurrences(of: "{film}, {findings}", with: "{flim}, {findings}")
    #expect { try PromptGrammar(json: Data(json.utf8)) } throws: { "\($0)".contains("{flim}") }
  }

  // MARK: - Reading prompts

  /// The clauses that deny: what follows "no", "without", "not", up to the end of the clause.
  private func denyingClauses(_ prompt: String) -> [String] {
    let text = prompt.lowercased()
    let allowed = ["no acute", "no active", "no abnormality", "no finding", "no evidence of disease"]
    var clauses: [String] = []
    for start in ["no ", "without ", "not "] {
      for range in text.ranges(of: start)
      where range.lowerBound == text.startIndex || !text[text.index(before: range.lowerBound)].isLetter {
        let clause = String(text[range.lowerBound...].prefix { $0 != "." && $0 != ";" })
        if !allowed.contains(where: clause.hasPrefix) { clauses.append(clause) }
      }
    }
    return clauses
  }

  private func words(_ text: String) -> String {
    " " + text.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ") + " "
  }
}
