import Foundation
import ImageFiles
import RadiographData
import RadiographImport
import Support
import TestBasics
import TestSupport
import Testing

@testable import Evaluation
@testable import Training

@Suite("Whether anatomy is corrupted", .serialized)
struct AnatomyTests {
  /// Phantoms, and a classifier that was shown some of them corrupted.
  private static func withJudge(_ body: (RadiographDataset, String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    let root = URL(fileURLWithPath: folder.path("."))
    var options = try PhantomSource.options(size: 64)
    options.split = try SplitFractions("50/25/25")
    let data = root.appendingPathComponent("dataset")
    _ = try DatasetImport(PhantomSource.list(count: 480, seed: 3), into: data, options: options).run()
    let names = ImageCorruption.allCases.map(\.name).joined(separator: ", ")
    let request = TrainingRequest(
      dataset: data, run: root.appendingPathComponent("run"),
      settings: [
        "steps=120", "batchSize=32", "warmupSteps=5", "learningRate=3e-3", "emaDecay=0.9", "imageSide=64",
        "labels=[\(names)]", "balanced=true", "precision=float32", "cadence.validate=60",
      ])
    #expect(try Trainer.trainClassifier(request, shouldStop: { false }, report: { _ in }) == .finished(step: 120))
    try body(RadiographDataset.open(data), RunFolder(request.run, stage: .classifier).best.path)
  }

  @Test("the judges that ship say what they were trained on: NIH and Kermany, less two files that are copies of others")
  func shippedRecord() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    for judge in ["judge", "anatomy"] {
      let file = root.appendingPathComponent("models/thorax-judge/\(judge).safetensors")
      let record = try #require(TrainingRecord(network: file.path))
      #expect(record.identities.count == 9_591 + 3_991 - 2)
      #expect(record.identities.allSatisfy { $0.count == 64 && $0.allSatisfy(\.isHexDigit) })
      #expect(record.patients.count > 2000 && record.patients.allSatisfy { $0.count == 64 })
    }
  }

