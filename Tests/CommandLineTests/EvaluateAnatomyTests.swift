import Foundation
import TestSupport
import Testing

/// The judge of anatomy from its training to a report, on phantoms.
@Suite(.serialized) struct EvaluateAnatomyTests {
  private struct Judge: Decodable {
    struct Row: Decodable {
      struct Operation: Decodable {
        var allowed: Double
        var recall: Double
      }
      var label: String
      var n: Int
      var auroc: Double
      var operations: [Operation]
    }
    var corruptions: [Row]
  }

  private struct Report: Decodable {
    struct Figure: Decodable {
      var name: String
      var value: Double?
      var ci95: [Double]?
      var real: Double?
      var real_ci95: [Double]?
    }
    var figures: [Figure]
  }

  @Test("a judge is trained by its recipe, measured, and says of a folder how much of it is implausible")
  func anatomy() throws {
    try withTemporaryFolder { (folder: URL) in
      func thorax(_ words: String) throws -> Program.Result {
        try Program.run(
          words.split(separator: " ").map(String.init), in: folder, environment: ["OMP_NUM_THREADS": "1"], patience: 600
        )
      }
      for words in [
        "data phantom --count 300 --seed 1 --size 64 --output phantoms --split 50/25/25 --quiet",
        "data phantom --count 50 --seed 2 --size 64 --export drawn --quiet",
        "train classifier --recipe anatomy --data phantoms --output run --device cpu --threads 1 --set imageSide=32 "
          + "--set steps=20 --set warmupSteps=2 --set precision=float32 --quiet",
      ] {
        let result = try thorax(words)
        try #require(result.status == 0, "thorax \(words): \(result.errors)")
      }
      let judge = "run/classifier/checkpoints/best.safetensors"
      let measured = try thorax("evaluate judge \(judge) --data phantoms --json --quiet")
      try #require(measured.status == 0, "\(measured.errors)")
      let rows = try JSONDecoder().decode(Judge.self, from: Data(measured.output.utf8)).corruptions
      #expect(rows.map(\.label) == ["missing lung", "doubled contour", "mirrored heart"])
      #expect(rows.allSatisfy { (0...1).contains($0.auroc) && $0.n > 40 && $0.operations.count == 2 })
      let table = try thorax("evaluate judge \(judge) --data phantoms --quiet")
      #expect(table.output.contains("recall at 1 %") && table.output.contains("mirrored heart"), "\(table.output)")

      let words = "evaluate images drawn --data phantoms --extractor none --quiet"
      let report = try thorax("\(words) --anatomy \(judge) --output report --json")
      try #require(report.status == 0, "\(report.errors)")
      let figures = try JSONDecoder().decode(Report.self, from: Data(report.output.utf8)).figures
        .filter { $0.name.hasPrefix("anatomy") }
      #expect(figures.map(\.name).first == "anatomy, implausible" && figures.count == 4)
      #expect(figures.allSatisfy { $0.ci95?.count == 2 && $0.real != nil && $0.real_ci95?.count == 2 })
      let page = try String(contentsOf: folder.appendingPathComponent("report/report.html"), encoding: .utf8)
      #expect(page.contains("Least plausible anatomy"))
      let without = try thorax("\(words) --anatomy none")
      #expect(without.status == 0 && !without.output.contains("anatomy"), "\(without.errors)")
      try TinyJudge.write(to: folder.appendingPathComponent("other.safetensors").path)
      let other = try thorax("\(words) --anatomy other.safetensors")
      #expect(other.status == 65 && other.errors.contains("no label of a corruption"), "\(other.errors)")
    }
  }
}
