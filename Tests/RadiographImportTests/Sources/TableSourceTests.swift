import Foundation
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct TableSourceTests {
  private static let mimic = DataFixtures.folder.appendingPathComponent("mimic-cxr-jpg")
  private static let chexpert = DataFixtures.folder.appendingPathComponent("chexpert")

  private func list(
    _ mapping: String, _ files: [String: String], source: String = "", official: OfficialSplit? = nil,
    images: [String] = [], in folder: URL
  ) throws -> ImportSource {
    for (name, text) in files { try DataFixtures.write(text, to: folder.appendingPathComponent(name)) }
    for (seed, name) in images.enumerated() {
      try DataFixtures.writeImage(folder.appendingPathComponent(name), seed: seed)
    }
    let url = source.isEmpty ? folder : folder.appendingPathComponent(source)
    return try TableSource.list(
      url, mapping: TableMapping(yaml: Data(mapping.utf8), path: "m.yaml"), official: official)
  }

  @Test func mimicIsReadAsItsPublisherShipsIt() throws {
    let source = try TableSource.list(Self.mimic, mapping: TableMapping(named: "mimic-cxr-jpg"))
    #expect(source.name == "mimic-cxr-jpg" && source.kind == "table" && source.licence.hasPrefix("PhysioNet"))
    #expect(source.entries.count == 6 && source.entries.allSatisfy { $0.file != nil && $0.split == nil })
    #expect(source.exclusions.map(\.reason) == [.unknownView])
    let first = source.entries[0]
    #expect(
      first.path
        == "files/p10/p10000032/s50000001/aaaaaaaa-00000001-00000001-00000001-00000001.jpg")
    #expect(first.patient == "10000032" && first.study == "50000001")
    #expect(first.attributes.labels == ["No Finding": .positive])
    #expect(
      first.sections == [
        TextSection(name: "findings", text: "Both lungs are free of opacity."),
        TextSection(name: "impression", text: "Nothing acute."),
      ])
    #expect(
      source.entries.map(\.attributes.view) == [
        .posteroanterior, .lateral, .anteroposterior, .lateral, .posteroanterior, .anteroposterior,
      ])
    // -1, 1 and 0 are kept, and a blank is nothing.
    let labels = source.entries[2].attributes
    #expect(
      labels.labels == ["Atelectasis": .uncertain, "Pleural Effusion": .positive, "Pneumothorax": .negative])
    #expect(labels.state(of: "Edema") == nil && source.vocabulary.isEmpty)
    #expect(source.entries[5].attributes.labels.isEmpty, "no row of labels for that study")
  }

  @Test func theOfficialSplitIsTakenOverOnRequest() throws {
    let mimic = try TableSource.list(
      Self.mimic, mapping: TableMapping(named: "mimic-cxr-jpg"), official: OfficialSplit())
    #expect(mimic.entries.map(\.split) == [.train, .train, .train, .validation, .validation, .test])
    let chexpert = try TableSource.list(
      Self.chexpert, mapping: TableMapping(named: "chexpert"), official: OfficialSplit())
    #expect(chexpert.entries.map(\.split) == [.train, .train, .train, .train, .validation])
  }

  @Test func chexpertIsReadAsItsPublisherShipsIt() throws {
    let source = try TableSource.list(Self.chexpert, mapping: TableMapping(named: "chexpert"))
    #expect(source.entries.count == 5 && source.entries.allSatisfy { $0.file != nil } && source.exclusions.isEmpty)
    let lateral = source.entries[2]
    #expect(lateral.path == "train/patient00002/study2/view2_lateral.jpg" && lateral.patient == "patient00002")
    #expect(lateral.study == "study2" && lateral.attributes.view == .lateral && lateral.attributes.age == AgeRange(87))
    #expect(lateral.attributes.sex == .female && lateral.attributes.labels["Cardiomegaly"] == .uncertain)
    #expect(lateral.attributes.labels["Fracture"] == .positive && lateral.attributes.labels["Pneumonia"] == nil)
    let unknown = source.entries[3].attributes
    #expect(unknown.age == nil && unknown.sex == nil && unknown.view == .anteroposterior)
    #expect(source.entries[4].attributes.labels["No Finding"] == .negative)
    try DataFixtures.withFolder { output in
      let summary = try DatasetImport(source, into: output, options: DataFixtures.options()).run()
      #expect(summary.imported == 5)
    }
  }

  @Test func anyTableIsReadWithItsMapping() throws {
    let mapping = """
      name: clinic
      licence: ours
      table: list.tsv
      join: [{table: people.csv, on: [person]}]
      path: "scans/{file}.png"
      patient: person
      study: visit
      view: {column: projection, values: {front: FRONTAL, side: LATERAL}}
      age: years
      sex: {column: s, values: {0: F, 1: M}}
      sections: {findings: what, impression: so}
      labels: {column: tags, separator: ";", decided: [Mass, Nodule]}
      """
    try DataFixtures.withFolder { folder in
      let source = try list(
        mapping,
        [
          "list.tsv": "file\tperson\tvisit\tprojection\ttags\twhat\tso\na\tp1\tv1\tfront\tMass; Tail\tClear.\tFine.\n"
            + "b\tp1\tv1\tside\t\t\t\nc\tp2\tv1\tfront\tNodule\t\t\n",
          "people.csv": "person;years;s\np1;058Y;0\np2;999;1\n",
        ], images: ["scans/a.png", "scans/b.png", "scans/d.png"], in: folder)
      #expect(source.name == "clinic" && source.vocabulary == ["Mass", "Nodule"])
      #expect(source.entries.map(\.path) == ["scans/a.png", "scans/b.png", "scans/c.png"])
      #expect(source.entries.map { $0.file != nil } == [true, true, false])
      let first = source.entries[0]
      #expect(first.attributes.age == AgeRange(58) && first.attributes.sex == .female && first.study == "v1")
      #expect(first.attributes.labels == ["Mass": .positive] && first.attributes.view == .frontal)
      #expect(first.sections.map(\.name) == ["findings", "impression"])
      #expect(source.entries[2].attributes.age == nil && source.entries[2].attributes.sex == .male)
      #expect(
        source.exclusions.map { "\($0.reason.rawValue) \($0.path) \($0.detail)" } == [
          "unknown-label list.tsv row 2 Tail", "implausible-age list.tsv row 4 999", "unlisted scans/d.png ",
        ])
    }
  }

  @Test func jsonLinesAreATableToo() throws {
    let mapping = """
      path: image
      patient: id
      text: note
      labels: {column: tags, separator: "|"}
      split: set
      """
    try DataFixtures.withFolder { folder in
      let source = try list(
        mapping,
        [
          "rows.jsonl":
            "{\"image\":\"a.png\",\"id\":7,\"note\":\"Läng\\nklar.\",\"tags\":[\"A\",\"B\"],\"set\":\"val\"}\n"
            + "\n[1]\n{\"image\":\"b.png\",\"id\":8.5,\"note\":null,\"more\":{\"x\":1}}\n{\"image\":"
        ], source: "rows.jsonl", official: OfficialSplit(), in: folder)
      #expect(source.entries.map(\.patient) == ["7", "8.5"] && source.entries.map(\.path) == ["a.png", "b.png"])
      #expect(source.entries[0].sections == [TextSection(name: "report", text: "Läng\nklar.")])
      #expect(source.entries[0].attributes.positives == ["A", "B"] && source.entries[0].split == .validation)
      #expect(source.exclusions.map(\.path) == ["rows.jsonl row 3", "rows.jsonl row 5"])
      #expect(source.exclusions.allSatisfy { $0.reason == .malformedRow })
    }
  }

  @Test func patientsOfTwoOfficialSplitsStayWhole() throws {
    let mapping = "{table: t.csv, path: f, patient: p, sex: s, split: w}"
    try DataFixtures.withFolder { folder in
      let source = try list(
        mapping, ["t.csv": "f,p,s,w\na.png,1,F,train\nb.png,1,M,test\nc.png,2,F,train\nd.png,3,F,\n"],
        official: OfficialSplit(), in: folder)
      #expect(source.entries.map(\.split) == [.test, .test, .train, nil])
      #expect(source.entries.map(\.attributes.sex) == [nil, nil, .female, .female])
      #expect(source.exclusions.map(\.reason) == [.conflictingPatient, .conflictingPatient])
    }
  }

  @Test(arguments: [
    ("{a", false), ("a}", false), ("{}", false), ("{a:0}", true), ("{Path/1-}", true), ("x{AP/PA}y", true),
  ])
  func templatesAreCheckedWhenTheyAreRead(text: String, isGood: Bool) {
    #expect((TableTemplate(text) != nil) == isGood)
  }

  @Test func templatesTakeCellsPartsAndBeginnings() {
    let cells = ["id": "10000032", "Path": "root/train/p1/s1/x.jpg", "AP/PA": "AP"]
    func fill(_ text: String) -> String? { TableTemplate(text)?.fill { cells[$0] } }
    #expect(fill("files/p{id:2}/p{id}.jpg") == "files/p10/p10000032.jpg")
    #expect(fill("{Path/1-}") == "train/p1/s1/x.jpg" && fill("{Path/2}") == "p1" && fill("{Path/9}") == nil)
    #expect(fill("{AP/PA}") == "AP" && fill("a{none}") == nil)
  }

  @Test(arguments: [
    ("", "no mapping of keys"), ("- a", "no mapping of keys"), ("a: [", "mapping"), ("path: f\ncolour: x", "colour"),
    ("name: x", "no key path"), ("path: {colum: f}", "colum"), ("path: \"{f\"", "brace"), ("path: []", "empty list"),
    ("path: f\nlabels: x", "labels needs"), ("path: f\njoin: [{table: t}]", "join needs"),
    ("path: f\nview: {column: v, values: 3}", "values is no mapping"), ("path: f\ntables: {a: b}", "tables is no list"),
    ("path: f\njoin: [{table: t, on: [a], optional: maybe}]", "true or false"),
  ])
  func mappingsThatCannotBeUsedAreRefused(yaml: String, saying: String) {
    #expect {
      try TableMapping(yaml: Data(yaml.utf8), path: "m.yaml")
    } throws: { error in
      guard case .malformedMapping(let path, _) = error as? DatasetError else { return false }
      return path == "m.yaml" && "\(error)".contains(saying) && !"\(error)".contains("\n")
    }
  }

  @Test func aliasesThatMeanTooMuchAreRefused() {
    let lines = (1...30).map { line in
      "a\(line): &a\(line) [\(Array(repeating: "*a\(line - 1)", count: 10).joined(separator: ", "))]"
    }
    let yaml = "path: f\na0: &a0 [1]\n" + lines.joined(separator: "\n")
    let error = DatasetError.malformedMapping(path: "m.yaml", reason: "its aliases mean more than 1048576 values")
    #expect(throws: error) { try TableMapping(yaml: Data(yaml.utf8), path: "m.yaml") }
  }

  @Test func shippedMappingsAreRead() throws {
    for name in ["chexpert", "mimic-cxr-jpg"] {
      #expect(try TableMapping(named: name).labels.columns.count == 14)
    }
    for name in TableMapping.shipped { #expect(try TableMapping(named: name).name == name) }
    #expect { try TableMapping(named: "/nowhere/mapping.yaml") } throws: {
      DataFixtures.caseName($0) == "sourceMissing"
    }
  }
}
