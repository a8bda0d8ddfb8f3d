import Foundation
import TestSupport
import Testing

/// `thorax evaluate run` on a short run of tiny networks on phantoms, by the features of tiny classifiers.
@Suite("Distances of a run's samples through the program", .serialized)
struct EvaluateRunTests {
  /// A run whose diffusion model keeps the weights of steps 2 and 4, two classifiers beside it, and the calls on them.
  private struct Place {
    let place: Workplace

    static func with(_ body: (Place) throws -> Void) throws {
      try withWorkplace { work in
        let place = Place(place: work)
        try place.train()
        try body(place)
      }
    }

    func thorax(_ words: String, _ more: [String] = []) throws -> Program.Result {
      try place.run(words.split(separator: " ").map(String.init) + more)
    }

    private func train() throws {
      var architecture = TinyModel.architecture
      architecture.imageSide = 64
      try JSONEncoder().encode(architecture).write(to: place.folder.appendingPathComponent("tiny.json"))
      let common = "--quiet --device cpu --threads 1 --set batchSize=4 --set warmupSteps=0 --set precision=float32"
      let model = "--data phantoms --output run --set architecture=tiny.json \(common)"
      // Pictures take longer than all steps: they are drawn once, at the end.
      let steps = "--set steps=4 --set cadence.validate=4 --set cadence.checkpoint=2 --set cadence.log=1"
      for words in [
        "data phantom --count 120 --seed 1 --output phantoms --split 60/40/0 --quiet",
        "train vae \(model) --set steps=1 --set cropSize=32",
        "train diffusion \(model) --set textEncoder=tiny --set learningRate=1e-2 --set emaDecay=0.5 "
          + "--set averageWidths=[0.1] --set cadence.snapshot=4 \(steps)",
        "train classifier --data phantoms --output one \(common) --set steps=1 --set imageSide=16",
        "train classifier --data phantoms --output two \(common) --set steps=1 --set imageSide=16 --set seed=1",
      ] {
        let result = try thorax(words)
        try #require(result.status == 0, "thorax \(words): \(result.errors)")
      }
    }

    /// The words of a call by the features of a classifier.
    func words(_ classifier: String) -> String {
      "evaluate run run --data phantoms --samples 40 --threads 1 --extractor "
        + "\(classifier)/classifier/checkpoints/best.safetensors"
    }

    func measure(_ classifier: String, _ more: String...) throws -> Program.Result {
      try thorax(words(classifier), more)
    }

    /// The table of the diffusion model, line by line.
    func table() throws -> [String] {
      let result = try thorax("train status run --table")
      #expect(result.status == 0, "\(result.errors)")
      let lines = result.output.split(separator: "\n").map(String.init)
      return Array(lines.drop { !$0.hasPrefix("Table 2") })
    }

