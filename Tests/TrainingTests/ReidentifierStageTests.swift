import Foundation
import RadiographData
import RadiographModels
import RunRecords
import Support
import TensorFiles
import Testing
import Torch

@testable import Training

@Suite("Training a network that recognises patients", .serialized)
struct ReidentifierStageTests {
  private func recipe(_ settings: [String] = [], steps: Int, batchSize: Int = 16) throws -> ReidentifierRecipe {
    var base = ReidentifierRecipe()
    (base.steps, base.batchSize, base.learningRate, base.emaDecay) = (steps, batchSize, 2e-3, 0.9)
    let recipe = try ConfigurationResolver.resolve(
      base, file: nil, settings: ["imageSide=32", "embeddingWidth=32"] + settings)
    try recipe.validate()
    return recipe
  }

  @Test("patients whom training never saw are recognised, and the file of the best weights does the same")
  func learning() throws {
    let dataset = try PatientsDataset()
    defer { dataset.remove() }
    let objective = try ReidentifierObjective(
      recipe(["shift=0.05", "contrast=0.1"], steps: 80), data: dataset.data())
    let before = try objective.validate(RankShare()).means
    var cadence = Cadence()
    (cadence.validate, cadence.log) = (40, 10)
    try ToyObjective.train(objective, in: dataset.run("run"), cadence: cadence)
    let folder = RunFolder(dataset.run("run"), stage: .reidentifier)
    let rows = MetricsLog(folder.metrics).rows()
    let losses = rows.filter { $0.split == .training }.compactMap { $0.values[.loss] }
    #expect((losses.last ?? .infinity) < 0.5 * (losses.first ?? 0), "\(losses)")
    let last = try #require(rows.last { $0.split == .validation }).values
    #expect(before[.areaUnderROC] ?? 1 < 0.85, "\(before)")
    #expect(last[.areaUnderROC] ?? 0 > 0.95, "\(last)")
    #expect(last[.loss] ?? .infinity < 0.7 * (before[.loss] ?? 0))

    let stored = try Reidentifier(contentsOf: folder.best.path)
    #expect(stored.architecture == ReidentifierArchitecture(width: 32, side: 32))
    let data = try dataset.data()
    var whose: [(source: String, patient: String)] = []
    try data.validation.records.forEach { _, record in whose.append(record.whose) }
    let embedding_ND = try stored(data.validation.images(data.validated))
    let lengths = try embedding_ND.square().sum(dim: [1]).doubles()
    #expect(lengths.allSatisfy { abs($0 - 1) < 1e-5 })
    let (pairs, table) = (PatientPairs(whose, seed: 1).pairs, try embedding_ND.doubles())
    let cosines = pairs.map { pair in
      (0..<32).reduce(0.0) { $0 + table[pair.first * 32 + $1] * table[pair.second * 32 + $1] }
    }
    #expect(RankingMetrics.areaUnderROC(cosines, pairs.map(\.isSamePatient)) ?? 0 > 0.9)
    #expect(FileManager.default.fileExists(atPath: folder.sample(step: 80).path))
    #expect(try String(contentsOf: folder.report, encoding: .utf8).contains("Re-identifier"))
  }

  @Test("the loss is the cross entropy over all images but those of the same patient")
  func formula() throws {
    let loss = ReidentifierLoss(temperature: 0.5)
    let angles = [0.1, 1.3, 2.9, 0.4, 1.1, -2.0]
    let vectors = angles.map { [cos($0), sin($0)] }
    let first = try Tensor(vectors.prefix(3).flatMap { $0 }, shape: [3, 2])
    let second = try Tensor(vectors.suffix(3).flatMap { $0 }, shape: [3, 2])
    for patients in [[7, 8, 9], [7, 8, 7]] {
      let terms = (0..<6).map { row -> Double in
        let own = (row + 3) % 6
        let others = (0..<6).filter { $0 == own || patients[$0 % 3] != patients[row % 3] }
        let exponentials = others.map { exp(cos(angles[row] - angles[$0]) / 0.5) }
        return log(exponentials.reduce(0, +)) - cos(angles[row] - angles[own]) / 0.5
      }
      let value = try loss(first.to(.float32), second.to(.float32), patients: patients).item()
      #expect(abs(value - terms.reduce(0, +) / 6) < 1e-5, "\(patients)")
    }
  }

