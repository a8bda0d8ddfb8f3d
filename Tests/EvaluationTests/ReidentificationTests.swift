import Foundation
import ImageFiles
import RadiographData
import RadiographImport
import Support
import Testing
import Torch

@testable import Evaluation
@testable import Training

@Suite("Whether samples show patients of the training part", .serialized)
struct ReidentificationTests {
  /// Two altered pictures of each of many chests.
  private static func dataset(in root: URL, patients: Int = 220) throws -> RadiographDataset {
    let pictures = root.appendingPathComponent("pictures")
    try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
    var random = SplitMix64(seed: 5)
    var entries: [ImportEntry] = []
    for patient in 0..<patients {
      for number in 0..<2 {
        let file = pictures.appendingPathComponent("\(patient)-\(number).png")
        let image = try altered(CopyGateTests.chest(UInt64(patient), side: 64), &random)
        try Data(image.pngBytes()).write(to: file)
        entries.append(
          ImportEntry(
            path: file.lastPathComponent, file: file, patient: "\(patient)", study: "\(number)",
            attributes: RadiographAttributes(labels: [:]), sections: []))
      }
    }
    let source = ImportSource(
      name: "chests", kind: "table", licence: "none", attribution: "none", vocabulary: [], root: pictures,
      entries: entries, exclusions: [])
    var options = DatasetImport.Options()
    options.imageSize = 64
    options.split = try SplitFractions("50/30/20")
    let folder = root.appendingPathComponent("dataset")
    _ = try DatasetImport(source, into: folder, options: options).run()
    return try RadiographDataset.open(folder)
  }

  private static func altered(_ image: GrayscaleImage, _ random: inout SplitMix64) throws -> GrayscaleImage {
    try CopyAlteration.shift(CopyAlteration.gamma(image, random: &random), random: &random)
  }

  @Test("planted patients are found, new ones are not, and the network's own worth stands beside")
  func planted() throws {
    try withTemporaryFolder { (root: URL) throws in
      let dataset = try Self.dataset(in: root)
      let request = TrainingRequest(
        dataset: dataset.url, run: root.appendingPathComponent("run"),
        settings: [
          "steps=80", "batchSize=32", "warmupSteps=5", "learningRate=2e-3", "emaDecay=0.9", "imageSide=32",
          "precision=float32", "cadence.validate=80",
        ])
      #expect(try Trainer.trainReidentifier(request, shouldStop: { false }, report: { _ in }) == .finished(step: 80))
      let path = RunFolder(request.run, stage: .reidentifier).best.path
      let records = try dataset.records(matching: RecordFilter(requiresText: false))
      let training = try DatasetImages(dataset, records: records.filter { $0.split == .train }, title: "training")
      let heldOut = try DatasetImages(dataset, records: records.filter { $0.split == .test }, title: "test")
      var random = SplitMix64(seed: 9)
      let copies = try (0..<30).map { try Self.altered(training.image(at: 3 * $0), &random) }
      let new = try (1000..<1030).map { try Self.altered(CopyGateTests.chest($0, side: 64), &random) }
      let samples = DrawnImages(
        title: "samples",
        items: (copies + new).enumerated().map {
          DrawnImages.Item(name: "\($0.offset)", image: $0.element, facts: ImageFacts())
        })
      let compared = ComparedImages(samples: samples, heldOut: heldOut, training: training, side: 64, seed: 1)
      let measurement = try ReidentificationMeasurement(path, dataset: dataset, avoiding: .test) { _ in }
      let figures = try measurement.figures(compared)
      #expect(figures.allSatisfy { $0.name.hasSuffix(", re-identification") } && figures.count == 4)
      #expect((0.4...0.55).contains(figures[0].value), "\(figures[0])")
      #expect(figures[0].real ?? 1 <= 0.06, "\(figures[0])")
      #expect(figures[1].value > figures[1].real ?? 1)
      #expect(figures[2].value > 0.95, "\(figures[2])")
      #expect(figures[2].interval?.contains(figures[2].value) == true)
      #expect(figures[3].value > 0.5, "\(figures[3])")

      // By itself, as `evaluate judge` measures it.
      let alone = try ReidentifierMeasurement(path: path, dataset: dataset, part: .test, seed: 1)
      #expect(alone.auroc == figures[2].value && alone.recognised == figures[3].value)
      #expect(alone.images == heldOut.count && alone.notes.isEmpty && alone.ci95[0] < alone.auroc)

      // As an extractor of features it is found by what its file says.
      let extractor = try FeatureExtractorFile.load(path)
      #expect(extractor is ReidentifierExtractor && extractor.width == 128)
    }
  }

  @Test("a dataset whose other parts cannot set a threshold is refused with their number")
  func tooFew() throws {
    try withTemporaryFolder { (root: URL) throws in
      let dataset = try Self.dataset(in: root, patients: 40)
      let found = try dataset.records(matching: RecordFilter(requiresText: false)).count { $0.split != .train }
      let error = MeasurementError.tooFewInSet(
        path: "the images of patients outside of training", found: found, minimum: 100)
      #expect((1..<100).contains(found))
      func measurement(_ isRequired: Bool, _ remarks: inout [String]) throws -> ReidentificationMeasurement? {
        try ReidentificationMeasurement.measurement(
          ReidentifierChoice(path: "none", isRequired: isRequired), dataset: dataset, avoiding: .test,
          remarks: &remarks
        ) { _ in }
      }
      // Of the network that ships the report says so, and all else is measured.
      var remarks: [String] = []
      #expect(try measurement(false, &remarks) == nil)
      #expect(remarks.count == 1 && remarks.first?.contains("\(found) images") == true, "\(remarks)")
      #expect(throws: error) { try measurement(true, &remarks) }
      #expect(throws: MeasurementError.unknownSource("nobody", known: ["chests"])) {
        try ReidentificationMeasurement("none", dataset: dataset, avoiding: .test, source: "nobody") { _ in }
      }
    }
  }

  private func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-reidentification-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }
}
