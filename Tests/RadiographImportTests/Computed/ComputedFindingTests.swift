import Foundation
import ImageFiles
import RadiographTestSupport
import RadiologyReports
import Testing

@testable import RadiographData
@testable import RadiographImport

@Suite("Findings drawn into normal radiographs")
struct ComputedFindingTests {
  /// A dark square with a bright column in its middle: two lungs and what is between them.
  private static let lungs = LungFrame(
    apex: 0.15, base: 0.8, spine: 0.5, rightEdge: 0.12, leftEdge: 0.88, likeness: 1)
  private static func chest(_ side: Int = 128) throws -> GrayscaleImage {
    let pixels = (0..<side * side).map { abs($0 % side - side / 2) < side / 8 ? UInt8(190) : 70 }
    return try GrayscaleImage(width: side, height: side, pixels: pixels)
  }

  /// How much brighter a finding makes each pixel.
  private static func difference(_ finding: ComputedFinding) throws -> [Int] {
    let image = try chest()
    let drawn = try finding.drawn(into: image, lungs: lungs)
    return zip(image.pixels, drawn.pixels).map { Int($1) - Int($0) }
  }

  private static func finding(
    _ kind: ComputedFinding.Kind, _ side: Laterality, _ zone: ImageFinding.Zone, seed: UInt64
  ) -> ComputedFinding {
    var random = DrawingRandom(.findings, seed: seed, index: 0)
    return ComputedFinding(kind, side: side, zone: zone, random: &random)
  }

  @Test(
    "only the lung of its side becomes brighter, and the words about it say where",
    arguments: ComputedFinding.Kind.allCases, [Laterality.right, .left])
  func place(kind: ComputedFinding.Kind, side: Laterality) throws {
    for seed in 0..<12 as Range<UInt64> {
      let zone = ImageFinding.Zone.allCases[Int(seed % 3)]
      let finding = Self.finding(kind, side, zone, seed: seed)
      let difference = try Self.difference(finding)
      #expect(difference.allSatisfy { $0 >= 0 } && difference.contains { $0 > 8 }, "\(kind) \(seed)")
      // The patient's right is the image's left.
      let other = difference.indices.filter { ($0 % 128 < 64) != (side == .right) }
      #expect(other.allSatisfy { difference[$0] == 0 }, "\(kind) \(seed)")

      let found = finding.findings(lungs: Self.lungs)
      #expect(found.map(\.name) == finding.labels && !found.isEmpty)
      for one in found {
        #expect(one.origin == .computed && one.side == side && one.size != nil)
        if kind == .effusion {
          #expect(one.zones.contains(.lower), "\(seed): \(one.zones)")
        } else {
          #expect(one.zones.contains(zone), "\(kind) \(seed): \(one.zones)")
        }
      }
      // What is brightest above the costophrenic angle lies in the box.
      let box = try #require(found.first).box
      let above = difference.indices.filter { Double($0 / 128) / 128 < Self.lungs.base - 0.02 }
      let brightest = try #require(above.max { difference[$0] < difference[$1] })
      let (x, y) = (Double(brightest % 128) / 128, Double(brightest / 128) / 128)
      #expect(x >= box.x - 0.01 && x <= box.x + box.width && y >= box.y - 0.01 && y <= box.y + box.height)
    }
  }

  @Test("fluid stands higher at the ribs than at the spine")
  func meniscus() throws {
    for seed in 0..<12 as Range<UInt64> {
      let difference = try Self.difference(Self.finding(.effusion, .left, .lower, seed: seed))
      func top(_ column: Int) -> Int? { (0..<128).first { difference[$0 * 128 + column] > 8 } }
      guard let inner = top(84), let outer = top(106) else { continue }
      #expect(outer < inner, "\(seed): \(outer), \(inner)")
    }
  }

  @Test("the same seed draws the same finding, another a different one")
  func seeds() throws {
    func drawn(_ seed: UInt64) throws -> [Int] {
      try Self.difference(Self.finding(.consolidation, .right, .lower, seed: seed))
    }
    let first = try drawn(4)
    #expect(try drawn(4) == first)
    #expect(try drawn(5) != first)
  }

  @Test("a mass is larger than three centimetres, a nodule is not")
  func sizes() {
    var names: Set<String> = []
    for seed in 0..<40 as Range<UInt64> {
      for one in Self.finding(.nodule, .left, .middle, seed: seed).findings(lungs: Self.lungs) {
        names.insert(one.name)
        // Where a sphere is thin its border is not seen.
        let diameter = one.box.width / Self.lungs.width * 280
        #expect(one.name == "Mass" ? diameter > 22 : diameter < 40, "\(seed): \(one.name) of \(diameter) mm")
      }
    }
    #expect(names == ["Mass", "Nodule"])
  }

