import Foundation
import ImageFiles
import RadiographTestSupport
import Support
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite struct NearDuplicateTests {
  private static func random(_ seed: UInt64) -> PerceptualHash {
    PerceptualHash(
      words: SIMD4((0..<4).map { SplitMix64.mixed(seed &* 4 &+ $0) }))
  }

  private static func changed(_ hash: PerceptualHash, bits: Int, seed: UInt64) -> PerceptualHash {
    var hash = hash
    var flipped: Set<UInt64> = []
    var state = seed
    while flipped.count < bits {
      state = SplitMix64.mixed(state)
      if flipped.insert(state % 256).inserted { hash.words[Int(state % 256) >> 6] ^= 1 << (state % 256 & 63) }
    }
    return hash
  }

  /// Below and above the number from which hashes are looked up by their parts.
  @Test(arguments: [100, 6_000])
  func everyNeighbourIsFoundAndNoOther(count: Int) {
    var index = NearDuplicateIndex(threshold: 40)
    let hashes = (0..<count).map { Self.random(UInt64($0)) }
    for (id, hash) in hashes.enumerated() { index.insert(hash, id: id) }
    for id in stride(from: 0, to: count, by: count / 50) {
      for bits in [0, 1, 20, 39, 40] {
        let query = Self.changed(hashes[id], bits: bits, seed: UInt64(id * 100 + bits))
        #expect(index.neighbours(of: query) == [.init(id: id, distance: bits)])
        #expect(index.nearest(to: query) { _ in true } == .init(id: id, distance: bits))
        #expect(index.nearest(to: query) { $0 != id } == nil)
      }
      #expect(index.neighbours(of: Self.changed(hashes[id], bits: 41, seed: UInt64(id))).isEmpty)
    }
  }

  @Test func bytesKeepTheHash() {
    let hash = Self.random(3)
    #expect(PerceptualHash(bytes: hash.bytes) == hash)
    #expect(PerceptualHash(bytes: Data(count: 31)) == nil)
  }

  /// A picture of many waves that `seed` draws; `gain` is its contrast.
  private static func picture(_ seed: UInt64, side: Int = 64, gain: Double = 1) throws -> GrayscaleImage {
    let waves = (0..<60).map { (wave: Int) -> [Double] in
      (0..<4).map { Double(SplitMix64.unit(at: UInt64(wave * 4 + $0), seed: seed)) }
    }
    let pixels = (0..<side * side).map { position -> UInt8 in
      let (x, y) = (Double(position % side) / Double(side), Double(position / side) / Double(side))
      let value = waves.reduce(0) { $0 + $1[3] * sin(2 * Double.pi * (8 * $1[0] * x + 8 * $1[1] * y + $1[2])) }
      return UInt8(min(max(128 + 12 * gain * value, 0), 255))
    }
    return try GrayscaleImage(width: side, height: side, pixels: pixels)
  }

  @Test func theSamePictureIsAlikeAndAnotherIsNot() throws {
    let one = try #require(try PerceptualHash(Self.picture(1)))
    let lighter = try #require(try PerceptualHash(Self.picture(1, gain: 0.8)))
    let larger = try #require(try PerceptualHash(Self.picture(1, side: 100)))
    let compressed = try GrayscaleImage(decoding: Self.picture(1).jpegBytes(quality: 80))
    let other = try #require(try PerceptualHash(Self.picture(2)))
    #expect(one.distance(to: lighter) <= PerceptualHash.threshold)
    #expect(one.distance(to: larger) <= PerceptualHash.threshold)
    #expect(try #require(PerceptualHash(compressed)).distance(to: one) <= PerceptualHash.threshold)
    #expect(one.distance(to: other) > PerceptualHash.threshold)
    #expect(try PerceptualHash(GrayscaleImage(width: 4, height: 4, pixels: Array(repeating: 9, count: 16))) == nil)
  }

  /// Pictures of forty patients; the last twenty are lighter copies of the first twenty under other names.
  private static func source(in folder: URL, withTexts: Bool = true) throws -> ImportSource {
    let source = folder.appendingPathComponent("source")
    try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
    for index in 0..<40 {
      let name = source.appendingPathComponent("image\(index + 10)")
      let image = try picture(UInt64(index % 20 + 10), gain: index < 20 ? 1 : 0.8)
      try Data(image.pngBytes()).write(to: name.appendingPathExtension("png"))
      if withTexts { try DataFixtures.write("A picture.", to: name.appendingPathExtension("txt")) }
    }
    return try FolderSource.list(source)
  }

  @Test func aCopyOnTheOtherSideIsLeftOut() throws {
    try DataFixtures.withFolder { folder in
      var options = DataFixtures.options(size: 64)
      options.split = try SplitFractions("50/25/25")
      let output = folder.appendingPathComponent("dataset")
      let summary = try DatasetImport(Self.source(in: folder), into: output, options: options).run()
      let copies = summary.excluded.filter { $0.reason == .nearDuplicate }
      #expect(!copies.isEmpty && copies.count < 20)
      #expect(copies.allSatisfy { $0.detail.hasPrefix("image") && $0.path >= "image30.png" })
      let dataset = try RadiographDataset.open(output)
      #expect(try dataset.summary().eligible == 40 - copies.count)
      #expect(try dataset.requireNoLeakage().isEmpty)
    }
  }

  /// The autoencoder is trained on images without a text too.
  @Test func aCopyWithoutATextIsLeftOut() throws {
    try DataFixtures.withFolder { folder in
      var options = DataFixtures.options(size: 64, batchSize: 30)
      options.split = try SplitFractions("50/25/25")
      let output = folder.appendingPathComponent("dataset")
      let source = try Self.source(in: folder, withTexts: false)
      let summary = try DatasetImport(source, into: output, options: options).run()
      let copies = Set(summary.excluded.filter { $0.reason == .nearDuplicate }.map(\.path))
      let records = try RadiographDataset.open(output).records(matching: .everything)
      let expected = (0..<20).filter { records[$0].split != records[$0 + 20].split }
      #expect(copies == Set(expected.map { "image\($0 + 30).png" }) && !copies.isEmpty)
      let seen = try RadiographDataset.open(output).records(requiresText: false).map(\.path)
      #expect(seen.count == 40 - copies.count && copies.isDisjoint(with: seen))

      // What is added later is held against what is stored.
      let other = folder.appendingPathComponent("other")
      for count in [20, 40] {
        var part = source
        part.entries = Array(source.entries.prefix(count))
        let summary = try DatasetImport(part, into: other, options: options).run()
        #expect(summary.excluded.contains { $0.reason == .nearDuplicate } == (count == 40))
      }
    }
  }

  @Test func theOldRuleReportsCopiesAndKeepsThem() throws {
    try DataFixtures.withFolder { folder in
      var options = DataFixtures.options(size: 64)
      options.split = try SplitFractions("50/25/25")
      options.splitRule = .hash
      let output = folder.appendingPathComponent("dataset")
      let summary = try DatasetImport(Self.source(in: folder), into: output, options: options).run()
      #expect(summary.excluded.isEmpty)
      let dataset = try RadiographDataset.open(output)
      let found = try dataset.requireNoLeakage()
      let records = try dataset.records()
      let expected = (0..<20).filter { records[$0].split != records[$0 + 20].split }
      let names = expected.map { "source/image\($0 + 10).png" }
      #expect(found.nearDuplicates.map(\.first) == names)
      #expect(found.nearDuplicates.allSatisfy { $0.firstSplit != $0.secondSplit })
    }
  }
}