    /// The samples that are kept, with the time at which each was written.
    func samples() throws -> [String: Date] {
      let folder = place.folder.appendingPathComponent("run/diffusion/distances")
      let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".png") }
      return try names.reduce(into: [:]) { times, name in
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(name).path)
        times[name] = attributes[.modificationDate] as? Date
      }
    }
  }

  /// The last cells of a table's rows.
  private static func cells(_ table: [String], last: Int) -> [[Double?]] {
    table.dropFirst(3).filter { $0.hasPrefix("|") }.map { row in
      row.split(separator: "|").suffix(last).map { cell in
        Double(cell.trimmingCharacters(in: CharacterSet(charactersIn: " *")).filter { $0 != "," })
      }
    }
  }

  @Test("bad input is refused; a killed call goes on; a second call draws nothing; another network has its own column")
  func wholeWay() throws {
    try Place.with { place in
      try refuse(place)
      #expect(try !place.table()[1].contains("distance"))
      let output = try outputAfterKill(place)
      let folder = place.place.folder.appendingPathComponent("run/diffusion/distances")
      try FileManager.default.removeItem(at: folder)
      try measure(place, output: output)
    }
  }

  /// The column is there, stays as it is at a second call that draws nothing, and another network has its own.
  ///
  /// - Parameter output: What the first call prints.
  private func measure(_ place: Place, output: String) throws {
    let first = try place.measure("one")
    #expect(first.status == 0 && first.output == output, "\(first.errors)")
    let table = try place.table()
    #expect(first.output.split(separator: "\n").map(String.init) == table)
    #expect(table[1].hasSuffix("| Fréchet distance, Thorax classifier (small), n = 40 |"))
    let values = Self.cells(table, last: 1).map { $0[0] }
    #expect(values.count == 2 && values.allSatisfy { ($0 ?? 0) > 0 } && values[0] != values[1])
    #expect(table.last?.contains("As many training images in the samples' place: ") == true)
    let page = try String(decoding: place.place.data("run/report.html"), as: UTF8.self)
    #expect(page.contains("Fréchet distance, Thorax classifier (small), n = 40</th>"))
    // Step 2 has a checkpoint and no validation.
    #expect(table[3].contains("| 2 | ") && table[3].contains(" - ") && table[4].contains("| **4** | "))
    let drawn = try place.samples()
    #expect(drawn.count == 80)

    // Again: nothing is drawn, and all is as it was.
    let second = try place.measure("one")
    #expect(second.status == 0 && second.output == first.output, "\(second.errors)")
    #expect(!second.errors.contains("step 2:") && second.errors.contains("validation images"))
    #expect(try place.samples() == drawn)

    // Other features have a column of their own, of the same samples.
    let other = try place.measure("two")
    #expect(other.status == 0, "\(other.errors)")
    let both = Self.cells(try place.table(), last: 2)
    #expect(try place.samples() == drawn)
    let kept = both.allSatisfy { row in row.contains { cell in values.contains { $0 == cell } } }
    #expect(kept && both.allSatisfy { $0[0] != $0[1] && !$0.contains(nil) })

    // So has another average of the weights.
    let average = try place.measure("one", "--ema-width", "0.1", "--json")
    #expect(average.status == 0, "\(average.errors)")
    let object = try JSONSerialization.jsonObject(with: Data(average.output.utf8)) as? [String: [[String: Any]]]
    let column = try #require(object?["distances"]?.first)
    #expect(column["average_width"] as? Double == 0.1 && column["samples"] as? Int == 40)
    #expect((column["values"] as? [[String: Any]])?.map { $0["step"] as? Int } == [4])
    #expect(try place.table()[1].contains("n = 40, average of width 0.1 |"))
  }

  /// A call that was killed goes on with the samples that are there; the result is what it prints in the end.
  private func outputAfterKill(_ place: Place) throws -> String {
    let killed = try place.place.run(
      place.words("one").split(separator: " ").map(String.init), signal: SIGKILL,
      when: { ((try? place.samples()) ?? [:]).count >= 10 })
    #expect(killed.wasKilled)
    let before = try place.samples()
    #expect(before.count >= 10 && before.count < 80)
    let result = try place.measure("one")
    #expect(result.status == 0, "\(result.errors)")
    let after = try place.samples()
    #expect(after.count == 80)
    // The sample that was being written down at the end may be drawn again.
    #expect(before.count { after[$0.key] != $0.value } <= 1)
    return result.output
  }

  /// Bad input is answered by one line, and nothing is written.
  private func refuse(_ place: Place) throws {
    let other = try place.thorax("data phantom --count 130 --seed 2 --output other --split 60/40/0 --quiet")
    try #require(other.status == 0, "\(other.errors)")
    let network = ["--extractor", "one/classifier/checkpoints/best.safetensors"]
    let data = ["--data", "phantoms"]
    let cases: [(arguments: [String], status: Int32, says: String)] = [
      (["run"] + data + ["--extractor", "none"], 64, "there is no network to compare by"),
      (["run"] + data + ["--extractor", "none.pth"], 66, "'none.pth' does not exist"),
      (["run"] + data + ["--extractor", "run/vae/checkpoints/best.safetensors"], 65, "is no feature extractor"),
      (["run"] + data + ["--extractor", "tiny.json"], 65, "tiny.json"),
      (["run", "--data", "other"] + network, 65, "is not the dataset of the run"),
      (["phantoms"] + data + network, 66, "is no folder of a run"),
      (["one"] + data + network, 66, "has no trained diffusion"),
      (["run"] + data + network + ["--samples", "39"], 64, "samples is 39: choose 40"),
      (["run"] + data + network + ["--samples", "4000"], 64, "4000 samples are more than the"),
      (["run"] + data + network + ["--ema-width", "0.5"], 64, "--ema-width cannot be 0.5"),
    ]
    for (arguments, status, says) in cases {
      let result = try place.thorax("evaluate run", arguments)
      #expect(result.status == status && !result.wasKilled, "\(arguments): \(result.errors)")
      #expect(result.errorLines.count == 1 && result.output.isEmpty, "\(arguments): \(result.errors)")
      #expect(result.errors.hasPrefix("error: ") && result.errors.contains(says), "\(arguments): \(result.errors)")
    }
    #expect(try !place.place.files().contains { $0.contains("distances") })
  }
}
