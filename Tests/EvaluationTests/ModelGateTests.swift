import Foundation
import Generation
import ImageFiles
import Models
import Support
import TestSupport
import Testing

@testable import Evaluation
@testable import RadiographData

@Suite("The gate before a model", .serialized)
struct ModelGateTests {
  private static let samples = 40

  private func withGate(
    _ body: (_ dataset: RadiographDataset, _ generator: WatchedGenerator, _ extractor: ExtractorChoice) async throws ->
      Void
  ) async throws {
    try await withTinyModel { model, root in
      let judge = root.appendingPathComponent("judge.safetensors").path
      try TinyJudge.write(to: judge)
      try await body(
        WavePictures.makeDataset(in: root), WatchedGenerator(host: ModelHost.load(model)), ExtractorChoice(path: judge))
    }
  }

  private func run(
    _ dataset: RadiographDataset, _ generator: WatchedGenerator, _ extractor: ExtractorChoice,
    in folder: SampleFolder? = nil
  ) async throws -> ModelGate.Result {
    try await ModelGate(host: generator, dataset: dataset, extractors: [extractor]) { _ in }
      .run(samples: Self.samples, seed: 0, folder: folder)
  }

  @Test("a model that draws altered training images is refused in every space, and one that draws new ones passes")
  func verdicts() async throws {
    try await withGate { dataset, generator, extractor in
      let training = try dataset.records(matching: RecordFilter(split: .train, requiresText: false))
      let images = try training.map { try dataset.image(of: $0) }
      var generator = generator
      // Each sample is drawn for the prompt of a training image, evenly spaced, from the next seed.
      generator.picture = { _, seed, _ in
        var random = SplitMix64(seed: seed)
        return try CopyAlteration.gamma(images[Int(seed) * images.count / Self.samples], random: &random)
      }
      let copied = try await run(dataset, generator, extractor)
      #expect(copied.report.n == Self.samples && copied.report.refused)
      #expect(Set(copied.report.thresholds.keys) == ["pixels", "latents", "features"])
      #expect(Double(copied.report.copies) >= 0.95 * Double(Self.samples), "\(copied.report.summary)")
      #expect((copied.report.copiesBySpace["pixels"] ?? 0) >= 38, "\(copied.report.copiesBySpace)")
      #expect(copied.report.summary.hasSuffix("may be by chance: refused"))
      let named = copied.report.images.enumerated().count { place, finding in
        let record = training[place * training.count / Self.samples]
        return finding.nearness.nearest.contains(record.path)
      }
      #expect(named >= 38, "\(named)")

      generator.picture = { _, seed, _ in
        try WavePictures.picture(seed + 7000, effusion: seed % 2 == 0)
      }
      let new = try await run(dataset, generator, extractor)
      #expect(!new.report.refused && new.report.copies <= new.report.allowed, "\(new.report.summary)")
      #expect(new.report.training == training.count && new.report.summary.hasSuffix("passed"))
    }
  }

  @Test("a gate that was interrupted draws what is missing, and says the same")
  func resumed() async throws {
    try await withGate { dataset, generator, extractor in
      let path = dataset.url.deletingLastPathComponent().appendingPathComponent("samples").path
      func folder() throws -> SampleFolder {
        try SampleFolder(
          path: path,
          origin: SampleFolder.Origin(
            model: "tiny", hash: generator.hash,
            sampling: SamplingSettings(steps: 4, guidance: 1, sampler: .euler), precision: "fp32"))
      }
      await generator.log.fail(after: 15)
      await #expect(throws: CancellationError.self) { try await run(dataset, generator, extractor, in: folder()) }
      let again = WatchedGenerator(host: generator.host)
      let resumed = try await run(dataset, again, extractor, in: folder())
      #expect(await again.log.drawn == Self.samples - 15)
      let whole = try await run(dataset, WatchedGenerator(host: generator.host), extractor)
      #expect(whole.report.images.map(\.nearness) == resumed.report.images.map(\.nearness))
    }
  }
}
