import Foundation
import ImageFiles
import TestBasics
import TestSupport
import Testing

/// `thorax evaluate utility` with tiny networks on phantoms.
@Suite("What synthetic images are worth, through the program", .serialized)
struct EvaluateUtilityTests {
  /// `utility.json`, as far as the tests look at it.
  private struct Report: Decodable, Equatable {
    struct Figure: Decodable, Equatable {
      var value: Double
      var ci95: [Double]
      var n: Int
      var seeds: [Double]?
    }
    struct Measured: Decodable, Equatable {
      var arm: String
      var less: String?
      var auroc: Figure
      var average_precision: Figure
    }
    struct Row: Decodable, Equatable {
      var label: String
      var arms: [Measured]
      var differences: [Measured]
    }
    struct Results: Decodable, Equatable {
      var name: String
      var mirrored: Bool
      var rows: [Row]
    }
    struct Arm: Decodable, Equatable {
      var name: String
      var real: Int
      var synthetic: Int
    }
    struct Synthetic: Decodable, Equatable {
      var name: String
      var hash: String
      var images: Int
      var unlabelled: Int
    }
    var test: Int
    var synthetic: Synthetic
    var arms: [Arm]
    var seeds: [Int]
    var results: [Results]
  }

  private struct Place {
    let work: Workplace

    static func with(_ body: (Place) throws -> Void) throws {
      try withWorkplace { work in
        let place = Place(work: work)
        let made = try place.thorax(
          "data phantom --count 260 --seed 1 --size 32 --output phantoms --split 60/20/20 --quiet")
        try #require(made.status == 0, "\(made.errors)")
        try body(place)
      }
    }

    func thorax(_ words: String, _ more: [String] = []) throws -> Program.Result {
      try work.run(words.split(separator: " ").map(String.init) + more)
    }

    static let settings =
      "--threads 1 --device cpu --set steps=3 --set batchSize=4 --set imageSide=16 --set warmupSteps=0 "
      + "--set cadence.checkpoint=1"
    /// The words of a call that draws its images.
    static let model =
      "evaluate utility --model tiny --data phantoms --count 50 --steps 1 --output out --seeds 7 \(settings)"

    func report(_ result: Program.Result) throws -> Report {
      try #require(result.status == 0, "\(result.errors)")
      return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    }

    /// The files of a kind in a folder, with the time at which each was written.
    func times(_ folder: String, _ ending: String) throws -> [String: Date] {
      let url = work.folder.appendingPathComponent(folder)
      let names = ((try? FileManager.default.subpathsOfDirectory(atPath: url.path)) ?? []).filter {
        $0.hasSuffix(ending)
      }
      return try names.reduce(into: [:]) { times, name in
        times[name] =
          try FileManager.default.attributesOfItem(atPath: url.appendingPathComponent(name).path)[.modificationDate]
          as? Date
      }
    }
  }

  @Test("a killed call goes on, a finished one trains nothing, and the same images in a folder give the same")
  func wholeWay() throws {
    try Place.with { place in
      let words = Place.model + " --share 0.5 --as-published --json"
      let killed = try place.work.run(
        words.split(separator: " ").map(String.init), signal: SIGKILL,
        when: { ((try? place.times("out/utility/runs", "best.safetensors")) ?? [:]).count >= 3 })
      #expect(killed.wasKilled)
      let before = try place.times("out/utility/runs", "scores.csv")
      let drawn = try place.times("out/utility/samples", ".png")
      #expect((2...8).contains(before.count) && drawn.count == 50)
      let trained = try place.times("out/utility/runs", "best.safetensors")

      let report = try place.report(place.thorax(words))
      #expect(try place.times("out/utility/samples", ".png") == drawn)
      let weights = try place.times("out/utility/runs", "best.safetensors")
      #expect(weights.count == 10)
      // Those whose classifier had been tested were not trained again.
      for name in before.keys.map({ $0.replacing("scores.csv", with: "classifier/checkpoints/best.safetensors") }) {
        #expect(weights[name] == trained[name] && weights[name] != nil, "\(name)")
      }
      try check(report, in: place)

      // Again: nothing is drawn or trained, and all is as it was.
      let again = try place.thorax(words)
      #expect(try place.report(again) == report)
      #expect(try place.times("out/utility/runs", "best.safetensors") == weights)
      #expect(try place.times("out/utility/samples", ".png") == drawn)

      // The folder of samples, with the table that lies in it, by a run of its own; a second seed is added to it.
      let folder = "evaluate utility --synthetic out/utility/samples --data phantoms --output other \(Place.settings)"
      let other = try place.report(place.thorax(folder, ["--seeds", "7", "--json"]))
      #expect(other.synthetic.hash == report.synthetic.hash && other.synthetic.name == "samples")
      #expect(other.results.count == 1 && other.results[0].rows.map(\.label) == report.results[0].rows.map(\.label))
      for (one, two) in zip(other.results[0].rows, report.results[0].rows) {
        #expect(one.arms == Array(two.arms.prefix(3)) && one.differences == Array(two.differences.prefix(2)))
      }
      let kept = try place.times("other/utility/runs", "best.safetensors")
      let more = try place.report(place.thorax(folder, ["--seeds", "7,8", "--json"]))
      #expect(more.seeds == [7, 8] && more.results[0].rows[0].arms[0].auroc.seeds?.count == 2)
      let now = try place.times("other/utility/runs", "best.safetensors")
      #expect(now.count == 6 && kept.allSatisfy { now[$0.key] == $0.value })
      try refuseAfterwards(place, folder)
    }
  }