  @Test("corrupted phantoms are told from intact ones and from controls, and a set's share is counted")
  func judge() throws {
    try Self.withJudge { dataset, path in
      let measured = try ClassifierMeasurement(path: path, dataset: dataset, part: .test, seed: 1)
      #expect(measured.rows.isEmpty && measured.corruptions.map(\.label) == ImageCorruption.allCases.map(\.name))
      for row in measured.corruptions {
        #expect(row.n == measured.images && row.ci95[0] <= row.auroc && row.auroc <= row.ci95[1])
        #expect(row.operations.map(\.allowed) == [0.01, 0.05])
        #expect(row.operations[0].recall <= row.operations[1].recall && row.operations[1].falseAlarms < 0.2, "\(row)")
      }

      // A short training finds lungs and hearts; contours take longer.
      for row in [measured.corruptions[0], measured.corruptions[2]] {
        #expect(row.auroc > 0.8 && row.controlAUROC > 0.75, "\(row)")
      }

      let records = try dataset.records(matching: RecordFilter(requiresText: false))
      let test = try DatasetImages(dataset, records: records.filter { $0.split == .test }, title: "test")
      let corrupted = CorruptedImages(base: test, corruption: .missingLung, isControl: false, seed: 9)
      let half = test.count / 2
      let samples = DrawnImages(
        title: "samples",
        items: try (0..<test.count).map { place in
          let set: any ImageSet = place < half ? corrupted : test
          return DrawnImages.Item(name: "\(place)", image: try set.image(at: place), facts: ImageFacts())
        })
      let measurement = try AnatomyMeasurement(path, dataset: dataset, avoiding: .test, seed: 1)
      let (figures, suspects) = try measurement.figures(of: samples, heldOut: test)
      #expect(
        figures.map(\.name) == ["implausible"].map { "anatomy, \($0)" }
          + ImageCorruption.allCases.map { "anatomy, \($0.name)" })
      let recall = try #require(measured.corruptions.first?.operations.first?.recall)
      #expect(abs(figures[1].value - recall / 2) < 0.15, "\(figures[1]) \(recall)")
      #expect(figures.allSatisfy { $0.value <= figures[0].value && $0.count == test.count })
      for figure in figures {
        let (real, interval) = (try #require(figure.real), try #require(figure.realInterval))
        #expect(real < 0.15 && interval.contains(real), "\(figure)")
      }
      #expect(suspects.prefix(5).allSatisfy { $0.place < half && $0.corruption == .missingLung && $0.excess > 0 })
      #expect(zip(suspects, suspects.dropFirst()).allSatisfy { $0.excess >= $1.excess })
      #expect(suspects.count == test.count)

      // The run says whom it was trained on: the training part cannot be measured as if it were new.
      let others = try CalibrationImages(dataset, avoiding: .test, minimum: 40)
      #expect(try others.requireUnseen(by: path, part: .test, source: nil, of: dataset))
      let record = try #require(TrainingRecord(network: path))
      let trained = records.filter { $0.split == .train }
      #expect {
        try record.requireUnseen(trained, all: records, model: path)
      } throws: {
        guard case MeasurementError.trainedOn(path, trained.count, trained.count, let names) = $0 else { return false }
        return names == Array(trained.map(\.patient).sorted().prefix(5))
      }
      // And a gate against another dataset than its own, of which it could have copied nothing, is refused.
      try record.requireAll(in: dataset, model: path)
      let other = try #require(TrainingRecord(lines: trained.map(\.identity) + ["a", "b"]))
      #expect(throws: MeasurementError.trainedElsewhere(model: path, missing: 2, images: trained.count + 2)) {
        try other.requireAll(in: dataset, model: path)
      }
      #expect(TrainingRecord(lines: []) == nil)
      let alone = try TemporaryFolder()
      let copy = alone.path("judge.safetensors")
      try FileManager.default.copyItem(atPath: path, toPath: copy)
      #expect(TrainingRecord(network: copy) == nil)
      #expect(try !others.requireUnseen(by: copy, part: .test, source: nil, of: dataset))
    }
  }

  @Test("a corrupted set has its own hash, and its images follow from seed and place")
  func corruptedSets() throws {
    let base = try CopyGateTests.set(0..<3)
    func set(_ corruption: ImageCorruption, isControl: Bool = false, seed: UInt64 = 1) -> CorruptedImages {
      CorruptedImages(base: base, corruption: corruption, isControl: isControl, seed: seed)
    }
    let sets = [
      set(.missingLung), set(.missingLung, isControl: true), set(.missingLung, seed: 2), set(.mirroredHeart),
    ]
    #expect(Set(sets.map(\.contentHash) + [base.contentHash]).count == 5)
    #expect(Set(try sets.map { try $0.image(at: 1).pixels } + [base.image(at: 1).pixels]).count == 5)
    #expect(try sets[0].image(at: 1) == set(.missingLung).image(at: 1) && sets[0].name(at: 1) == "1")
    let wide = DrawnImages(
      title: "wide",
      items: [
        DrawnImages.Item(
          name: "w", image: try GrayscaleImage(width: 4, height: 2, pixels: Array(repeating: 0, count: 8)),
          facts: ImageFacts())
      ])
    #expect(throws: MeasurementError.self) {
      try CorruptedImages(base: wide, corruption: .missingLung, isControl: false, seed: 1).image(at: 0)
    }
  }

  @Test("a classifier without labels of corruptions is refused")
  func otherClassifier() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("judge.safetensors")
    try TinyJudge.write(to: path)
    #expect(throws: MeasurementError.noCorruptions(path: path)) { try AnatomyJudge(contentsOf: path) }
    try TinyJudge.write(to: path, labels: ["female", "mirrored heart"])
    #expect(try AnatomyJudge(contentsOf: path).corruptions == [.mirroredHeart])
  }
}
