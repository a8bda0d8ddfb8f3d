import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct ImageBoxesTests {
  private static let header = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
  private static let table =
    "Image Index,Finding Labels,Patient ID\n1.png,No Finding,1\n2.png,Effusion,2\n3.png,Mass,3\n"

  /// A folder of three images, with lists of boxes in it and elsewhere.
  private static func source(
    nih: String? = nil, chestXDet: String? = nil, in folder: URL
  ) throws -> ImportSource {
    let root = folder.appendingPathComponent("src")
    try DataFixtures.write(table, to: root.appendingPathComponent("Data_Entry_2017.csv"))
    for seed in 1...3 { try DataFixtures.writeImage(root.appendingPathComponent("images/\(seed).png"), seed: seed) }
    if let nih { try DataFixtures.write(header + nih, to: root.appendingPathComponent("BBox_List_2017.csv")) }
    let lists = folder.appendingPathComponent("lists/boxes.json")
    if let chestXDet { try DataFixtures.write(chestXDet, to: lists) }
    return try NIHSource.list([root], annotations: chestXDet == nil ? [] : [lists.deletingLastPathComponent()])
  }

  @Test func thePublishersListIsReadWithItsHeader() throws {
    try DataFixtures.withFolder { folder in
      let source = try Self.source(nih: "1.png,Infiltrate,512,256,128,64,,,\n2.png,Effusion,0,0,1024,512\n", in: folder)
      let first = try #require(source.entries.first?.boxes.first)
      #expect(first.label == "Infiltration" && first.annotator == "nih-boxes")
      #expect(first.box == ImageBox(x: 0.5, y: 0.25, width: 0.125, height: 0.0625))
      #expect(source.entries[1].boxes.map(\.box) == [ImageBox(x: 0, y: 0, width: 1, height: 0.5)])
      // What people see wins over "No Finding", and is noted.
      #expect(source.entries[0].attributes.labels == ["Infiltration": .positive])
      #expect(source.exclusions.map(\.reason) == [.conflictingLabel] && source.exclusions[0].path == "1.png")
    }
  }

  @Test func chestXDetIsReadWithItsPolygons() throws {
    try DataFixtures.withFolder { folder in
      let source = try Self.source(
        chestXDet: """
          [{"image": "2.png", "syms": ["Diffuse Nodule", "Pleural Thickening"],
            "boxes": [[0, 0, 512, 512], [512, 0, 1024, 256]],
            "polygons": [[[0, 0], [512, 0], [0, 512]], []]},
           {"file_name": "3.png", "syms": [], "boxes": []}]
          """, in: folder)
      let boxes = source.entries[1].boxes
      #expect(boxes.map(\.label) == ["Nodule", "Pleural_Thickening"])
      #expect(boxes.map(\.outline.area) == [0.125, 0.125])
      #expect(boxes.map(\.outline.corners.count) == [3, 4])
      #expect(source.entries[1].attributes.positives == ["Effusion", "Nodule", "Pleural_Thickening"])
      #expect(source.exclusions == [])
    }
  }

  @Test func theSameBoxInTwoListsIsOne() throws {
    try DataFixtures.withFolder { folder in
      let box = #"{"image": "2.png", "syms": ["Effusion"], "boxes": [[100, 500, 400, 900]]"#
      let lists = folder.appendingPathComponent("lists")
      try DataFixtures.write("[\(box)}]", to: lists.appendingPathComponent("boxes.json"))
      try DataFixtures.write(
        "[\(box), \"polygons\": [[[100, 500], [400, 900], [250, 900], [180, 800], [100, 900]]]}]",
        to: lists.appendingPathComponent("polygons.json"))
      _ = try Self.source(in: folder)
      let source = try NIHSource.list([folder.appendingPathComponent("src")], annotations: [lists])
      #expect(source.entries[1].boxes.map(\.outline.corners.count) == [5])
    }
  }

  /// Rows of a list that are wrong: each is counted on a line, and all others are read.
  @Test(arguments: [
    ("1.png,Mass,1,2,3", ImportExclusion.Reason.malformedRow), ("1.png,Mass,1,2,x,4", .malformedRow),
    (",Mass,1,2,3,4", .malformedRow), ("1.png,,1,2,3,4", .malformedRow), ("1.png,Wart,1,2,3,4", .unknownLabel),
    ("1.png,Mass,nan,2,3,4", .malformedBox), ("1.png,Mass,inf,2,3,4", .malformedBox),
    ("1.png,Mass,1,2,0,4", .malformedBox), ("1.png,Mass,1,2,-3,-4", .malformedBox),
    ("1.png,Mass,1000,2,200,4", .malformedBox), ("1.png,Mass,2000,2,20,4", .malformedBox),
    ("1.png,Mass,1e300,2,1e300,4", .malformedBox), ("9.png,Mass,1,2,3,4", .unknownImage),
  ])
  func aWrongRowIsCounted(row: String, reason: ImportExclusion.Reason) throws {
    try DataFixtures.withFolder { folder in
      let source = try Self.source(nih: "\(row)\n2.png,Effusion,10,10,100,100\n", in: folder)
      #expect(source.exclusions.map(\.reason) == [reason])
      #expect(source.exclusions.allSatisfy { $0.path.hasPrefix("BBox_List_2017.csv") && !$0.detail.contains("\n") })
      #expect(source.entries.map(\.boxes.count) == [0, 1, 0])
      #expect(source.entries[0].attributes.positives == ["No Finding"])
    }
  }

  @Test(arguments: [
    (#"{"syms": [], "boxes": []}"#, ImportExclusion.Reason.malformedRow), ("7", .malformedRow),
    (#"{"image": "1.png", "syms": ["Mass"], "boxes": []}"#, .malformedRow),
    (#"{"image": "1.png", "syms": [7], "boxes": [[1, 2, 3, 4]]}"#, .malformedRow),
    (#"{"image": "1.png", "syms": ["Mass"], "boxes": [[1, 2, 3]]}"#, .malformedRow),
    (#"{"image": "1.png", "syms": ["Mass"], "boxes": [["1", 2, 3, 4]]}"#, .malformedRow),
    (#"{"image": "1.png", "syms": ["Wart"], "boxes": [[1, 2, 3, 4]]}"#, .unknownLabel),
    (#"{"image": "1.png", "syms": ["Mass"], "boxes": [[3, 2, 3, 4]]}"#, .malformedBox),
    (#"{"image": "1.png", "syms": ["Mass"], "boxes": [[30, 20, 10, 10]]}"#, .malformedBox),
    (#"{"image": "1.png", "syms": ["Mass"], "boxes": [[1, 2, 1e9, 4]]}"#, .malformedBox),
    (#"{"image": "9.png", "syms": ["Mass"], "boxes": [[1, 2, 3, 4]]}"#, .unknownImage),
  ])
  func aWrongEntryIsCounted(entry: String, reason: ImportExclusion.Reason) throws {
    try DataFixtures.withFolder { folder in
      let good = #"{"image": "2.png", "syms": ["Effusion"], "boxes": [[10, 10, 100, 100]]}"#
      let source = try Self.source(chestXDet: "[\(entry), \(good)]", in: folder)
      #expect(source.exclusions.map(\.reason) == [reason])
      #expect(source.entries.map(\.boxes.count) == [0, 1, 0])
    }
  }

  @Test func aBoxThatReachesALittleOutIsCutOff() throws {
    try DataFixtures.withFolder { folder in
      let source = try Self.source(nih: "2.png,Effusion,-8,900,200,132\n", in: folder)
      #expect(source.entries[1].boxes.map(\.box.x) == [0])
      #expect(source.entries[1].boxes.map { $0.box.y + $0.box.height } == [1])
      #expect(source.exclusions == [])
    }
  }

  @Test(arguments: [
    ("boxes.json", "[{\"image\": \"1.png\", \"syms\"", "malformedTable"), ("boxes.json", "", "malformedTable"),
    ("boxes.json", "{}", "malformedTable"), ("boxes.json", "[NaN]", "malformedTable"),
    ("BBox_List_2017.csv", "", "malformedTable"), ("BBox_List_2017.csv", "Image Index,Label\n", "malformedTable"),
    ("BBox_List_2017.csv", "Image Index,Finding Label,x,y,w,h\n", "malformedTable"),
    ("notes.txt", "boxes", "sourceMissing"),
  ])
  func aDamagedListIsAnError(name: String, text: String, error: String) throws {
    try DataFixtures.withFolder { folder in
      _ = try Self.source(in: folder)
      try DataFixtures.write(text, to: folder.appendingPathComponent("lists/\(name)"))
      #expect {
        try NIHSource.list(
          [folder.appendingPathComponent("src")], annotations: [folder.appendingPathComponent("lists")])
      } throws: { DataFixtures.caseName($0) == error && !"\($0)".contains("\n") }
    }
  }

  @Test func aListThatIsNotThereIsAnError() throws {
    try DataFixtures.withFolder { folder in
      _ = try Self.source(in: folder)
      #expect {
        try NIHSource.list([folder.appendingPathComponent("src")], annotations: [folder.appendingPathComponent("none")])
      } throws: { DataFixtures.caseName($0) == "sourceMissing" }
    }
  }

  @Test func boxesAreStoredAndReadAgain() throws {
    try DataFixtures.withFolder { folder in
      let source = try Self.source(
        nih: "2.png,Effusion,10,10,100,100\n2.png,Effusion,600,10,100,100\n2.png,Cardiomegaly,300,300,400,300\n",
        in: folder)
      let output = folder.appendingPathComponent("dataset")
      _ = try DatasetImport(source, into: output, options: DataFixtures.options()).run()
      let dataset = try RadiographDataset.open(output)
      let records = try dataset.records()
      #expect(records.map(\.attributes.findings.count) == [0, 3, 0])
      let findings = records[1].attributes.findings
      #expect(findings.allSatisfy { $0.origin == .people && $0.annotator == "nih-boxes" })
      #expect(findings.map(\.name) == ["Effusion", "Effusion", "Cardiomegaly"])
      #expect(findings[0].box == source.entries[1].boxes[0].box)
      // The filter by number reads them, too.
      let one = try dataset.records(matching: RecordFilter(images: [records[1].id]))
      #expect(one.map(\.attributes.findings) == [findings])
    }
  }

  /// The same dataset, to the byte of its pixels and the row of its index, whether boxes came with the images or later.
  @Test func boxesMayComeLater() throws {
    try DataFixtures.withFolder { folder in
      let boxes = "2.png,Effusion,10,10,100,100\n1.png,Mass,600,10,100,100\n"
      var options = DataFixtures.options()
      options.splitRule = .hash
      let plain = try Self.source(in: folder)
      let later = folder.appendingPathComponent("later")
      _ = try DatasetImport(plain, into: later, options: options).run()
      let source = try Self.source(nih: boxes, in: folder)
      let direct = folder.appendingPathComponent("direct")
      _ = try DatasetImport(source, into: direct, options: options).run()
      let summary = try DatasetImport(source, into: later, options: options).run()
      #expect(summary.imported == 0 && summary.alreadyThere == 3)
      let expected = try DataFixtures.contents(of: direct)
      #expect(try DataFixtures.contents(of: later) == expected)
      #expect(expected.rows.contains("nih-boxes"))
      _ = try DatasetImport(source, into: later, options: options).run()
      #expect(try DataFixtures.contents(of: later) == expected)
    }
  }
}
