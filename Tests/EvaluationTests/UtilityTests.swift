import Foundation
import ImageFiles
import RadiographImport
import RadiographTestSupport
import RadiologyReports
import Support
import Testing

@testable import Evaluation
@testable import RadiographData

@Suite("What synthetic images are worth for training")
struct UtilityTests {
  // MARK: - Labels of prompts

  private static let labels = [
    "Bacterial Pneumonia", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "No Finding", "Nodule", "Pneumonia",
    "female",
  ]

  /// What is asked for, and what stays unknown; everything else is absent.
  private static let prompts: [(text: String, asked: [String], unknown: [String])] = [
    ("Large left pleural effusion.", ["Effusion"], []),
    ("Normal chest radiograph.", ["No Finding"], []),
    ("Cardiomegaly without effusion, PA view.", ["Cardiomegaly"], []),
    ("Pneumonia in the right lower lobe.", ["Pneumonia"], ["Bacterial Pneumonia"]),
    ("A child with bacterial pneumonia.", ["Bacterial Pneumonia", "Pneumonia"], []),
    ("Solitary lung nodule.", ["Nodule"], []),
    ("Possible pneumonia, effusion.", ["Effusion", "Pneumonia"], ["Bacterial Pneumonia"]),
    // Fibrosis is no label here, and says that the radiograph is not normal.
    ("Fibrosis.", [], []),
    ("Pacemaker in place.", [], ["No Finding"]),
    // Who denies two findings says nothing of others.
    (
      "No pleural effusion. No cardiomegaly.", [],
      ["Bacterial Pneumonia", "Infiltration", "Mass", "No Finding", "Nodule", "Pneumonia"]
    ),
  ]

  @Test("a prompt's labels: what it asks for, and the absence of all else", arguments: prompts)
  func reads(text: String, asked: [String], unknown: [String]) throws {
    let reader = try PromptLabels(Self.labels)
    #expect(reader.known == Self.labels.filter { $0 != "female" })
    let states = try #require(reader.states(of: text))
    #expect(states.filter { $0.value == .positive }.keys.sorted() == asked, "\(states)")
    #expect(reader.known.filter { states[$0] == nil } == unknown, "\(states)")
  }