  // MARK: In a dataset

  /// A few hundred images of NIH's, of which some are normal.
  private static func dataset(_ folder: URL) throws -> RadiographDataset {
    let data = try #require(DataFixtures.shared).appendingPathComponent("data")
    var source = try NIHSource.list([data.appendingPathComponent("nih")], annotations: [])
    source.entries = source.entries.filter { $0.file != nil }
    source.entries = Array(source.entries.prefix(400))
    var options = DatasetImport.Options()
    options.imageSize = 64
    options.splitRule = .hash
    _ = try DatasetImport(source, into: folder, options: options).run()
    return try RadiographDataset.open(folder)
  }

  @Test(
    "they are a source of their own in the training part, of which they are at most a fifth",
    .enabled(if: DataFixtures.shared != nil, "\(DataFixtures.reasonToSkip)"))
  func source() throws {
    try DataFixtures.withFolder { folder in
      let dataset = try Self.dataset(folder.appendingPathComponent("data"))
      let before = try dataset.records()
      let trained = before.count { $0.split == .train }
      let source = try ComputedSource.list(in: dataset, share: 0.2, seed: 3)
      #expect(source.entries.count == trained / 4)
      #expect(
        source.entries.map(\.path) == (try ComputedSource.list(in: dataset, share: 0.2, seed: 3).entries.map(\.path)))
      let summary = try DatasetImport(source, into: dataset.url, options: ComputedSource.options).run()
      #expect(summary.imported == source.entries.count && summary.synthetic == source.entries.count)

      let records = try RadiographDataset.open(dataset.url).records()
      let computed = records.filter(\.isComputed)
      #expect(computed.count == source.entries.count && records.count == before.count + computed.count)
      #expect(computed.allSatisfy { $0.split == .train && !$0.attributes.findings.isEmpty })
      let normal = Set(before.filter { $0.split == .train && $0.attributes.positives == ["No Finding"] }.map(\.patient))
      #expect(computed.allSatisfy { record in normal.contains { record.patient.hasSuffix($0) } })
      let sides = computed.compactMap { $0.attributes.findings.first?.side }
      #expect(abs(sides.count { $0 == .right } * 2 - sides.count) < sides.count / 3)
      let reopened = try RadiographDataset.open(dataset.url)
      // The same call goes on where an interruption ended it; another is refused.
      let again = try ComputedSource.list(in: reopened, share: 0.2, seed: 3)
      try ComputedSource.requireRoom(for: again, in: reopened)
      let nothing = try DatasetImport(again, into: dataset.url, options: ComputedSource.options).run()
      #expect(nothing.imported == 0 && nothing.alreadyThere == source.entries.count)
      for other in [
        try ComputedSource.list(in: reopened, share: 0.2, seed: 4),
        try ComputedSource.list(in: reopened, share: 0.1, seed: 3),
        try ComputedSource.list(in: reopened, kinds: [.nodule], share: 0.2, seed: 3),
      ] {
        #expect(throws: ComputedFindingError.isThere(path: dataset.url.path)) {
          try ComputedSource.requireRoom(for: other, in: reopened)
        }
      }
      let first = try #require(computed.first)
      let original = try #require(before.first { first.path.hasSuffix("\($0.source)/\($0.path)") })
      #expect(try reopened.image(of: first) != reopened.image(of: original))
    }
  }

  @Test("shares that cannot be, no kinds, and datasets without normal radiographs are refused")
  func refused() throws {
    try DataFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("phantoms")
      _ = try DatasetImport(
        PhantomSource.list(count: 30, seed: 1), into: url, options: PhantomSource.options(size: 64)
      ).run()
      let dataset = try RadiographDataset.open(url)
      for share in [0, -0.1, 0.21, 1e-9, .nan, .infinity] {
        #expect(throws: ComputedFindingError.self) { try ComputedSource.list(in: dataset, share: share, seed: 0) }
      }
      #expect(throws: ComputedFindingError.noKinds) { try ComputedSource.list(in: dataset, kinds: [], seed: 0) }
      #expect(throws: ComputedFindingError.tooFewNormal(path: url.path, found: 0, minimum: ComputedSource.minimum)) {
        try ComputedSource.list(in: dataset, seed: 0)
      }
    }
  }
}
