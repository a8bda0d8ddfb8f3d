import Foundation
import ImageFiles
import Support
import Synchronization
import TestBasics
import Testing

@testable import Evaluation

@Suite("Statistics of features")
struct FeatureStatisticsTests {
  /// The means of an image's quarters, counted as they are computed.
  private struct Quarters: FeatureExtractor {
    final class Calls { var images = 0 }

    struct Preparation: InputPreparation {
      func input(from image: GrayscaleImage) throws -> NetworkInput { NetworkInput(GrayPlane(image)) }
    }

    let name = "quarters"
    var hash = "abc"
    let width = 4
    let classes: Int? = nil
    var preprocessing = "none"
    let calls = Calls()
    var preparation: any InputPreparation { Preparation() }

    func outputs(of inputs: [NetworkInput]) throws -> ExtractorOutputs {
      calls.images += inputs.count
      let values = inputs.flatMap { input -> [Double] in
        let quarter = input.values.count / 4
        return (0..<4).map { part in
          input.values[part * quarter..<(part + 1) * quarter].reduce(0) { $0 + Double($1) } / Double(quarter)
        }
      }
      return ExtractorOutputs(features: try FeatureMatrix(values, rows: inputs.count, columns: 4), logits: nil)
    }
  }

  /// Images that are drawn when they are asked for.
  private struct Drawn: ImageSet {
    final class Order: Sendable { let reached = Mutex(0) }

    let title = "drawn"
    let seeds: Range<UInt64>
    let order = Order()
    var count: Int { seeds.count }
    var contentHash: String { "\(seeds)" }
    let side: Int

    init(_ count: UInt64, from start: UInt64 = 0, side: Int = 8) {
      seeds = start..<start + count
      self.side = side
    }

    func name(at index: Int) -> String { "\(index)" }
    func facts(at index: Int) -> ImageFacts { ImageFacts() }

    func image(at index: Int) throws -> GrayscaleImage {
      order.reached.withLock { $0 = max($0, index + 1) }
      var random = SplitMix64(seed: seeds.lowerBound + UInt64(index))
      return try GrayscaleImage(
        width: side, height: side, pixels: (0..<side * side).map { _ in UInt8(random.next() >> 56) })
    }
  }

  private func close(_ one: [Double], _ other: [Double]) -> Bool {
    one.count == other.count && zip(one, other).allSatisfy { abs($0 - $1) < 1e-9 * max(1, abs($1)) }
  }

  @Test("statistics of batches are those of all features at once, whatever the batch")
  func streamed() throws {
    let images = Drawn(700)
    let extractor = Quarters()
    let all = try GaussianStatistics(extractor.features(of: (0..<700).map { try images.image(at: $0) }))
    for size in [1, 7, 256, 1000] {
      let statistics = try FeatureStatistics.computed(of: images, with: extractor, batchSize: size).gaussian
      #expect(statistics.count == 700)
      #expect(close(statistics.mean, all.mean) && close(statistics.covariance, all.covariance), "batches of \(size)")
    }
  }

  @Test("beside a distance stand that of the second set's halves and that of a half to as many of the first")
  func halves() throws {
    let (first, second) = (Drawn(300), Drawn(601, from: 1000))
    let extractor = Quarters()
    let found = try SetDistance(first, second, with: extractor, resamplesWithSeed: 3) { _ in }
    func features(_ set: Drawn, _ places: [Int]) throws -> FeatureMatrix {
      try extractor.features(of: places.map { try set.image(at: $0) })
    }
    let all = try FrechetDistance.between(features(first, Array(0..<300)), features(second, Array(0..<601)))
    #expect(abs(found.distance - all) < 1e-9 * all && found.images == [300, 601])
    let halves = try #require(found.halves)
    #expect(halves.images == 300)
    // The first and the last 300 of 601 images.
    let (start, end) = try (features(second, Array(0..<300)), features(second, Array(301..<601)))
    let within = try FrechetDistance.between(start, end)
    #expect(abs(halves.withinSecond - within) < 1e-9 * within)
    let across = try FrechetDistance.between(features(first, Array(0..<300)), start)
    #expect(abs(halves.toFirst - across) < 1e-9 * across)
    let ci95 = try #require(found.ci95)
    #expect(ci95[0] < found.distance && found.distance < ci95[1], "\(ci95) of \(found.distance)")

    let few = try SetDistance(Drawn(3), Drawn(40, from: 50), with: extractor) { _ in }
    #expect(few.halves == nil && few.ci95 == nil)
    let fewer = try SetDistance(Drawn(10), Drawn(40, from: 50), with: extractor) { _ in }
    #expect(fewer.halves?.images == 10)
  }

  @Test("no more than two batches are read ahead of what is done")
  func flatMemory() throws {
    let images = Drawn(90)
    var done = 0
    try Quarters().forEachBatch(of: images, batchSize: 10) { outputs in
      done += outputs.features.rows
      // The next batch may be read meanwhile, and none after it.
      Thread.sleep(forTimeInterval: 0.005)
      #expect(images.order.reached.withLock { $0 } <= done + 10)
    }
    #expect(done == 90)
  }

