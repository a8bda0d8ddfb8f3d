import Foundation
import Testing

@testable import RunRecords

@Suite("Distances of samples in a run's table")
struct SampleDistancesTests {
  private func rows(_ count: Int) -> [MetricsRow] {
    (1...count).flatMap { index -> [MetricsRow] in
      [
        MetricsRow(
          step: index * 10, split: .training, values: [.loss: Double(index), .learningRate: 1e-3],
          epoch: Double(index) / 2),
        MetricsRow(step: index * 10, split: .validation, values: [.loss: 1 / Double(index)], epoch: Double(index) / 2),
      ]
    }
  }

  private func distances(
    _ values: [Int: Double], measure: String = "Fréchet distance", network: String = "classifier",
    hash: String = "0123456789abcdef", width: Double? = nil
  ) -> SampleDistances {
    var distances = SampleDistances(
      measure: measure, network: network, extractor: "a classifier", extractorHash: hash, preprocessing: "to 64x64",
      averageWidth: width, samples: 200, seed: 7, images: 56, imagesHash: "images", trainingDistance: 1.25,
      trainingDraws: 5)
    for (step, value) in values { distances.set(.init(step: step, distance: value, model: "model \(step)")) }
    return distances
  }

  private func stage(_ rows: [MetricsRow], _ distances: [SampleDistances]) -> StageRecord {
    StageRecord(
      StageDescription(
        name: "diffusion", title: "Diffusion model",
        columns: [
          StageColumn("Training loss", .training, .loss), StageColumn("Validation loss", .validation, .loss),
        ]), totalSteps: 100, settings: [], rows: rows, sheets: [], distances: distances)
  }

  private func lines(_ rows: [MetricsRow], _ distances: [SampleDistances]) throws -> [String] {
    try #require(StageTable(stage(rows, distances), number: 2)).markdown().split(separator: "\n").map(String.init)
  }

  @Test("each step that was measured has its distance, the others none, and below stands how")
  func column() throws {
    let lines = try lines(rows(3), [distances([10: 30.5, 30: 12.25])])
    #expect(lines[1] == "| Epoch | Step | Training loss | Validation loss | Fréchet distance, classifier, n = 200 |")
    #expect(lines[3] == "| 0.5 | 10 | 1 | 1 | 30.5 |")
    #expect(lines[4] == "| 1 | 20 | 2 | 0.5 | - |")
    #expect(lines[5] == "| **1.5** | **30** | **3** | **0.3333** | **12.25** |")
    #expect(lines.count == 7)
    for part in [
      "Fréchet distance, classifier, n = 200: 200 samples of the exponential average", "from seed 7 on",
      "against its 56 images", "a classifier, 0123456789ab (to 64x64)",
      "As many training images in the samples' place: 1.25, the mean of 5 draws.",
    ] { #expect(lines[6].contains(part), "\(part)") }
  }

  @Test("a step of which only samples were measured has a row with the training before it")
  func unvalidatedStep() throws {
    let lines = try lines(rows(2), [distances([15: 20, 40: 4])])
    let expected = [
      "| 0.5 | 10 | 1 | 1 | - |", "| 0.75 | 15 | - | - | 20 |", "| **1** | **20** | **2** | **0.5** | **-** |",
      "| 2 | 40 | - | - | 4 |",
    ]
    #expect(Array(lines[3..<7]) == expected)
    let training = [MetricsRow(step: 10, split: .training, values: [.loss: 3], epoch: 1)]
    #expect(try self.lines(training, [distances([10: 2])])[3] == "| 1 | 10 | 3 | 2 |")
  }

  @Test("columns that differ in anything are told apart, and one without values is left out")
  func heads() throws {
    let head = try lines(
      rows(1),
      [
        distances([10: 1]), distances([10: 2], hash: "fedcba9876543210"), distances([10: 3], width: 0.08),
        distances([10: 4], measure: "FID", network: "clean"), distances([:], network: "empty"),
      ])[1]
    let heads = head.split(separator: "|").dropFirst(4).map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(heads.count == 4 && Set(heads).count == 4)
    #expect(heads[0].hasPrefix("Fréchet distance, classifier, n = 200, 01234567"))
    #expect(heads[1].hasPrefix("Fréchet distance, classifier, n = 200, fedcba98"))
    #expect(heads[2] == "Fréchet distance, classifier, n = 200, average of width 0.08")
    #expect(heads[3] == "FID, clean, n = 200")
  }

  @Test("rows with a distance stay where many rows are thinned")
  func thinned() throws {
    let measured = Dictionary(uniqueKeysWithValues: (1...40).map { ($0 * 70, Double($0)) })
    let lines = try lines(rows(500), [distances(measured)])
    let rows = lines[3...].filter { $0.hasPrefix("|") }
    #expect(rows.count { !$0.hasSuffix("| - |") && !$0.hasSuffix("| **-** |") } == 40)
    #expect(rows.count < 105)
  }

  @Test("the page has the column, a curve of it, and what was measured")
  func page() {
    let text = RunPage(
      name: "run", stages: [stage(rows(3), [distances([10: 30.5, 30: 12.25])])], program: "thorax"
    ).document()
    #expect(text.contains("Fréchet distance, classifier, n = 200</th>"))
    #expect(text.contains("<title id=\"diffusion-distance-0-title\">Fréchet distance, classifier, n = 200</title>"))
    #expect(text.contains("Samples: 30.5 at step 10, 12.25 at step 30"))
    #expect(text.contains("Training images in their place: 1.25 at step 0, 1.25 at step 30"))
    #expect(text.contains("the mean of 5 draws."))
  }

  @Test("a column is stored under what it was measured with, and a value takes the place of the one before")
  func files() throws {
    try withFolder { folder in
      #expect(SampleDistances.all(in: folder.appendingPathComponent("none")).isEmpty)
      var one = distances([10: 3, 20: 2])
      try one.write(in: folder)
      #expect(one.stored(in: folder) == one)
      #expect(distances([:]).stored(in: folder) == one)
      for other in [distances([:], hash: "other"), distances([:], width: 0.1)] {
        #expect(other.stored(in: folder) == nil)
      }
      one.set(.init(step: 10, distance: 5, model: "another"))
      try one.write(in: folder)
      #expect(one.values.map(\.distance) == [5, 2] && one[10]?.model == "another" && one[30] == nil)
      let second = distances([10: 1], hash: "other")
      try second.write(in: folder)
      try Data("{".utf8).write(to: folder.appendingPathComponent("damaged.json"))
      #expect(SampleDistances.all(in: folder) == [one, second].sorted { $0.key < $1.key })
      #expect(throws: EncodingError.self) { try distances([10: .nan]).write(in: folder) }
      #expect(SampleDistances.all(in: folder).count == 2)
    }
  }
}
