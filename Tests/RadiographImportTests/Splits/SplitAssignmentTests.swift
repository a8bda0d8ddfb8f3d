import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct SplitAssignmentTests {
  @Test func sharesAreKept() throws {
    let assignment = SplitAssignment(fractions: try SplitFractions("70/10/20"), seed: 0)
    let splits = (0..<20_000).map { assignment.split(of: "nih/\($0)") }
    // Four standard deviations of a share of 20,000.
    for (split, share) in [(DatasetSplit.train, 0.7), (.validation, 0.1), (.test, 0.2)] {
      let found = Double(splits.count { $0 == split }) / 20_000
      #expect(abs(found - share) < 4 * (share * (1 - share) / 20_000).squareRoot())
    }
  }

  @Test func onlyTheSeedAndThePatientDecide() throws {
    let fractions = try SplitFractions("50/25/25")
    let one = SplitAssignment(fractions: fractions, seed: 1)
    let other = SplitAssignment(fractions: fractions, seed: 2)
    let patients = (0..<200).map { "p\($0)" }
    #expect(patients.map(one.split) == patients.map(SplitAssignment(fractions: fractions, seed: 1).split))
    #expect(patients.map(one.split) != patients.map(other.split))
    // Pinned: a release that moved patients would let training see yesterday's test images.
    #expect(patients.prefix(12).map { one.split(of: $0).rawValue } == pinned)
  }

  /// From hashlib: the first 53 bits of SHA-256 of "1\\np0", "1\\np1", ... as a fraction, cut at 0.5 and 0.75.
  private let pinned = [
    "train", "train", "train", "train", "train", "train",
    "test", "train", "validation", "train", "train", "test",
  ]

  @Test(arguments: ["", "70/30", "70/10/20/0", "a/b/c", "-1/1/1", "0/0/0", "nan/1/1", "inf/1/1", "70//20"])
  func malformedSplitsAreRefused(text: String) {
    #expect(throws: DatasetError.invalidSplit(text)) { try SplitFractions(text) }
  }

  @Test func anyScaleWillDo() throws {
    #expect(try SplitFractions("7/1/2") == SplitFractions("70/10/20"))
    #expect(try SplitFractions("7/1/2").description == "70/10/20")
    #expect(try SplitFractions("1/0/0").description == "100/0/0")
  }

  @Test(arguments: [
    ("person1003_bacteria_2934.jpeg", "person1003"), ("person1003_virus_1685.jpeg", "person1003"),
    ("person23_virus_56_1.jpeg", "person23"), ("IM-0115-0001.jpeg", "IM-0115"), ("IM-0131-0001-0002.jpeg", "IM-0131"),
    ("NORMAL2-IM-0059-0001.jpeg", "NORMAL2-IM-0059"), ("NORMAL2-IM-0059-0001-0002.jpeg", "NORMAL2-IM-0059"),
    ("BACTERIA-1008087-0001.jpeg", "BACTERIA-1008087"), ("chest.jpeg", "chest"), ("a.b.png", "a.b"),
  ])
  func kermanyFileNamesCarryThePatient(name: String, patient: String) {
    #expect(KermanySource.patient(name) == patient)
  }
}