  /// What a report and its folder hold.
  private func check(_ report: Report, in place: Place) throws {
    #expect(report.arms.map(\.synthetic) == [0, 50, 50, 0, 50])
    let real = report.arms.map(\.real)
    #expect(real[1] == 0 && real[0] == real[2] && real[3] == real[4] && real[3] == (real[0] + 1) / 2)
    #expect(report.synthetic.name == "tiny" && report.synthetic.images == 50 && report.synthetic.unlabelled == 0)
    #expect(report.results.map(\.name) == ["corrected", "as published"])
    #expect(report.results.map(\.mirrored) == [false, true])
    for result in report.results {
      #expect(result.rows.count >= 2 && result.rows.allSatisfy { $0.arms.count == 5 && $0.differences.count == 3 })
      for row in result.rows {
        for measured in row.differences {
          let (one, two) = (row.arms.first { $0.arm == measured.arm }, row.arms.first { $0.arm == measured.less })
          let difference = (one?.auroc.value ?? 0) - (two?.auroc.value ?? 0)
          #expect(abs(measured.auroc.value - difference) < 1e-12 && measured.auroc.n == report.test)
        }
      }
    }
    // Every run was trained as it says.
    let runs = "out/utility/runs"
    for name in try place.times(runs, "classifier/config.yaml").keys {
      let settings = try String(decoding: place.work.data("\(runs)/\(name)"), as: UTF8.self)
      #expect(settings.contains("mirror: \(name.hasPrefix("as-published"))"), "\(name)")
      #expect(settings.contains("seed: 7") && settings.contains("traits: false"))
      let count = try #require(
        report.arms.first { arm in
          ["corrected", "as-published"].contains { name.hasPrefix("\($0)-\(Self.folder(arm.name))-7/") }
        })
      let trained = try String(
        decoding: place.work.data("\(runs)/\(name.replacing("config.yaml", with: "trained-on.txt"))"), as: UTF8.self)
      #expect(trained.split(separator: "\n").count == count.real + count.synthetic, "\(name)")
    }
    for name in ["utility.json", "utility.md", "utility.html"] {
      #expect(try !place.work.data("out/\(name)").isEmpty, "\(name)")
    }
    let page = try String(decoding: place.work.data("out/utility.html"), as: UTF8.self)
    #expect(page.contains("50 % of real + synthetic less 50 % of real"))
  }

  private static func folder(_ arm: String) -> String {
    arm.replacing(" + ", with: "-and-").replacing("50 % of real", with: "real-50")
  }

  /// Refusals that need a folder of results.
  private func refuseAfterwards(_ place: Place, _ words: String) throws {
    func expect(_ more: String, _ status: Int32, _ says: String) throws {
      let result = try place.thorax("\(words) \(more)")
      #expect(result.status == status && result.errorLines.last?.contains(says) == true, "\(more): \(result.errors)")
      #expect(result.output.isEmpty && result.errorLines.last?.hasPrefix("error: ") == true)
    }
    try expect("--quiet --set steps=4", 73, "begun with other settings")
    try expect("--quiet --seed 1", 73, "begun with other --seed")
    try expect("--quiet --split validation --finding Cardiomegaly", 73, "begun with other")
    // A sample that was replaced meanwhile.
    let samples = place.work.folder.appendingPathComponent("out/utility/samples")
    let name = try #require(try place.times("out/utility/samples", ".png").keys.sorted().first)
    let pixels = (0..<1024).map { UInt8($0 % 251) }
    try Data(GrayscaleImage(width: 32, height: 32, pixels: pixels).pngBytes())
      .write(to: samples.appendingPathComponent(name))
    try expect("--quiet", 73, "begun with other synthetic images")
    let drawing = try place.thorax("\(Place.model) --quiet")
    #expect(drawing.status == 65 && drawing.errors.contains("\(name) of"), "\(drawing.errors)")
  }

  @Test("what cannot be compared ends in one line and its exit code, and nothing is trained")
  func refused() throws {
    try Place.with { place in
      func write(_ folder: String, _ count: Int, side: Int = 32, prompt: (Int) -> String?) throws {
        let url = place.work.folder.appendingPathComponent(folder)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        var table = "prompt,img_savename,subject_id\n"
        for index in 0..<count {
          let own = index == count - 1 ? side : 32
          let pixels = (0..<own * own).map { UInt8(truncatingIfNeeded: $0 &* (index + 3) / 7 + index) }
          try Data(GrayscaleImage(width: own, height: own, pixels: pixels).pngBytes())
            .write(to: url.appendingPathComponent("\(index).png"))
          if let text = prompt(index) { table += "\(text),\(index).png,nobody-\(index)\n" }
        }
        if prompt(0) != nil { try Data(table.utf8).write(to: url.appendingPathComponent("prompt_INFO.csv")) }
      }
      try write("mute", 45) { _ in nil }
      try write("vague", 45) { _ in "chest radiograph" }
      try write("few", 39) { _ in "cardiomegaly" }
      try write("alike", 45) { _ in "cardiomegaly" }
      try write("sizes", 45, side: 40) { _ in "cardiomegaly" }
      try write("empty", 0) { _ in nil }
      let larger = try place.thorax("data phantom --count 130 --size 64 --output larger --split 40/30/30 --quiet")
      #expect(larger.status == 0, "\(larger.errors)")
      // Prompts of the first patients of the phantoms, one in five of whom is tested on.
      let table = try String(decoding: place.work.data("alike/prompt_INFO.csv"), as: UTF8.self)
      let patients = (0..<45).reduce(table) { text, index in
        let number = String(repeating: "0", count: index < 10 ? 5 : 4) + "\(index)"
        return text.replacing("nobody-\(index)\n", with: "phantom-1-\(number)\n")
      }
      try Data(patients.utf8).write(to: place.work.folder.appendingPathComponent("seen.csv"))
      try Data("prompt,img_savename\ncardiomegaly,none.png\n".utf8)
        .write(to: place.work.folder.appendingPathComponent("absent.csv"))
      try Data("words\nx\n".utf8).write(to: place.work.folder.appendingPathComponent("wrong.csv"))

      let cases: [(words: String, status: Int32, says: String)] = [
        ("", 64, "one of --model and --synthetic"),
        ("--model tiny --synthetic alike", 64, "one of --model and --synthetic"),
        ("--synthetic alike --count 50", 64, "leave them out with --synthetic"),
        ("--model tiny --prompts wrong.csv", 64, "--prompts"),
        ("--model tiny --count 5", 64, "count"),
        ("--model none", 66, "none"),
        ("--synthetic alike --seeds 1,1", 64, "seeds"),
        ("--synthetic alike --seeds x", 64, "seeds"),
        ("--synthetic alike --share 1", 64, "share"),
        ("--synthetic alike --set mirror=true", 64, "never mirrored"),
        ("--synthetic alike --set labels=[Cardiomegaly]", 64, "--finding"),
        ("--synthetic alike --set stepz=3", 64, "stepz"),
        ("--synthetic alike --set steps=0", 64, "steps"),
        ("--synthetic alike --recipe none", 64, "none"),
        ("--synthetic none", 66, "'none' does not exist"),
        ("--synthetic empty", 66, "holds no PNG or JPEG"),
        ("--synthetic mute", 65, "none of the 45 images of mute says what it was drawn from"),
        ("--synthetic vague", 65, "none of the 45 images of vague"),
        ("--synthetic few", 65, "has 39 images where 40 are needed"),
        ("--synthetic alike", 65, "the synthetic part has 45 images with Cardiomegaly and 0 without where 10"),
        ("--synthetic alike --finding Mass", 65, "no label of Mass"),
        ("--synthetic sizes", 65, "40x40 pixels and those before it 32x32"),
        ("--synthetic alike --prompts seen.csv", 65, "who are tested on, phantom-1-0000"),
        ("--synthetic alike --prompts absent.csv", 65, "names none.png"),
        ("--synthetic alike --prompts wrong.csv", 65, "img_savename"),
        (
          "--synthetic alike --data larger", 65,
          "0.png of alike has 32x32 pixels and the dataset's images 64x64: import a dataset with --size 32"
        ),
        ("--model tiny --data larger", 65, "have 64 pixels a side and the model's 32"),
        ("--synthetic alike --source nih", 64, "no image is of the source 'nih': give one of"),
      ]
      for (index, (words, status, says)) in cases.enumerated() {
        let result = try place.thorax(
          "evaluate utility --output out-\(index) --quiet \(words)",
          words.contains("--data") ? [] : ["--data", "phantoms"])
        #expect(result.status == status && !result.wasKilled, "\(words): \(result.status) \(result.errors)")
        #expect(result.errorLines.count == 1 && result.output.isEmpty, "\(words): \(result.errors)")
        #expect(result.errors.hasPrefix("error: ") && result.errors.contains(says), "\(words): \(result.errors)")
      }
      let missing = try place.thorax("evaluate utility --data none --synthetic alike --output out --quiet")
      #expect(missing.status == 66 && missing.errorLines.count == 1, "\(missing.errors)")
      #expect(try place.work.files().filter { $0.contains("/runs") }.isEmpty)
    }
  }
}
