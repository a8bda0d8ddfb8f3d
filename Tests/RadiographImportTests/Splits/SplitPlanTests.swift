import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct SplitPlanTests {
  private static let standard = SplitAssignment(fractions: .standard, seed: 0)

  /// Patients of one to four images with some of three findings.
  private static func census(_ count: Int, from start: Int = 0) -> SplitCensus {
    var census = SplitCensus()
    for index in start..<(start + count) {
      let patient = census.patient("p\(index)")
      let findings = ["A", "B", "C"].enumerated().filter { index % (2 + 3 * $0.offset) == 0 }.map(\.element)
      for _ in 0..<(index % 7 == 0 ? 4 : index % 3 == 0 ? 2 : 1) { census.count(patient: patient, findings: findings) }
    }
    return census
  }

  private static func plan(_ census: SplitCensus, seed: UInt64 = 0) -> [DatasetSplit] {
    let assignment = SplitAssignment(fractions: .standard, seed: seed)
    return SplitPlan(census, fractions: .standard, assignment: assignment, source: "s").splits
  }

  private static func images(_ census: SplitCensus, _ splits: [DatasetSplit]) -> [Int] {
    DatasetSplit.allCases.map { split in
      census.keys.indices.reduce(0) { $0 + (splits[$1] == split ? census.images[$1] : 0) }
    }
  }

  @Test func numbersAreTheLargestRemainders() {
    #expect(SplitPlan.apportion(3301, shares: [0.7, 0.1, 0.2]) == [2311, 330, 660])
    #expect(SplitPlan.apportion(3, shares: [1, 1, 1, 1]) == [1, 1, 1, 0])
    #expect(SplitPlan.apportion(0, shares: [1, 2]) == [0, 0])
    #expect(SplitPlan.apportion(5, shares: [0, 0]) == [0, 0])
  }

  @Test(arguments: [1, 2, 3, 10, 101, 1000, 3193])
  func sharesAreExactWithWholePatients(count: Int) {
    let census = Self.census(count)
    let splits = Self.plan(census)
    let total = census.images.reduce(0, +)
    // With a few patients of several images each there is no exact division.
    if count >= 10 { #expect(Self.images(census, splits) == SplitPlan.apportion(total, shares: [0.7, 0.1, 0.2])) }
    #expect(splits.count == count)
  }

  @Test func everyFindingHasItsShares() {
    let census = Self.census(2000)
    let splits = Self.plan(census)
    for finding in census.findingNames.indices {
      let counts = DatasetSplit.allCases.map { split in
        census.keys.indices.reduce(0) {
          $0 + (splits[$1] == split ? Int(census.findings[$1][Int32(finding)] ?? 0) : 0)
        }
      }
      let total = Double(counts.reduce(0, +))
      for (count, share) in zip(counts, [0.7, 0.1, 0.2]) { #expect(abs(Double(count) - share * total) <= 3) }
    }
  }

  @Test func theSeedDecidesAndNothingElse() {
    let census = Self.census(500)
    #expect(Self.plan(census) == Self.plan(census))
    #expect(Self.plan(census) != Self.plan(census, seed: 1))
  }

  @Test func newPatientsFillWhatIsMissing() {
    var census = Self.census(400)
    let before = Self.plan(census)
    for patient in 0..<400 { census.fixed[patient] = before[patient] }
    for index in 400..<1000 { census.count(patient: census.patient("q\(index)"), findings: ["B"]) }
    let after = Self.plan(census)
    #expect(Array(after.prefix(400)) == before)
    #expect(
      Self.images(census, after) == SplitPlan.apportion(census.images.reduce(0, +), shares: [0.7, 0.1, 0.2]))
  }

  @Test func aSplitThatHasTooMuchGetsNoMore() {
    var census = Self.census(100)
    for patient in 0..<60 { census.fixed[patient] = .test }
    let splits = Self.plan(census)
    #expect(splits.prefix(60).allSatisfy { $0 == .test })
    #expect(!splits.dropFirst(60).contains(.test))
    let rest = Self.images(census, splits).prefix(2)
    #expect(abs(rest[0] - 7 * rest[1]) <= 7)
  }

  @Test func largePatientsAreExchangedUntilTheNumbersFit() {
    var census = SplitCensus()
    for index in 0..<40 {
      let patient = census.patient("p\(index)")
      for _ in 0..<(index % 2 == 0 ? 5 : 3) { census.count(patient: patient, findings: []) }
    }
    let splits = Self.plan(census)
    #expect(Self.images(census, splits) == [112, 16, 32])
  }

  // MARK: - Through imports

  private static func entry(
    _ path: String, patient: String, study: String, split: DatasetSplit? = nil, label: String = "Mass"
  ) -> ImportEntry {
    ImportEntry(
      path: path, file: nil, patient: patient, study: study,
      attributes: RadiographAttributes(labels: [label: .positive], view: .posteroanterior), sections: [], split: split)
  }

  private static func source(_ entries: [ImportEntry], name: String = "s", kind: String = "table") -> ImportSource {
    ImportSource(
      name: name, kind: kind, licence: "", attribution: "", vocabulary: [],
      root: URL(fileURLWithPath: "/nonexistent-source"), entries: entries, exclusions: [])
  }

  @discardableResult
  private static func add(
    _ source: ImportSource, to folder: URL, rule: SplitRule? = nil
  ) throws -> [String: DatasetSplit] {
    var options = DatasetImport.Options()
    options.missingImages = .skip
    options.splitRule = rule
    _ = try DatasetImport(source, into: folder, options: options).run()
    let records = try RadiographDataset.open(folder).records(matching: .everything)
    return Dictionary(records.map { ("\($0.source)/\($0.path)", $0.split) }) { first, _ in first }
  }

  @Test func addingDataMovesNobody() throws {
    try DataFixtures.withFolder { folder in
      let entries = (0..<100).map { Self.entry("\($0).png", patient: "p\($0 / 2)", study: "study\($0)") }
      let first = try Self.add(Self.source(Array(entries.prefix(40))), to: folder)
      let second = try Self.add(Self.source(entries), to: folder)
      for (path, split) in first { #expect(second[path] == split, "\(path)") }
      #expect(Set(second.values) == Set(DatasetSplit.allCases))
      #expect(second.values.count { $0 == .train } == 70)
    }
  }

  @Test(arguments: SplitRule.allCases)
  func thePublishersSplitWins(rule: SplitRule) throws {
    try DataFixtures.withFolder { folder in
      // Patient 0 is in both lists: held out.
      var entries = (0..<20).map { Self.entry("\($0).png", patient: "p\($0)", study: "study\($0)", split: .test) }
      entries.append(Self.entry("20.png", patient: "p0", study: "study20", split: .train))
      entries += (21..<41).map { Self.entry("\($0).png", patient: "p\($0)", study: "study\($0)", split: .train) }
      let splits = try Self.add(Self.source(entries), to: folder, rule: rule)
      for index in 0...20 { #expect(splits["s/\(index).png"] == .test) }
      for index in 21..<41 { #expect(splits["s/\(index).png"] == .train) }
    }
  }

  @Test func onePatientWithTwoNamesIsOnOneSide() throws {
    try DataFixtures.withFolder { folder in
      // The two names share a study.
      let entries = (0..<60).flatMap { index in
        [
          Self.entry("a\(index).png", patient: "a\(index)", study: "study\(index)"),
          Self.entry("b\(index).png", patient: "b\(index)", study: "study\(index)"),
        ]
      }
      let splits = try Self.add(Self.source(entries), to: folder)
      for index in 0..<60 { #expect(splits["s/a\(index).png"] == splits["s/b\(index).png"]) }
      #expect(try RadiographDataset.open(folder).requireNoLeakage().isEmpty)
    }
  }

  @Test func numbersOfVisitsAreNotNamesOfStudies() throws {
    try DataFixtures.withFolder { folder in
      let entries = (0..<60).map { Self.entry("\($0).png", patient: "p\($0)", study: "1") }
      let splits = try Self.add(Self.source(entries), to: folder)
      #expect(Set(splits.values) == Set(DatasetSplit.allCases))
      let found = try RadiographDataset.open(folder).requireNoLeakage()
      #expect(found.isEmpty)
    }
  }

  @Test func twoEditionsOfOneCollectionAgree() throws {
    try DataFixtures.withFolder { folder in
      let entries = (0..<60).map { Self.entry("\($0).png", patient: "\($0)", study: "\($0)") }
      try Self.add(Self.source(entries, name: "kaggle", kind: "kaggle"), to: folder)
      let splits = try Self.add(Self.source(entries.reversed(), name: "openi", kind: "openi"), to: folder)
      for index in 0..<60 { #expect(splits["kaggle/\(index).png"] == splits["openi/\(index).png"]) }
    }
  }

  @Test func theRuleIsStoredAndKept() throws {
    try DataFixtures.withFolder { folder in
      let entries = (0..<50).map { Self.entry("\($0).png", patient: "\($0)", study: "\($0)") }
      let splits = try Self.add(Self.source(entries, name: "nih"), to: folder, rule: .hash)
      for index in 0..<50 { #expect(splits["nih/\(index).png"] == Self.standard.split(of: "nih/\(index)")) }
      #expect(try RadiographDataset.open(folder).settings.splitRule == .hash)
      #expect(throws: DatasetError.settingMismatch(name: "--split-by", stored: "hash", given: "stratified")) {
        try Self.add(Self.source(entries, name: "nih"), to: folder, rule: .stratified)
      }
    }
  }

  /// The article's numbers, on the Kaggle edition's tables.
  @Test(.enabled(if: DataFixtures.shared != nil, "\(DataFixtures.reasonToSkip)"))
  func theIndianaCollectionIsDividedAsTheArticleHasIt() throws {
    let folder = try #require(DataFixtures.shared).appendingPathComponent("data/iu")
    let source = try KaggleSource.list(folder)
    try DataFixtures.withFolder { folder in
      let sides = try Self.add(source, to: folder)
      let dataset = try RadiographDataset.open(folder)
      let summary = try dataset.summary()
      #expect(summary.eligible == 3301 && summary.frontal == 3818 && summary.lateral == 3648)
      #expect(summary.splits == DatasetSummary.Splits(train: 2311, validation: 330, test: 660))
      #expect(sides.count == 7466)
      let byPatient = Dictionary(grouping: try dataset.records(matching: .everything), by: \.patient)
      #expect(byPatient.values.allSatisfy { Set($0.map(\.split)).count == 1 })
      #expect(try dataset.requireNoLeakage().isEmpty)

      // The common findings have their shares to within two of a hundred.
      let eligible = try dataset.records(matching: RecordFilter(withPixelsOnly: false))
      for finding in ["normal", "Opacity", "Cardiomegaly", "Pleural Effusion"] {
        let images = eligible.filter { $0.attributes.labels[finding] == .positive }
        for (split, share) in [(DatasetSplit.train, 0.7), (.validation, 0.1), (.test, 0.2)] {
          let found = Double(images.count { $0.split == split }) / Double(images.count)
          #expect(abs(found - share) <= 0.02, "\(finding), \(split.rawValue): \(found)")
        }
      }
    }
  }
}