  @Test("a step shows two different images of each patient, the same however often it is asked for")
  func batches() throws {
    let dataset = try PatientsDataset(patients: 40, single: 4)
    defer { dataset.remove() }
    let data = try dataset.data()
    let objective = try ReidentifierObjective(recipe(["shift=0.05"], steps: 4, batchSize: 8), data: data)
    let repeated = try RepeatedPatients(data.training.records)
    #expect(repeated.images.allSatisfy { $0.count == 2 })
    #expect((16..<data.training.records.count).contains(repeated.count))
    for number in 0..<100 {
      let (first, second) = repeated.two(of: number % repeated.count, (number * 7, number * 3))
      #expect(first != second && Set([first, second]) == Set(repeated.images[number % repeated.count]))
    }
    // The first two steps are of one epoch.
    let slice = BatchSlice(step: 1, batchSize: 8, rows: 0..<8)
    let (one, again) = (try objective.batch(slice), try objective.batch(slice))
    #expect(Set(one.patients).count == 8 && one.patients == again.patients)
    #expect(try one.first_B1HW.floats() == again.first_B1HW.floats())
    #expect(try one.first_B1HW.floats() != one.second_B1HW.floats())
    // What a row holds depends on the step and the row alone.
    let part = try objective.batch(BatchSlice(step: 1, batchSize: 8, rows: 3..<6))
    #expect(part.patients == Array(one.patients[3..<6]))
    #expect(try part.second_B1HW.floats() == one.second_B1HW.narrow(dim: 0, start: 3, length: 3).floats())
  }

  @Test("a run that was stopped and resumed ends with the very bytes of one that was not")
  func exactResume() throws {
    let dataset = try PatientsDataset(patients: 60, single: 0)
    defer { dataset.remove() }
    func run(_ name: String, resume: Bool = false, stopAfter: Int = .max) throws -> Data {
      var cadence = Cadence()
      cadence.validate = 4
      let objective = try ReidentifierObjective(
        recipe(["rotation=5"], steps: 4, batchSize: 8), data: dataset.data())
      try ToyObjective.train(objective, in: dataset.run(name), cadence: cadence, resume: resume, stopAfter: stopAfter)
      return try Data(
        contentsOf: RunFolder(dataset.run(name), stage: .reidentifier).checkpoint(step: min(stopAfter, 4)))
    }
    let whole = try run("whole")
    _ = try run("parts", stopAfter: 2)
    #expect(try run("parts", resume: true) == whole)
  }

  @Test("through the door of the program; too few patients with two images are refused with their number")
  func trainer() throws {
    let dataset = try PatientsDataset(patients: 40, single: 4)
    defer { dataset.remove() }
    let folder = dataset.root.appendingPathComponent("dataset")
    func request(_ settings: [String]) -> TrainingRequest {
      TrainingRequest(
        dataset: folder, run: dataset.run("run"),
        settings: ["steps=2", "warmupSteps=1", "imageSide=16", "precision=float32"] + settings)
    }
    let found = try RepeatedPatients(dataset.data().training.records).count
    let error = TrainingError.tooFewRepeatedPatients(
      path: folder.path, split: "train", found: found, minimum: 41, reason: "batchSize is 41")
    #expect(throws: error) {
      try Trainer.trainReidentifier(request(["batchSize=41"]), shouldStop: { false }, report: { _ in })
    }
    #expect(
      "\(error)".hasSuffix(
        "has \(found) patients with two images or more in its train part where 41 are needed (batchSize is 41): import more "
          + "images of the same patients, or give a smaller batchSize"))
    #expect(!FileManager.default.fileExists(atPath: dataset.run("run").path))
    var plain = request(["batchSize=8"])
    #expect(try Trainer.trainReidentifier(plain, shouldStop: { false }, report: { _ in }) == .finished(step: 2))
    let stage = RunFolder(dataset.run("run"), stage: .reidentifier)
    #expect(try Reidentifier(contentsOf: stage.best.path).architecture.side == 16)
    plain.settings = []
    plain.options.resume = true
    #expect(try Trainer.trainReidentifier(plain, shouldStop: { false }, report: { _ in }) == .finished(step: 2))

    let labelled = try LabelledDataset()
    defer { labelled.remove() }
    var other = request(["batchSize=2"])
    other.dataset = labelled.root.appendingPathComponent("dataset")
    other.run = labelled.run("run")
    #expect {
      try Trainer.trainReidentifier(other, shouldStop: { false }, report: { _ in })
    } throws: {
      "\($0)".contains("has 0 patients with two images or more in its train part where 2 are needed")
    }
  }

  @Test("settings out of range and files of other networks are refused")
  func refused() throws {
    for (key, settings) in [
      ("imageSide", ["imageSide=8"]), ("embeddingWidth", ["embeddingWidth=1"]), ("temperature", ["temperature=0"]),
      ("rotation", ["rotation=200"]), ("shift", ["shift=1"]), ("batchSize", ["batchSize=1"]),
    ] {
      expectRefused(key) { try recipe(settings, steps: 1) }
    }
    try withTemporaryFolder { (folder: URL) throws in
      let path = folder.appendingPathComponent("other.safetensors").path
      try SafetensorsWriter.write(["weight": Tensor.zeros([1])], metadata: [:], to: path)
      #expect(!Reidentifier.isReidentifier(path))
      #expect(throws: ClassifierFileError.noReidentifier(path: path)) { try Reidentifier(contentsOf: path) }
    }
  }
}
