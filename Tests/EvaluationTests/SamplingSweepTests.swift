import Foundation
import Generation
import ImageFiles
import ImageOutput
import Models
import RadiographImport
import Support
import TestBasics
import TestSupport
import Testing

@testable import Evaluation
@testable import RadiographData
@testable import Training

@Suite("Steps and guidance against time, fidelity and agreement", .serialized)
struct SamplingSweepTests {
  /// An image that has lost a share of its contrast.
  private static func faded(_ image: GrayscaleImage, by share: Double) throws -> GrayscaleImage {
    try GrayscaleImage(
      width: image.width, height: image.height,
      pixels: image.pixels.map { UInt8(Double($0) * (1 - share) + 128 * share) })
  }

  /// A sweep in a folder of its own.
  private struct Place {
    let root: URL
    let dataset: RadiographDataset
    let host: ModelHost

    func run(
      _ generator: WatchedGenerator, _ options: SamplingSweep.Options, in name: String = "samples"
    ) async throws -> SamplingSweep.Report {
      try await SamplingSweep(host: generator, dataset: dataset, options: options) { _ in }.run { steps in
        try SampleFolder(
          path: root.appendingPathComponent("\(name)/\(steps)").path,
          origin: SampleFolder.Origin(
            model: "tiny", hash: host.hash,
            sampling: SamplingSettings(steps: steps, guidance: 1, sampler: .euler), precision: "fp32"))
      }
    }
  }

  private func withPlace(_ body: (Place) async throws -> Void) async throws {
    try await withTinyModel { model, root in
      try await body(
        Place(root: root, dataset: WavePictures.makeDataset(in: root), host: ModelHost.load(model)))
    }
  }