  @Test("thumbnails and power spectra have the statistics of all images at once")
  func pixels() throws {
    let images = Drawn(40, side: 64)
    let others = Drawn(50, from: 100, side: 64)
    let extractor = try ThumbnailExtractor(directionsOf: others, imageSide: 64, components: 5)
    let directions = try PrincipalComponents(others.thumbnails(size: 32, side: 64).features, count: 5)
    let all = try GaussianStatistics(directions.project(images.thumbnails(size: 32, side: 64).features))
    let thumbnails = try FeatureStatistics.computed(of: images, with: extractor, batchSize: 7)
    #expect(close(thumbnails.gaussian.mean, all.mean) && close(thumbnails.gaussian.covariance, all.covariance))
    let same = try ThumbnailExtractor(directionsOf: Drawn(50, from: 100, side: 64), imageSide: 64, components: 5)
    let different = try ThumbnailExtractor(directionsOf: images, imageSide: 64, components: 5)
    #expect(same.hash == extractor.hash && different.hash != extractor.hash)

    let spectrum = try FeatureStatistics.computed(of: images, with: SpectrumExtractor(), batchSize: 7)
    let set = try PowerSpectrum(GrayImages((0..<40).map { try images.image(at: $0) }))
    #expect(close(spectrum.gaussian.mean, set.powers))
  }

  @Test("stored statistics are read only for the same weights, preprocessing and images, and never if damaged")
  func store() throws {
    let folder = try TemporaryFolder()
    let store = FeatureStatisticsStore(folder: folder.path("deep/statistics"))
    let extractor = Quarters()
    let images = Drawn(20)
    func computed(_ images: Drawn, _ extractor: Quarters) throws -> (FeatureStatistics, Int) {
      let before = extractor.calls.images
      return (try store.statistics(of: images, with: extractor), extractor.calls.images - before)
    }
    let (first, firstCalls) = try computed(images, extractor)
    let (again, againCalls) = try computed(images, extractor)
    #expect(firstCalls == 20 && againCalls == 0)
    #expect(again.gaussian.covariance == first.gaussian.covariance && again.gaussian.mean == first.gaussian.mean)
    #expect(again.provenance == first.provenance)
    #expect(try computed(Drawn(20, from: 1), extractor).1 == 20)
    #expect(try computed(images, Quarters(hash: "other")).1 == 20)
    #expect(try computed(images, Quarters(preprocessing: "other")).1 == 20)

    let path = store.path(of: first.provenance)
    let bytes = try Data(contentsOf: URL(filePath: path))
    for damaged in [bytes.dropLast(3), Data(), Data(bytes.map { $0 == UInt8(ascii: "b") ? UInt8(ascii: "B") : $0 })] {
      try damaged.write(to: URL(filePath: path))
      #expect(try computed(images, extractor).1 == 20)
      #expect(try computed(images, extractor).1 == 0)
    }
    // Another file under the name of this one.
    try FileManager.default.removeItem(atPath: path)
    let other = try computed(Drawn(20, from: 1), extractor).0
    try FileManager.default.copyItem(atPath: store.path(of: other.provenance), toPath: path)
    #expect(try computed(images, extractor).1 == 20)
  }

  @Test("statistics of different extractors or preprocessing have no distance, and a single image has no statistics")
  func refusals() throws {
    let images = Drawn(9)
    let one = try FeatureStatistics.computed(of: images, with: Quarters())
    #expect(try abs(one.frechetDistance(to: one)) < 1e-6)
    let otherWeights = try FeatureStatistics.computed(of: images, with: Quarters(hash: "b"))
    let otherWay = try FeatureStatistics.computed(of: images, with: Quarters(preprocessing: "half"))
    #expect(throws: FeatureError.incomparable(what: "extractors", one: "quarters, abc", other: "quarters, b")) {
      try one.frechetDistance(to: otherWeights)
    }
    #expect(throws: FeatureError.incomparable(what: "preprocessing", one: "none", other: "half")) {
      try one.frechetDistance(to: otherWay)
    }
    #expect(throws: MetricError.tooFew(what: "images", found: 1, minimum: 2)) {
      try FeatureStatistics.computed(of: Drawn(1), with: Quarters())
    }
  }

  @Test("statistics of a folder end with the name of a file that changed meanwhile")
  func changedFolder() throws {
    let folder = try TemporaryFolder()
    let image = try Drawn(1).image(at: 0)
    for name in ["b.png", "a.PNG", "c.jpg"] {
      let format = name.hasSuffix("jpg") ? ImageFormat.jpeg : .png
      try Data(image.encoded(as: format)).write(to: URL(filePath: folder.path(name)))
    }
    let images = try FolderImages(path: folder.url.path)
    #expect(try FeatureStatistics.computed(of: images, with: Quarters()).provenance.count == 3)
    try Data("no image".utf8).write(to: URL(filePath: folder.path("b.png")))
    #expect(throws: MeasurementError.changed(path: folder.url.path, name: "b.png")) {
      try FeatureStatistics.computed(of: images, with: Quarters())
    }
    let unreadable = MeasurementError.unreadableImage(
      path: folder.path("b.png"), reason: "\(ImageFileError.unknownFormat)")
    #expect(throws: unreadable) {
      try FeatureStatistics.computed(of: FolderImages(path: folder.url.path), with: Quarters())
    }
  }
}
