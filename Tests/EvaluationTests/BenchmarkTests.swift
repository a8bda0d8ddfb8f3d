import Foundation
import ImageFiles
import RadiographData
import RadiographImport
import RadiographTestSupport
import Support
import TestSupport
import Testing

@testable import Evaluation

@Suite("CheXGenBench's figures, as published and corrected")
struct BenchmarkTests {
  private let expected: MetricReference.Benchmark
  private let real: FeatureMatrix
  private let generated: FeatureMatrix

  init() throws {
    expected = try MetricReference.load().benchmark
    real = try MetricInputs.features(seed: 3, rows: 121, columns: 12)
    generated = try MetricInputs.features(seed: 4, rows: 91, columns: 12, scale: 1.3, shift: 0.2)
  }

  @Test("sets are divided as numpy.array_split divides them")
  func parts() {
    #expect(BenchmarkFidelity.divided(10) == [0..<3, 3..<6, 6..<8, 8..<10])
    #expect(BenchmarkFidelity.divided(8) == [0..<2, 2..<4, 4..<6, 6..<8])
    #expect(BenchmarkFidelity.divided(3).map(\.count) == [1, 1, 1, 0])
  }

  @Test(
    "fidelity as published agrees with torchmetrics and prdc on four parts, and the kernel distance on subsets of all")
  func published() throws {
    let values = try BenchmarkFidelity.published(real: real, generated: generated, seed: 17)
    // A rounded average of rounded figures: another digit would be another value.
    #expect(abs(values.frechet - expected.frechet) < 1e-9)
    expectEqual(
      [values.precision, values.recall, values.density, values.coverage], expected.manifold, within: 1e-9)
    #expect(abs(values.kernel - expected.kernel[0]) < 5e-4 + 1e-9, "rounded to three digits")
    expectEqual([values.kernelDeviation], [expected.kernel[1]], within: 1e-6)

    let same = real.selecting(Array(0..<91))
    let equal = try BenchmarkFidelity.published(real: same, generated: generated, seed: 17)
    #expect(abs(equal.kernel - expected.kernelOfEqualSets[0]) < 5e-4 + 1e-9)
    #expect(equal.kernelDeviation < 1e-9, "all subsets of sets of equal size are the same")
  }

  @Test("corrected figures are those of all images, and the kernel distance has a deviation")
  func corrected() throws {
    let values = try BenchmarkFidelity.corrected(real: real, generated: generated, seed: 17)
    let manifold = try ManifoldMetrics(real: real, generated: generated, neighbours: 5)
    #expect(values.frechet == (try FrechetDistance.between(real, generated)))
    #expect(values.frechet < expected.frechet, "the distance of fewer images is greater")
    #expect(values.precision == manifold.precision && values.coverage == manifold.coverage)
    let whole = try KernelDistance.between(real, generated)
    #expect(abs(values.kernel - whole) < 3 * values.kernelDeviation / 10)
    let same = try BenchmarkFidelity.corrected(
      real: real.selecting(Array(0..<91)), generated: generated, seed: 17)
    #expect(same.kernelDeviation > 0.05)
  }

  @Test("figures come in pairs that say how they differ, beside those of real images")
  func fidelityFigures() throws {
    let training = try MetricInputs.features(seed: 5, rows: 91, columns: 12)
    let figures = try BenchmarkFidelity.figures(
      samples: generated, heldOut: real, training: training, extractor: "network", how: "features", seed: 17)
    #expect(figures.count == 14)
    for pair in stride(from: 0, to: figures.count, by: 2).map({ (figures[$0], figures[$0 + 1]) }) {
      #expect(pair.0.name.hasSuffix(", as published") && pair.1.name.hasSuffix(", corrected"))
      #expect(pair.0.name.dropLast(14) == pair.1.name.dropLast(11) && pair.0.how != pair.1.how)
      #expect(pair.0.real != nil && pair.1.real != nil && pair.0.count == 91)
    }
    #expect(figures[0].value == expected.frechet && figures[0].name.contains("Fréchet distance, network"))
  }