  @Test("of a tiny model more steps come nearer to the most, and nothing is drawn twice")
  func tinyModel() async throws {
    try await withPlace { place in
      let judge = place.root.appendingPathComponent("extractor.safetensors").path
      try TinyJudge.write(to: judge)
      var options = SamplingSweep.Options(steps: [1, 16, 4], guidances: [1, 4])
      options.samples = 20
      options.extractor = ExtractorChoice(path: judge)
      let generator = WatchedGenerator(host: place.host)
      let report = try await place.run(generator, options)
      #expect(
        report.points.map(\.steps) == [16, 4, 1, 16, 4, 1] && report.points.map(\.guidance) == [1, 1, 1, 4, 4, 4])
      #expect(report.points.allSatisfy { $0.n == 20 && $0.agreement == nil && ($0.peakBytes ?? 0) > 0 })
      for points in [report.points[..<3], report.points[3...]].map(Array.init) {
        #expect(points[0].similarity == 1)
        #expect(points[2].similarity < points[1].similarity && points[1].similarity < 1, "\(points)")
        #expect(points.allSatisfy { $0.milliseconds > 0 && $0.frechet > 0 && ($0.features ?? -1) > 0 })
      }
      #expect(report.points[0].frechet != report.points[3].frechet, "guidance makes other images")
      #expect(report.realFrechet > 0 && report.realFrechet < report.points[0].frechet, "noise is no radiograph")
      let extractor = try #require(report.extractor)
      #expect(extractor.hasPrefix("Thorax classifier (small) ") && report.judge == nil && report.realAgreement == nil)
      // Twenty samples and the timed ones, the first of which warms up, of six settings.
      let timed = DrawingCost.timed + 1
      #expect(await generator.log.drawn == 6 * (20 + timed))

      let again = WatchedGenerator(host: place.host)
      let second = try await place.run(again, options)
      #expect(await again.log.drawn == 6 * timed)
      #expect(second.points.map(\.similarity) == report.points.map(\.similarity))
      #expect(second.points.map(\.frechet) == report.points.map(\.frechet))

      // A call that ends in the middle of the second setting goes on there.
      let killed = WatchedGenerator(host: place.host)
      await killed.log.fail(after: 20 + timed + 7)
      await #expect(throws: CancellationError.self) { try await place.run(killed, options, in: "killed") }
      let resumed = WatchedGenerator(host: place.host)
      let third = try await place.run(resumed, options, in: "killed")
      #expect(await resumed.log.drawn == 6 * (20 + timed) - 27)
      #expect(third.points.map(\.frechet) == report.points.map(\.frechet))
      try check(report, in: place.root.appendingPathComponent("results"))
    }
  }

  /// What the table and the page say, and the report of the model, in whose folder the sweep lies.
  private func check(_ report: SamplingSweep.Report, in folder: URL) throws {
    let lines = report.markdown.split(separator: "\n").filter { $0.hasPrefix("|") }
    #expect(lines.count == 2 + 6 + 1)
    #expect(lines[2].hasPrefix("| 16 | 1 | ") && lines[8].hasPrefix("| real images |  |  |  |  | "))
    let page = SweepPage(report: report, program: "thorax").document()
    #expect(page.contains("tiny") && page.contains("<svg"))

    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    #expect(try StoredResults(in: folder.path, model: report.hash).markdown.isEmpty)
    let file = folder.appendingPathComponent(SamplingSweep.Report.fileName)
    try PrettyJSON.data(report).write(to: file)
    let stored = try StoredResults(in: folder.path, model: report.hash)
    #expect(stored.sweep?.points == report.points && stored.markdown.contains(report.markdown))
    let model = FigureReport.Model(name: "m", hash: report.hash, steps: 1, guidance: 1, sampler: "s")
    var whole = EvaluationPage(
      title: "t", report: FigureReport(model: model, images: [], seed: 0, figures: []), charts: [], pictures: [],
      program: "p")
    whole.stored = stored
    #expect(try whole.document().contains("id=\"sweep\""))
    #expect(try StoredResults(in: folder.path, model: nil).sweep == nil, "beside images of no model")
    let other = MeasurementError.report(
      path: file.path, reason: "it is of another model, \(report.hash.prefix(12)): remove it or measure again")
    #expect(throws: other) { try StoredResults(in: folder.path, model: "other") }
    try Data("{}".utf8).write(to: file)
    #expect(
      throws: MeasurementError.report(
        path: file.path, reason: "it is not what 'thorax evaluate sweep' writes: remove it or measure again")
    ) { try StoredResults(in: folder.path, model: report.hash) }
  }

  @Test("held-out images themselves have no distance, paler ones more, and the judge sees what was drawn as asked")
  func knownImages() async throws {
    try await withPlace { place in
      let request = TrainingRequest(
        dataset: place.dataset.url, run: place.root.appendingPathComponent("judge"),
        settings: [
          "steps=60", "batchSize=16", "warmupSteps=5", "learningRate=2e-3", "emaDecay=0.9", "imageSide=32",
          "labels=[Effusion]", "precision=float32", "cadence.validate=60",
        ])
      #expect(try Trainer.trainClassifier(request, shouldStop: { false }, report: { _ in }) == .finished(step: 60))
      var options = SamplingSweep.Options(steps: [4, 2, 1], guidances: [2])
      options.samples = 1000
      options.judge = RunFolder(request.run, stage: .classifier).best.path
      let sets = try RadiographSets(place.dataset, part: .test)
      let heldOut = try sets.images(of: sets.heldOutAdults)
      let count = heldOut.count
      var generator = WatchedGenerator(host: place.host)
      // Asked images are of a woman or a man; the others are drawn for the held-out adults in turn.
      generator.picture = { prompt, seed, steps in
        if prompt.contains("year-old") && prompt.contains("chest radiograph: ") {
          return try WavePictures.picture(seed + 9000, effusion: !prompt.contains("clear lungs"))
        }
        let place = Int(seed) % count
        return try Self.faded(heldOut[place], by: [4: 0, 2: 0.2, 1: 0.6][steps] ?? 1)
      }
      let report = try await place.run(generator, options)
      #expect(report.points.map(\.steps) == [4, 2, 1] && report.points.allSatisfy { $0.n == count })
      #expect(abs(report.points[0].frechet) < 1e-6 && report.realFrechet > 1e-3)
      #expect(report.points[0].similarity == 1 && report.points[1].similarity > report.points[2].similarity)
      #expect(report.points[1].frechet < report.points[2].frechet)
      let real = try #require(report.realAgreement)
      #expect(real > 0.9 && report.points.allSatisfy { ($0.agreement ?? 0) > 0.9 }, "\(report.points)")

      // Normal chests whatever is asked for: all normal ones are right, and no other.
      generator.picture = { _, seed, _ in try WavePictures.picture(seed + 9000, effusion: false) }
      options.steps = [2]
      let deaf = try await place.run(generator, options, in: "deaf")
      #expect(abs((deaf.points[0].agreement ?? 0) - 0.5) < 0.1, "\(deaf.points)")

      try Self.checkPrompts(of: place.dataset, sets, judge: try #require(options.judge))
    }
  }

  /// Images of anybody are judged by what their prompts say.
  private static func checkPrompts(of dataset: RadiographDataset, _ sets: RadiographSets, judge: String) throws {
    let measurement = try PromptedJudgement(judge, dataset: dataset, avoiding: .test) { _ in }
    func figures(_ prompts: [String?]) throws -> [String: MeasuredFigure] {
      let items = try (0..<60).map { index in
        DrawnImages.Item(
          name: "\(index)", image: try WavePictures.picture(UInt64(index) + 20_000, effusion: index % 2 == 0),
          facts: ImageFacts(prompt: prompts[index % 2]))
      }
      let compared = ComparedImages(
        samples: DrawnImages(title: "images", items: items),
        heldOut: try DatasetImages(dataset, records: sets.heldOutAdults, title: "held out"),
        training: try DatasetImages(dataset, records: sets.trainingAdults, title: "training"), side: 32, seed: 0)
      return Dictionary(uniqueKeysWithValues: try measurement.figures(compared).map { ($0.name, $0) })
    }
    let prompts = ["Large left pleural effusion.", "Clear lungs, no pleural effusion."]
    let obeyed = try figures(prompts)
    for name in ["precision", "recall", "F1", "AUROC against its absence"] {
      let figure = try #require(obeyed["effusion, \(name)"], "\(obeyed.keys)")
      #expect(figure.value > 0.85 && figure.count == 60 && (figure.real ?? 0) > 0.85, "\(figure)")
    }
    #expect(try #require(obeyed["effusion, kappa"]).value > 0.7)
    // Of rare findings the precision of real images is lower too.
    let label = JudgedLabel(
      name: "a", column: 0, threshold: 0.5,
      heldOut: try ScoredLabels(
        scores: [1, 1, 1, 0, 0, 0, 0, 1], labels: [true, true, true, true] + Array(repeating: false, count: 4)),
      area: 0.8, areaAgainstOthers: nil)
    #expect(label.realMetrics(positives: 16, negatives: 16).precision == 0.75)
    #expect(label.realMetrics(positives: 10, negatives: 90).precision == 0.25)
    #expect(label.realMetrics(positives: 10, negatives: 90).recall == 0.75)
    #expect(try #require(obeyed["finding seen where it is asked for"]).value > 0.85)
    #expect(try #require(obeyed["finding seen where it is not asked for"]).value < 0.15)
    let disobeyed = try figures(prompts.reversed())
    #expect(try #require(disobeyed["effusion, F1"]).value < 0.15)
    #expect(try #require(disobeyed["effusion, kappa"]).value < -0.7)
    // Without prompts nothing is said.
    #expect(try figures([nil, nil]).isEmpty)

    // A judge that has seen the patients is refused, and one that does not say whom it has seen is noted.
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let copy = folder.path("judge.safetensors")
    try FileManager.default.copyItem(atPath: judge, toPath: copy)
    let all = try dataset.records(matching: .everything)
    let notes = try TrainingRecord.requireUnseen(by: [judge, copy], sets.heldOutAdults, all: all)
    #expect(notes.count == 1 && notes[0].contains("judge.safetensors does not say"), "\(notes)")
    let seen = sets.heldOutAdults.prefix(2).map(\.identity).joined(separator: "\n") + "\n"
    try Data(seen.utf8).write(to: URL(fileURLWithPath: folder.path(TrainingRecord.fileName)))
    let error = #expect(throws: MeasurementError.self) {
      try PromptedJudgement(copy, dataset: dataset, avoiding: .test) { _ in }
    }
    guard case .trainedOn(copy, _, _, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(throws: MeasurementError.self) {
      try TrainingRecord.requireUnseen(by: [copy], sets.heldOutAdults, all: all)
    }
  }

  @Test("a dataset of other images or without adults to measure on is refused by one line")
  func refused() async throws {
    try await withPlace { place in
      var options = SamplingSweep.Options(steps: [1], guidances: [1])
      options.part = .validation
      let generator = WatchedGenerator(host: place.host)
      _ = try SamplingSweep(host: generator, dataset: place.dataset, options: options) { _ in }
      let folder = place.root.appendingPathComponent("phantoms")
      for size in [64, 32] {
        let into = folder.appendingPathComponent("\(size)")
        _ = try DatasetImport(
          PhantomSource.list(count: 40, seed: 1), into: into, options: PhantomSource.options(size: size)
        ).run()
        let dataset = try RadiographDataset.open(into)
        let training = try dataset.records().filter { $0.split == .train }
        let error =
          size == 64
          ? MeasurementError.imageSize(dataset: 64, model: 32)
          : .tooFewImages(source: training[0].source, use: "for training", found: training.count, minimum: 40)
        #expect(throws: error) { try SamplingSweep(host: generator, dataset: dataset, options: options) { _ in } }
      }
    }
  }
}
