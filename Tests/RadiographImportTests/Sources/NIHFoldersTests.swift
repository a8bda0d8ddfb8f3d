import Foundation
import ImageFiles
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// NIH's collection as people pass it on: in parts, reduced, converted.
@Suite struct NIHFoldersTests {
  private static let header = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender\n"

  /// A folder with a table and images of the given sides.
  private static func write(_ name: String, in folder: URL, rows: String, images: [String: Int]) throws -> URL {
    let url = folder.appendingPathComponent(name)
    try DataFixtures.write(header + rows, to: url.appendingPathComponent("Data_Entry_2017_v2020.csv"))
    for (index, image) in images.sorted(by: { $0.key < $1.key }).enumerated() {
      try DataFixtures.writeImage(
        url.appendingPathComponent("images/\(image.key)"), seed: index + name.count, width: image.value,
        height: image.value)
    }
    return url
  }

  @Test func severalFoldersAreOneSource() throws {
    try DataFixtures.withFolder { folder in
      let first = try Self.write(
        "a", in: folder, rows: "1_0.png,No Finding,0,1,50,F\n2_0.png,Mass,0,2,60,M\n",
        images: ["1_0.png": 40, "2_0.png": 40])
      // The names end otherwise, one image lies in both, one only in the other's folder, one in no table.
      let second = try Self.write(
        "b", in: folder, rows: "1_1.png,Effusion,1,1,51,F\n2_0.png,Mass,0,2,60,M\n3_0.png,Edema,0,3,30,M\n",
        images: ["1_1.jpg": 40, "2_0.jpg": 64, "4_0.jpg": 40])
      let third = folder.appendingPathComponent("c")
      try DataFixtures.writeImage(third.appendingPathComponent("3_0.jpeg"), seed: 9)
      let source = try NIHSource.list([first, second, third, first])
      #expect(source.entries.map(\.path) == ["1_0.png", "1_1.png", "2_0.png", "3_0.png"])
      #expect(source.entries.map(\.patient) == ["1", "1", "2", "3"])
      let files = source.entries.map { $0.file?.path.dropFirst(folder.path.count + 1) }
      #expect(files == ["a/images/1_0.png", "b/images/1_1.jpg", "b/images/2_0.jpg", "c/3_0.jpeg"])
      let notes = source.exclusions.map { "\($0.reason.rawValue): \($0.path): \($0.detail)" }.sorted()
      #expect(
        notes == [
          "lesser-copy: a/2_0.png: 40 x 40; b/2_0.jpg has 64 x 64",
          "other-ending: b/Data_Entry_2017_v2020.csv: 2 images end in .jpg where the table has .png",
          "unlisted: b/images/4_0.jpg: ",
        ])
      #expect(source.roots == [first, second, third])
    }
  }

  @Test func aLargerCopyThatIsCutOffIsNotTaken() throws {
    try DataFixtures.withFolder { folder in
      let rows = "1_0.png,No Finding,0,1,50,F\n"
      let good = try Self.write("a", in: folder, rows: rows, images: ["1_0.png": 24])
      let cut = try Self.write("b", in: folder, rows: rows, images: ["1_0.png": 90])
      let file = cut.appendingPathComponent("images/1_0.png")
      try Data(contentsOf: file).prefix(60).write(to: file)
      for order in [[good, cut], [cut, good]] {
        let source = try NIHSource.list(order)
        #expect(source.entries.map { $0.file?.path.contains("/a/") } == [true])
        #expect(source.exclusions.map(\.reason) == [.lesserCopy])
        #expect(source.exclusions.first?.path == "b/1_0.png")
      }
    }
  }

  @Test func rowsOfOneImageThatDifferAreNoted() throws {
    try DataFixtures.withFolder { folder in
      let first = try Self.write("a", in: folder, rows: "1_0.png,Mass,0,1,50,F\n", images: ["1_0.png": 40])
      let same = try Self.write("b", in: folder, rows: "1_0.png,Mass,0,1,50,F\n", images: [:])
      let other = try Self.write("c", in: folder, rows: "1_0.png,Edema,0,7,50,F\n", images: [:])
      let source = try NIHSource.list([first, same, other])
      #expect(source.entries.map(\.patient) == ["1"] && source.entries[0].attributes.positives == ["Mass"])
      #expect(source.exclusions.map(\.path) == ["c/row 2"] && source.exclusions.map(\.reason) == [.duplicateRow])
    }
  }

  @Test func foldersWithoutAnyTableAreAnError() throws {
    try DataFixtures.withFolder { folder in
      try DataFixtures.writeImage(folder.appendingPathComponent("a/1.png"), seed: 1)
      try DataFixtures.writeImage(folder.appendingPathComponent("b/2.png"), seed: 1)
      #expect {
        try NIHSource.list([folder.appendingPathComponent("a"), folder.appendingPathComponent("b")])
      } throws: { DataFixtures.caseName($0) == "sourceMissing" }
      #expect { try NIHSource.list([]) } throws: { DataFixtures.caseName($0) == "sourceMissing" }
    }
  }

  /// A patient has one split, whatever the source, the order of import and the rule.
  @Test(arguments: [SplitRule.stratified, .hash], [false, true])
  func partsUnderSeveralNamesShareTheirPatients(rule: SplitRule, isReversed: Bool) throws {
    try DataFixtures.withFolder { folder in
      func part(_ name: String, _ patients: Range<Int>, visit: Int) throws -> URL {
        try Self.write(
          name, in: folder,
          rows: patients.map { "\($0)_\(visit).png,\($0 % 3 == 0 ? "Mass" : "No Finding"),\(visit),\($0),50,F\n" }
            .joined(),
          images: Dictionary(uniqueKeysWithValues: patients.map { ("\($0)_\(visit).png", 20 + $0 + visit) }))
      }
      var sources = [
        try NIHSource.list([part("a", 1..<20, visit: 0), part("b", 10..<30, visit: 1)]),
        try NIHSource.list([part("small", 5..<40, visit: 2)], name: "nih-128"),
      ]
      if isReversed { sources.reverse() }
      let output = folder.appendingPathComponent("dataset")
      var options = DataFixtures.options()
      options.splitRule = rule
      for source in sources { _ = try DatasetImport(source, into: output, options: options).run() }
      let dataset = try RadiographDataset.open(output)
      let records = try dataset.records(matching: .everything)
      #expect(Set(records.map(\.source)) == ["nih", "nih-128"])
      var splits: [Substring: Set<DatasetSplit>] = [:]
      for record in records { splits[record.patient.split(separator: "/")[1], default: []].insert(record.split) }
      #expect(splits.count == 39 && splits.values.allSatisfy { $0.count == 1 })
      #expect(Set(splits.values.joined()) == Set(DatasetSplit.allCases))
      #expect(try dataset.leakage().patients == [])
    }
  }

  /// The parts that the default model is trained on.
  @Test(.enabled(if: DataFixtures.shared != nil, "the publishers' data is not there"))
  func theSharedFoldersAreReadWhole() throws {
    let data = try #require(DataFixtures.shared).appendingPathComponent("data")
    let source = try NIHSource.list(
      ["nih", "nih-more", "nih-children"].map { data.appendingPathComponent($0) },
      annotations: [data.appendingPathComponent("nih-annotations")])
    #expect(source.entries.count == 834 + 2296 + 49)
    #expect(source.entries.allSatisfy { $0.file != nil })
    #expect(Set(source.entries.map(\.patient)).count == 1797)
    let reasons = Dictionary(grouping: source.exclusions, by: \.reason).mapValues(\.count)
    #expect(reasons[.otherEnding] == 2 && reasons[.unlisted] == nil && reasons[.malformedBox] == nil)
    let boxes = source.entries.flatMap(\.boxes)
    #expect(boxes.count { $0.annotator == "nih-boxes" } == 885)
    #expect(boxes.count { $0.annotator == "chest-x-det" } == 858)
    let hannover = try TableSource.list(
      data.appendingPathComponent("hannover"), mapping: TableMapping(named: "hannover"))
    #expect(hannover.entries.count == 136 && hannover.entries.allSatisfy { $0.file != nil })
    #expect(Set(hannover.entries.map(\.patient)).count == 39)
    #expect(hannover.entries.allSatisfy { $0.attributes.positives == ["COVID-19"] })
  }
}