  @Test("figures of a finding are those of the samples that ask for it and of the real images that have it")
  func findings() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-benchmark-\(UUID())")
    defer { try? FileManager.default.removeItem(at: root) }
    let records = try WavePictures.makeDataset(in: root).records(ofSource: "nih")
    let dataset = try RadiographDataset.open(root.appendingPathComponent("dataset"))
    let training = try DatasetImages(dataset, records: records.filter { $0.split == .train }, title: "training")
    let heldOut = try DatasetImages(dataset, records: records.filter { $0.split != .train }, title: "held out")
    let prompts = ["Large pleural effusion.", "No pleural effusion.", "Normal chest.", "Possible left effusion."]
    let samples = DrawnImages(
      title: "samples",
      items: try (0..<60).map {
        DrawnImages.Item(
          name: "\($0)", image: try WavePictures.picture(UInt64($0), effusion: false),
          facts: ImageFacts(prompt: prompts[$0 % 4]))
      })
    func compared(_ samples: DrawnImages) -> ComparedImages {
      ComparedImages(samples: samples, heldOut: heldOut, training: training, side: WavePictures.side, seed: 1)
    }
    let found = try BenchmarkFindings(compared(samples))
    // The chest is called normal by 15 samples, which are too few.
    #expect(found.findings.map(\.name) == ["Effusion"])
    let effusion = try #require(found.findings.first)
    #expect(effusion.samples == Array(0..<60).filter { $0 % 4 == 0 || $0 % 4 == 3 })
    #expect(effusion.heldOut.allSatisfy { heldOut.records[$0].attributes.labels["Effusion"] == .positive })
    #expect(effusion.heldOut.count == heldOut.records.count { $0.attributes.labels["Effusion"] == .positive })
    #expect(effusion.training.count == 30)
    let features = try (
      samples: MetricInputs.features(seed: 7, rows: 60, columns: 6),
      heldOut: MetricInputs.features(seed: 8, rows: heldOut.count, columns: 6),
      training: MetricInputs.features(seed: 9, rows: training.count, columns: 6)
    )
    let figures = try found.figures(
      samples: features.samples, heldOut: features.heldOut, training: features.training, extractor: "network",
      how: "features", seed: 17)
    #expect(figures.count == 6 && figures[0].name == "CheXGenBench effusion, Fréchet distance, network")
    let real = features.heldOut.selecting(effusion.heldOut)
    let ours = try FrechetDistance.between(real, features.samples.selecting(effusion.samples))
    let stand = try FrechetDistance.between(real, features.training.selecting(effusion.training))
    #expect(figures[0].value == ours && figures[0].real == stand && figures[0].count == 30)
    let few = DrawnImages(title: "few", items: Array(samples.items.prefix(8)))
    #expect(try BenchmarkFindings(compared(few)).findings.isEmpty)
  }

  private static func bytes(_ random: inout SplitMix64) throws -> GrayscaleImage {
    try GrayscaleImage(width: 5, height: 6, pixels: (0..<30).map { _ in UInt8(random.next(below: 256)) })
  }

  @Test("pixel distances agree with numpy's of 8-bit arrays, and of floating-point ones")
  func pixels() throws {
    var random = SplitMix64(seed: 23)
    let image = try Self.bytes(&random)
    let seeds = try (0..<3).map { _ in try Self.bytes(&random) }
    let summary = BenchmarkPrivacy.summary(try seeds.map { try BenchmarkPrivacy.Distance(image, $0) })
    expectSpreads(summary, expected.pixels)
    let one = try GrayscaleImage(width: 1, height: 1, pixels: [9])
    let ten = try GrayscaleImage(width: 1, height: 1, pixels: [10])
    #expect(try BenchmarkPrivacy.Distance(one, ten).wrapped == 255 && BenchmarkPrivacy.Distance(one, ten).plain == 1)
    #expect(throws: MetricError.countMismatch(what: "pixels of an image", expected: 30, found: 1)) {
      try BenchmarkPrivacy.Distance(image, one)
    }
  }

  private func expectSpreads(_ summary: BenchmarkPairs.Summary, _ expected: MetricReference.Benchmark.Spreads) {
    let (published, corrected) = (summary.published, summary.corrected)
    expectEqual([published.mean, published.nearest], expected.published, within: 1e-12)
    expectEqual([corrected.mean, corrected.nearest], expected.corrected, within: 1e-12)
  }

  @Test("distances of features and scores agree with torch's, of all seeds, rounded as published and as they are")
  func latents() throws {
    let one = try MetricInputs.features(seed: 5, rows: 1, columns: 12)[0]
    let others = try MetricInputs.features(seed: 6, rows: 3, columns: 12)
    let distances = try (0..<3).map { try BenchmarkPairs.latentDistance(one, others[$0]) }
    expectSpreads(BenchmarkPairs.Summary(distances, nearest: .least), expected.latents)
    func dot(_ a: some Collection<Double>, _ b: some Collection<Double>) -> Double {
      zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let cosines = (0..<3).map {
      dot(one, others[$0]) / (dot(one, one) * dot(others[$0], others[$0])).squareRoot()
    }
    expectSpreads(BenchmarkPairs.Summary(cosines, nearest: .greatest), expected.scores)
    #expect(throws: MetricError.countMismatch(what: "features of an image", expected: 12, found: 11)) {
      try BenchmarkPairs.latentDistance(one, others[0].dropLast())
    }
    #expect(throws: MetricError.countMismatch(what: "features of an image", expected: 0, found: 0)) {
      try BenchmarkPairs.latentDistance([], [])
    }
  }

  /// Images of one patient each, with a caption.
  private static func makeDataset(in root: URL) throws -> RadiographDataset {
    let pictures = root.appendingPathComponent("pictures")
    try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
    var options = DatasetImport.Options()
    options.imageSize = 64
    options.split = try SplitFractions("50/25/25")
    let entries = try (0..<40).map { patient in
      let file = pictures.appendingPathComponent("\(patient).png")
      try Data(CopyGateTests.chest(UInt64(patient), side: 64).pngBytes()).write(to: file)
      return ImportEntry(
        path: "\(patient).png", file: file, patient: "\(patient)", study: "0",
        attributes: RadiographAttributes(view: .anteroposterior),
        sections: [TextSection(name: "caption", text: "Right effusion of size \(patient / 2).")])
    }
    let list = ImportSource(
      name: "captions", kind: "table", licence: "CC0-1.0", attribution: "", vocabulary: [], root: pictures,
      entries: entries, exclusions: [])
    let folder = root.appendingPathComponent("dataset")
    _ = try DatasetImport(list, into: folder, options: options).run()
    return try RadiographDataset.open(folder)
  }

  @Test(
    "samples are compared with the first training image of their prompt, and prompts of no training image are left out")
  func privacyFigures() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-benchmark-\(UUID())")
    defer { try? FileManager.default.removeItem(at: root) }
    let dataset = try Self.makeDataset(in: root)
    let records = try dataset.records(matching: RecordFilter(requiresText: false))
    let training = try DatasetImages(dataset, records: records.filter { $0.split == .train }, title: "training")
    let heldOut = try DatasetImages(dataset, records: records.filter { $0.split == .test }, title: "held out")
    #expect(training.count > 10 && heldOut.count > 5)
    let texts = training.records.map { $0.sections.first?.text ?? "" }
    let one = texts[0]
    let other = try #require(texts.first { $0 != one })
    let prompts = [one, "never seen", other, one.uppercased(), " \(one) ", other]
    let samples = DrawnImages(
      title: "samples",
      items: try prompts.enumerated().map { index, prompt in
        DrawnImages.Item(
          name: "\(index)", image: try CopyGateTests.chest(UInt64(500 + index), side: 64),
          facts: ImageFacts(prompt: prompt))
      })
    func compared(_ samples: DrawnImages) -> ComparedImages {
      ComparedImages(samples: samples, heldOut: heldOut, training: training, side: 64, seed: 1)
    }
    let found = try BenchmarkPairs(compared(samples))
    let pairs = found.pairs
    let second = try #require(texts.firstIndex(of: other))
    #expect(pairs.map(\.training) == [0, second] && pairs.map(\.samples) == [[0, 3, 4], [2, 5]])
    #expect(pairs.map(\.standIns.count) == [3, 2])
    try expectPrivacy(samples, pairs, compared)
    try expectLatents(root, pairs, compared(samples))
  }

  /// The distances between pixels.
  private func expectPrivacy(
    _ samples: DrawnImages, _ pairs: [BenchmarkPairs.Pair], _ compared: (DrawnImages) -> ComparedImages
  ) throws {
    let training = compared(samples).training
    func figures(_ samples: DrawnImages) throws -> [MeasuredFigure] {
      try BenchmarkPrivacy().figures(compared(samples))
    }
    let found = try figures(samples)
    let distances = try pairs.map { pair in
      try pair.samples.map { try BenchmarkPrivacy.Distance(training.image(at: pair.training), samples.image(at: $0)) }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    let last = mean(distances.map { ($0.last?.wrapped ?? 0) })
    expectEqual(
      found.map(\.value),
      [
        last, mean(distances.map { mean($0.map(\.plain)) }), last, mean(distances.map { $0.map(\.plain).min() ?? 0 }),
      ], within: 1e-4)
    #expect(found.map(\.count) == [2, 2, 2, 2] && found.allSatisfy { ($0.real ?? 0) > 0 })
    #expect(found[1].value < found[0].value, "differences that wrap are greater")
    #expect(try figures(DrawnImages(title: "samples", items: [samples.items[1]])).isEmpty)
  }

  /// The distances between features, and the scores of a network that recognises patients, through the measurements that
  /// `thorax evaluate images` runs.
  private func expectLatents(_ root: URL, _ pairs: [BenchmarkPairs.Pair], _ compared: ComparedImages) throws {
    let judge = root.appendingPathComponent("judge.safetensors").path
    try TinyJudge.write(to: judge, labels: ["a"], side: 32)
    let extractor = try FeatureExtractorFile.load(judge)
    func features(_ set: any ImageSet) throws -> FeatureMatrix {
      try extractor.features(of: (0..<set.count).map { try set.image(at: $0) })
    }
    let (samples, training, heldOut) = try (
      features(compared.samples), features(compared.training), features(compared.heldOut)
    )
    let found = try BenchmarkPairs(compared).latentFigures(
      samples: samples, training: training, heldOut: heldOut, extractor: extractor.figureName, how: "features")
    #expect(
      found.map(\.name)
        == ["mean", "least"].flatMap { value in
          ["as published", "corrected"].map {
            "CheXGenBench latent distance, \(extractor.name), \(value) over seeds, \($0)"
          }
        })
    let distances = pairs.map { pair in
      pair.samples.map { sample in
        let squares = zip(training[pair.training], samples[sample]).map { ($0 - $1) * ($0 - $1) }
        return (squares.reduce(0, +) / Double(squares.count)).squareRoot()
      }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    let corrected = [mean(distances.map(mean)), mean(distances.map { $0.min() ?? 0 })]
    expectEqual([found[1].value, found[3].value], corrected, within: 1e-9)
    expectEqual([found[0].value, found[2].value], corrected, within: 1e-4)
    #expect(found[0].value != found[1].value, "rounded")
    #expect(found.allSatisfy { $0.count == 2 && ($0.real ?? 0) > 0 })

    let scores = try BenchmarkPairs(compared).scoreFigures(
      "network", how: "a test", samples: { Double($0) + Double($1) / 8 }, real: { _, _ in 0.5 })
    #expect(scores.map(\.real) == [0.5, 0.5, 0.5, 0.5])
    let (first, second) = (Double(pairs[0].training), Double(pairs[1].training))
    expectEqual(
      [scores[1].value, scores[3].value],
      [(first + 7 / 24.0 + second + 7 / 16.0) / 2, (first + 4 / 8.0 + second + 5 / 8.0) / 2], within: 1e-12)
    #expect(scores[3].name == "CheXGenBench re-identification score, network, greatest over seeds, corrected")
  }
}