  @Test("a prompt without a finding has no labels, and a table's labels count before a prompt")
  func tables() throws {
    let reader = try PromptLabels(Self.labels)
    #expect(reader.states(of: "PA chest radiograph of a 40-year-old woman") == nil)
    #expect(reader.states(of: ImageFacts()) == nil)
    #expect(reader.states(of: ImageFacts(prompt: "Effusion.", labels: []))?["Effusion"] == .positive)
    let listed = try #require(
      reader.states(of: ImageFacts(prompt: "Cardiomegaly.", labels: ["Lung Lesion", "Pleural Effusion"])))
    #expect(listed["Effusion"] == .positive && listed["Cardiomegaly"] == .negative && listed["No Finding"] == .negative)
    #expect(listed["Mass"] == nil && listed["Nodule"] == nil)
    #expect(reader.states(of: ImageFacts(labels: ["No Finding"]))?["No Finding"] == .positive)
    #expect(reader.states(of: ImageFacts(labels: ["Lung Opacity"])).map { $0["Infiltration"] == nil } == true)
  }

  @Test("the side of a finding is the one that a prompt names alone, and not that of what it denies")
  func sides() throws {
    let reader = try PromptLabels(Self.labels)
    for (text, label, side) in [
      ("Large left pleural effusion.", "Effusion", Laterality.left),
      ("Possible right pneumonia and a left effusion.", "Pneumonia", .right),
      ("Possible right pneumonia and a left effusion.", "Effusion", .left),
      ("Bilateral effusions.", "Effusion", nil), ("Left effusion. Right effusion.", "Effusion", nil),
      ("No left effusion.", "Effusion", nil), ("Effusion.", "Effusion", nil), ("Left effusion.", "Mass", nil),
      ("Left effusion.", "none of its labels", nil),
    ] {
      #expect(reader.side(of: label, in: text) == side, "\(text), \(label)")
    }
  }

  @Test("what a prompt says of the patient and the view")
  func traits() throws {
    let reader = try SubjectReader.standard()
    func holds(_ text: String) -> [Bool?] {
      let subject = reader.subject(of: text)
      return [ImageTrait.female, .elderly, .child, .anteroposterior, .rightSided].map(subject.holds)
    }
    #expect(holds("70-year-old woman, AP chest radiograph: right effusion") == [true, true, false, true, nil])
    #expect(holds("PA view of a man of 59 years") == [false, false, false, false, nil])
    #expect(holds("Pediatric chest radiograph, boy") == [false, false, true, nil, nil])
    #expect(holds("Adult with pneumonia") == [nil, nil, false, nil, nil])
    #expect(holds("Effusion.") == [nil, nil, nil, nil, nil])
  }

  // MARK: - Parts

  /// Phantoms of 32 pixels, divided 60/20/20.
  private static func withPhantoms(_ count: Int, _ body: (RadiographDataset, URL) throws -> Void) throws {
    try DataFixtures.withFolder { folder in
      var options = try PhantomSource.options(size: 32)
      options.split = try SplitFractions("60/20/20")
      let url = folder.appendingPathComponent("phantoms")
      _ = try DatasetImport(PhantomSource.list(count: count, seed: 1), into: url, options: options).run()
      try body(RadiographDataset.open(url), folder)
    }
  }

  /// Drawn images whose first half is asked to show an effusion and whose second half is asked to be normal.
  private static func drawn(_ count: Int) -> [SyntheticSource.Image] {
    (0..<count).map { index in
      let isFirst = index < count / 2
      return SyntheticSource.Image(
        path: "drawn-\(index).png",
        labels: ["Pleural Effusion": isFirst ? .positive : .negative, "Cardiomegaly": isFirst ? .negative : .positive]
      ) {
        var random = SplitMix64(seed: UInt64(index))
        return try GrayscaleImage(width: 32, height: 32, pixels: (0..<1024).map { _ in UInt8(random.next(below: 256)) })
      }
    }
  }

  @Test("reports of phantoms are read as their labels say")
  func phantoms() throws {
    try Self.withPhantoms(120) { dataset, _ in
      let records = try dataset.records()
      let reader = try PromptLabels(records[0].attributes.vocabulary)
      #expect(reader.known.count == 4)
      let captions = try DatasetImages(dataset, records: records, title: "phantoms", captions: true)
      for (index, record) in records.enumerated() {
        let states = try #require(reader.states(of: captions.facts(at: index)))
        for label in reader.known {
          #expect(states[label] == record.attributes.state(of: label), "\(label): \(captions.facts(at: index))")
        }
      }
    }
  }

  @Test("drawn images stand in the training part of a copy, as they are, and the dataset stays as it was")
  func assembly() throws {
    try Self.withPhantoms(60) { dataset, folder in
      let before = try DataFixtures.contents(of: dataset.url)
      let url = folder.appendingPathComponent("copy")
      try dataset.copy(to: url)
      #expect(try DataFixtures.contents(of: url) == before)
      let images = Self.drawn(50)
      let source = try SyntheticSource.list(images, beside: dataset)
      #expect(try DatasetImport(source, into: url, options: SyntheticSource.options).run().imported == 50)
      #expect(try DatasetImport(source, into: url, options: SyntheticSource.options).run().alreadyThere == 50)
      #expect(try DataFixtures.contents(of: dataset.url) == before)

      let copy = try RadiographDataset.open(url)
      try copy.requireNoLeakage()
      let all = try copy.records(matching: RecordFilter(requiresText: false))
      #expect(all.filter { $0.source != SyntheticSource.name }.map(\.path) == (try dataset.records().map(\.path)))
      let records = all.filter { $0.source == SyntheticSource.name }
      #expect(records.count == 50 && records.allSatisfy { $0.split == .train })
      #expect(Set(records.map(\.patient)).count == 50)
      for (record, image) in zip(records, images) {
        #expect(try record.path == image.path && copy.image(of: record) == image.load())
        #expect(record.attributes.labels == image.labels && record.attributes.state(of: "Mass") == nil)
      }
    }
  }

  @Test("each classifier sees its own training images, and none sees one that is tested on")
  func plan() throws {
    try Self.withPhantoms(300) { dataset, folder in
      let url = folder.appendingPathComponent("copy")
      try dataset.copy(to: url)
      let source = try SyntheticSource.list(Self.drawn(60), beside: dataset)
      _ = try DatasetImport(source, into: url, options: SyntheticSource.options).run()
      let all = try RadiographDataset.open(url).records(matching: RecordFilter(requiresText: false))
      let synthetic = all.filter { $0.source == SyntheticSource.name }
      let parts = try UtilityParts(dataset)
      let plan = try UtilityPlan(
        parts, synthetic: synthetic, source: SyntheticSource.name, shares: [0.1, 0.5], seed: 3)
      // Nothing is known of the other two labels of the drawn images.
      #expect(plan.labels == ["Cardiomegaly", "Pleural Effusion"])
      #expect(plan.leftOut.map(\.label) == ["Lung Opacity", "Support Devices"])
      #expect(plan.leftOut[0].reason == "the synthetic part: 0 with it, 0 without")
      #expect(
        plan.arms.map(\.name) == [
          "real", "synthetic", "real + synthetic", "10 % of real", "10 % of real + synthetic", "50 % of real",
          "50 % of real + synthetic",
        ])
      #expect(Set(plan.arms.map(\.folder)).count == plan.arms.count)
      #expect(plan.arms.map { $0.reference?.name } == [nil, "real", "real", nil, "10 % of real", nil, "50 % of real"])

      let tested = Set(parts.test.records.map(\.patient))
      var seen: [String: Set<String>] = [:]
      for arm in plan.arms {
        let used = all.filter { plan.uses($0, in: arm) }
        #expect(used.allSatisfy { $0.split != .test && !tested.contains($0.patient) })
        #expect(used.filter { $0.split == .validation }.count == all.count { $0.split == .validation })
        let training = used.filter { $0.split == .train }
        #expect(training.contains { $0.source == SyntheticSource.name } == arm.hasSynthetic)
        let summary = plan.summary(of: arm)
        #expect(summary.real + summary.synthetic == training.count && summary.synthetic == (arm.hasSynthetic ? 60 : 0))
        #expect(
          summary.positives["Cardiomegaly"] == training.count { $0.attributes.state(of: "Cardiomegaly") == .positive })
        seen[arm.name] = Set(training.filter { $0.source != SyntheticSource.name }.map(\.patient))
      }
      let real = seen["real"] ?? []
      #expect(real == Set(parts.training.map(\.patient)) && seen["synthetic"] == [])
      let (tenth, half) = (seen["10 % of real"] ?? [], seen["50 % of real"] ?? [])
      #expect(tenth.count == (real.count + 9) / 10 && half.count == (real.count + 1) / 2)
      #expect(tenth.isSubset(of: half) && seen["10 % of real + synthetic"] == tenth)
      #expect(parts.patients(share: 0.1, seed: 4) != tenth)
    }
  }

  @Test("nothing is mirrored unless the published way is asked for")
  func mirrored() {
    #expect(UtilityProtocol.corrected.settings == ["mirror=false"])
    #expect(UtilityProtocol.asPublished.settings.contains("mirror=true"))
  }

  @Test("too few images, patients on both sides and findings that nobody knows are refused by name")
  func refused() throws {
    try Self.withPhantoms(300) { dataset, _ in
      let parts = try UtilityParts(dataset, part: .validation)
      #expect(Set(parts.test.records.map(\.split)) == [.validation] && parts.labels.count == 4)
      func expect(_ error: MeasurementError, _ body: () throws -> Void) { #expect(throws: error, performing: body) }

      let records = try dataset.records()
      let test = try #require(records.first { $0.split == .test })
      let again = RadiographRecord(
        id: test.id, source: test.source, path: test.path, patient: test.patient, study: test.study, split: .train,
        attributes: test.attributes, sections: [], originalSize: nil, contentHash: nil, slot: test.slot)
      expect(.onBothSides(what: "the training part", patients: 1, names: [test.patient])) {
        _ = try UtilityParts(dataset, records: records + [again], part: .test, source: nil)
      }
      expect(.tooFewInSet(path: "the test part", found: 39, minimum: 40)) {
        _ = try UtilityParts(
          dataset, records: records.filter { $0.split == .train } + records.filter { $0.split == .test }.prefix(39),
          part: .test, source: nil)
      }
      expect(.tooFewInSet(path: "the validation part", found: 0, minimum: 1)) {
        _ = try UtilityParts(dataset, records: records.filter { $0.split != .validation }, part: .test, source: nil)
      }
      expect(.unknownSource("none", known: ["phantom-1"])) {
        _ = try UtilityParts(dataset, source: "none")
      }
      // The same patient as another file is known by the collection's number.
      func known(_ file: String) -> RadiographRecord {
        RadiographRecord(
          id: test.id, source: "nih", path: test.path, patient: "nih/7", study: test.study, split: .test,
          attributes: test.attributes, sections: [], originalSize: nil, contentHash: file, slot: test.slot)
      }
      let trained = try #require(TrainingRecord(lines: ["a", "patient \(known("a").patientIdentity ?? "")"]))
      #expect(trained.identities == ["a"] && trained.patients.count == 1)
      expect(.trainedOn(model: "m", images: 1, patients: 1, names: ["nih/7"])) {
        try trained.requireUnseen([known("b")], all: [known("b"), test], model: "m")
      }
      try trained.requireUnseen([test], all: [known("b"), test], model: "m")
      // As a table of prompts names the patient, without the dataset's source.
      let name = String(parts.test.records[0].patient.dropFirst(parts.test.records[0].source.count + 1))
      let image = try GrayscaleImage(width: 1, height: 1, pixels: [0])
      let set = DrawnImages(
        title: "set",
        items: [.init(name: "a", image: image, facts: ImageFacts(prompt: "Effusion.", patient: name))])
      expect(.onBothSides(what: "the table of set", patients: 1, names: [name])) { try parts.requireUnseen(set) }

      func plan(_ synthetic: [RadiographRecord], _ findings: [String]) throws {
        _ = try UtilityPlan(parts, synthetic: synthetic, source: "x", findings: findings, seed: 0)
      }
      let few = Array(parts.training.prefix(39))
      expect(.tooFewInSet(path: "the synthetic part", found: 39, minimum: 40)) { try plan(few, []) }
      expect(.noLabels(path: "the validation part", wanted: "Mass")) { try plan(parts.training, ["Mass"]) }
      let without = parts.training.filter { $0.attributes.state(of: "Cardiomegaly") == .negative }
      expect(
        .tooFewOfFinding(
          label: "Cardiomegaly", part: "the synthetic part", having: 0, lacking: without.count, minimum: 10)
      ) { try plan(without, ["Cardiomegaly"]) }
    }
  }

  // MARK: - Comparison

  private struct Reference: Decodable {
    var arms: [String: [[Double]]]
    var differences: [String: [[Double]]]
    var seeds: [String: [[Double]]]
  }

  /// Measures of a row in the reference's order: for each label area and precision, then those of the means.
  private static func values(_ measured: [UtilityReport.Measured]) -> [[Double]] {
    measured.flatMap { [$0.auroc, $0.averagePrecision] }.map { [$0.value] + $0.ci95 }
  }

  @Test("areas, precisions and paired differences are scikit-learn's and numpy's on the same draws")
  func parity() throws {
    let expected: Reference = try MetricFixture.load("utility")
    var random = SplitMix64(seed: 31)
    let patients = (0..<60).map { _ in "\(random.next(below: 25))" }
    let known: [Bool?] = [nil, true, true, false, false]
    let truths = (0..<2).map { _ in (0..<60).map { _ in known[random.next(below: 5)] } }
    let strengths: [(UtilityArm, Double)] = [(.real, 0.5), (.synthetic, 0.1), (.both, 0.6)]
    let scores = strengths.map { arm, strength in
      UtilityComparison.Scores(
        arm,
        (0..<2).map { _ in
          (0..<60).map { image in
            (0..<2).map { label in
              Double(random.next(below: 8)) / 8 + (truths[label][image] == true ? strength : 0)
            }
          }
        })
    }
    let comparison = UtilityComparison(labels: ["a", "b"], patients: patients, truths: truths)
    let (rows, mean) = try comparison.rows(scores, seed: 5)
    let all = rows + [mean]
    for (place, (arm, _)) in strengths.enumerated() {
      let found = Self.values(all.map { $0.arms[place] })
      expectEqual(found.flatMap { $0 }, try #require(expected.arms[arm.name]).flatMap { $0 }, within: 1e-9)
      let seeds = (0..<2).map { seed in
        all.map { $0.arms[place] }.flatMap { [$0.auroc, $0.averagePrecision] }.map { $0.seeds?[seed] ?? .nan }
      }
      expectEqual(seeds.flatMap { $0 }, try #require(expected.seeds[arm.name]).flatMap { $0 }, within: 1e-9)
    }
    for (place, name) in ["synthetic less real", "real + synthetic less real"].enumerated() {
      let measured = all.map { $0.differences[place] }
      #expect(measured.allSatisfy { "\($0.arm) less \($0.less ?? "")" == name })
      let found = Self.values(measured)
      expectEqual(found.flatMap { $0 }, try #require(expected.differences[name]).flatMap { $0 }, within: 1e-9)
      // Both know the same patients: the difference varies less than the two apart would.
      let alone = all[2].arms[place + 1].auroc.ci95[1] - all[2].arms[place + 1].auroc.ci95[0]
      #expect(measured[2].auroc.ci95[1] - measured[2].auroc.ci95[0] < 1.5 * alone)
    }
    #expect(rows[0].n == truths[0].count { $0 != nil } && rows[0].positives == truths[0].count { $0 == true })
  }

  @Test("two classifiers that say the same differ by nothing, in every draw; others cannot be compared")
  func same() throws {
    let truths: [[Bool?]] = [(0..<20).map { $0 % 2 == 0 }]
    let values = [(0..<20).map { [Double($0 * 7 % 20)] }]
    let comparison = UtilityComparison(labels: ["a"], patients: (0..<20).map { "\($0 / 2)" }, truths: truths)
    let (rows, _) = try comparison.rows([.init(.real, values), .init(.synthetic, values)], seed: 0)
    let difference = try #require(rows[0].differences.first)
    #expect(difference.auroc.value == 0 && difference.auroc.ci95 == [0, 0])
    #expect(rows[0].arms[0].auroc.ci95[0] < rows[0].arms[0].auroc.ci95[1])

    #expect(throws: MetricError.countMismatch(what: "scored images", expected: 20, found: 19)) {
      try comparison.rows([.init(.real, [Array(values[0].dropLast())])], seed: 0)
    }
    let none = UtilityComparison(labels: ["a"], patients: ["x", "y"], truths: [[true, nil]])
    #expect(throws: MetricError.singleClass(what: "a positive", count: 1)) {
      try none.rows([.init(.real, [[[0], [1]]])], seed: 0)
    }
  }

  @Test("the report has both ways of training in one table, on its page and on that of the evaluation")
  func report() throws {
    func row(_ label: String, _ value: Double) -> UtilityReport.Row {
      let figure = UtilityReport.Figure(value: value, ci95: [value - 0.1, value + 0.1], n: 50, seeds: [value])
      let measured = UtilityReport.Measured(arm: "real", less: nil, auroc: figure, averagePrecision: figure)
      let difference = UtilityReport.Measured(
        arm: "synthetic", less: "real", auroc: figure, averagePrecision: figure)
      return UtilityReport.Row(label: label, n: 50, positives: 20, arms: [measured], differences: [difference])
    }
    try Self.withPhantoms(300) { dataset, folder in
      let parts = try UtilityParts(dataset)
      let plan = try UtilityPlan(parts, synthetic: parts.training, source: "none", seed: 0)
      let report = UtilityReport(
        plan,
        synthetic: .init(name: "a<b>", hash: "0123456789abcdef", images: 70, unlabelled: 2, copies: 1),
        recipe: ["steps": "10", "network": "resnet50"], seeds: [4], seed: 0,
        results: [
          .init(.corrected, mirrored: false, rows: [row("Effusion", 0.7)], mean: row("mean", 0.7)),
          .init(.asPublished, mirrored: true, rows: [row("Effusion", 0.6)], mean: row("mean", 0.6)),
        ])
      let lines = report.markdown.split(separator: "\n")
      #expect(
        report.markdown.contains("The classifier is resnet50, of images of unknown pixels; each training has 10 steps"))
      #expect(lines.contains("| finding | with it | trained | real | synthetic less real |"))
      #expect(
        lines.contains("| Effusion | 20 of 50 | corrected | 0.700 (0.600 to 0.800) | +0.700 (+0.600 to +0.800) |"))
      #expect(lines.contains { $0.hasPrefix("| Effusion | 20 of 50 | as published | 0.600 ") })
      let page = report.page(program: "thorax test")
      #expect(page.contains("a&lt;b&gt;") && !page.contains("a<b>") && page.contains("as published</td>"))

      // On the page of an evaluation, once it is in the folder.
      #expect(try UtilityReport.stored(in: folder.path) == nil)
      let file = folder.appendingPathComponent(UtilityReport.fileName)
      try PrettyJSON.data(report).write(to: file)
      #expect(try UtilityReport.stored(in: folder.path) == report)
      let model = FigureReport.Model(name: "m", hash: "h", steps: 1, guidance: 1, sampler: "s")
      var whole = EvaluationPage(
        title: "t", report: FigureReport(model: model, images: [], seed: 0, figures: []), charts: [], pictures: [],
        program: "p")
      #expect(try !whole.document().contains("id=\"utility\""))
      whole.stored.utility = report
      #expect(try whole.document().contains("id=\"utility\""))

      try Data("{}".utf8).write(to: file)
      #expect(
        throws: MeasurementError.report(
          path: file.path, reason: "it is not what 'thorax evaluate utility' writes: remove it or measure again")
      ) { try UtilityReport.stored(in: folder.path) }
    }
  }
}
