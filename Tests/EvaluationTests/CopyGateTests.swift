import Foundation
import ImageFiles
import RadiographData
import RadiographImport
import RadiographTestSupport
import Support
import TensorFiles
import TestBasics
import TestSupport
import Testing

@testable import Evaluation

@Suite("Copies of training images")
struct CopyGateTests {
  /// Ribs, a heart and noise of a coarse grid, at places that the seed decides.
  static func chest(_ seed: UInt64, side: Int = 128) throws -> GrayscaleImage {
    var random = SplitMix64(seed: seed)
    func number(_ range: ClosedRange<Double>) -> Double {
      range.lowerBound + (range.upperBound - range.lowerBound) * Double(random.next(below: 10_000)) / 10_000
    }
    let (phase, pitch, slope) = (number(0...6), number(0.30...0.45), number(-0.3...0.3))
    let (heartX, heartY, heartR) = (number(0.4...0.6), number(0.5...0.7), number(0.12...0.2))
    let grid = (0..<81).map { _ in number(-1...1) }
    let pixels = (0..<side * side).map { index -> UInt8 in
      let (x, y) = (Double(index % side) / Double(side), Double(index / side) / Double(side))
      let rib = sin(phase + (y + slope * abs(x - 0.5)) * 60 * pitch)
      let heart = hypot(x - heartX, y - heartY) < heartR ? 0.25 : 0
      let (gx, gy) = (x * 8, y * 8)
      let (cx, cy) = (min(Int(gx), 7), min(Int(gy), 7))
      let (fx, fy) = (gx - Double(cx), gy - Double(cy))
      let top = grid[cy * 9 + cx] * (1 - fx) + grid[cy * 9 + cx + 1] * fx
      let bottom = grid[cy * 9 + 9 + cx] * (1 - fx) + grid[cy * 9 + 10 + cx] * fx
      return UInt8(min(max(120 + 25 * rib + 80 * heart + 45 * (top * (1 - fy) + bottom * fy), 0), 255))
    }
    return try GrayscaleImage(width: side, height: side, pixels: pixels)
  }

  static func set(_ seeds: Range<UInt64>, _ change: (GrayscaleImage) throws -> GrayscaleImage = { $0 }) throws
    -> DrawnImages
  {
    DrawnImages(
      title: "chests",
      items: try seeds.map {
        DrawnImages.Item(name: "\($0)", image: try change(chest($0)), facts: ImageFacts())
      })
  }

  @Test("copies are found whatever was done to them, and new images pass")
  func copies() async throws {
    let gate = try await CopyGate(index: GateIndex(Self.set(0..<60)), calibration: Self.set(1000..<1200))
    let new = GateReport(try await gate.findings(Self.set(2000..<2050)), gate: gate)
    #expect(new.copies <= 1 && !new.refused, "\(new.nearest.first.map { "\($0)" } ?? "")")
    for alteration in CopyAlteration.allCases {
      var random = SplitMix64(seed: 1)
      let altered = try Self.set(0..<10) { try alteration($0, random: &random) }
      let report = GateReport(try await gate.findings(altered), gate: gate)
      #expect(report.copies >= 9 && report.refused, "\(alteration): \(report.copies)")
      let right = report.images.count { $0.nearness.nearest == $0.path }
      #expect(right >= 9, "\(alteration): the right one in \(right)")
    }
  }

  @Test("every alteration changes the picture, anew for each image and alike for each seed")
  func alterations() throws {
    let image = try Self.chest(1)
    for alteration in CopyAlteration.allCases {
      var random = SplitMix64(seed: 7)
      let first = try alteration(image, random: &random)
      let second = try alteration(image, random: &random)
      var again = SplitMix64(seed: 7)
      #expect(try alteration(image, random: &again) == first)
      #expect(first != image && (first.width, first.height) == (image.width, image.height))
      // Without numbers to draw there is one blur.
      #expect((first == second) == (alteration == .blur), "\(alteration)")
    }
  }

  @Test("the threshold leaves one in two hundred below it, and is lowered where there are too few to say")
  func threshold() {
    let many = (0..<999).map { Double($0) }
    #expect(CopyGate.thresholds([many]) == [4])
    #expect(CopyGate.thresholds([(10..<60).map { Double($0) }]) == [8])
    #expect([0, 1, 50, 100, 200, 1000].map(GateReport.allowed) == [0, 0, 3, 4, 6, 18])
  }

  @Test("several spaces together flag no more than one in two hundred, and share them")
  func jointThresholds() {
    let many = (0..<999).map { Double($0) }
    // The same images are near in both: nothing is lost.
    #expect(CopyGate.thresholds([many, many.map { 2 * $0 }]) == [4, 8])
    // Others are: each space has half of the five.
    #expect(CopyGate.thresholds([many, many.reversed()]) == [1, 1])
    #expect(CopyGate.thresholds([many, many.reversed(), many.map { abs($0 - 500) }]) == [0, 0, 0])
    // Two images of 200 are too many: a single one may be below.
    let few = (10..<210).map { Double($0) }
    #expect(CopyGate.thresholds([few]) == [10] && CopyGate.thresholds([few, few.reversed()]) == [8, 8])
  }

  @Test("an image is a copy if any space says so, which the verdict names, and the spaces stand beside")
  func spaces() async throws {
    let folder = try TemporaryFolder()
    let judge = folder.path("judge.safetensors")
    try TinyJudge.write(to: judge, labels: ["a", "b"], side: 64)
    let training = try Self.set(0..<60)
    let features = try await GateFeatures.features(
      training, ExtractorChoice(path: judge), memory: FeatureMemory())
    let gate = try await CopyGate(
      index: GateIndex(training), others: [features], calibration: Self.set(1000..<1200))
    #expect(gate.spaceNames == ["pixels", "features"])
    let compressed = try Self.set(0..<10) { try GrayscaleImage(decoding: $0.jpegBytes(quality: 60)) }
    let report = GateReport(try await gate.findings(compressed), gate: gate)
    #expect(report.copies == 10 && report.copiesBySpace == ["pixels": 10, "features": 10], "\(report.copiesBySpace)")
    #expect(report.images.allSatisfy { $0.spaces.count == 2 && $0.nearness.nearest == $0.path })

    func near(_ space: String, _ distance: Double) -> CopyGate.Nearness {
      CopyGate.Nearness(space: space, distance: distance, threshold: 0.5, nearest: space, place: 0)
    }
    let one = CopyGate.Finding(path: "x", spaces: [near("pixels", 0.9), near("features", 0.4)])
    #expect(one.verdict == .copy && one.nearness.space == "features" && abs(one.nearness.ratio - 0.8) < 1e-12)
    let none = CopyGate.Finding(path: "x", spaces: [near("pixels", 0.5), near("features", 0.6)])
    #expect(none.verdict == .clear && none.nearness.ratio == 1)

    struct Read: Decodable {
      struct Space: Decodable { var space: String, distance: Double, threshold: Double, nearest: String }
      var path: String, verdict: String, space: String, distance: Double, nearest: String, spaces: [Space]
    }
    let read = try JSONDecoder().decode(Read.self, from: JSONEncoder().encode(one))
    #expect(read.path == "x" && read.verdict == "copy" && read.space == "features" && read.distance == 0.4)
    #expect(read.spaces.map(\.distance) == [0.9, 0.4] && read.nearest == "features")
  }

  @Test("too few training or held-out images are refused with their number")
  func tooFew() async throws {
    #expect(throws: MeasurementError.tooFewInSet(path: "chests", found: 5, minimum: GateIndex.minimum)) {
      try GateIndex(Self.set(0..<5))
    }
    let index = try GateIndex(Self.set(0..<20))
    await #expect(throws: MeasurementError.tooFewInSet(path: "chests", found: 3, minimum: CopyGate.calibrationMinimum))
    {
      try await CopyGate(index: index, calibration: Self.set(0..<3))
    }
  }

  @Test(
    "of real radiographs, at least 95 in 100 altered copies are caught and at most 1 in 100 others",
    .enabled(if: DataFixtures.shared != nil, "\(DataFixtures.reasonToSkip)"), .tags(.slow))
  func realRadiographs() async throws {
    let data = try #require(DataFixtures.shared).appendingPathComponent("data/nih")
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-gate-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    var options = DataFixtures.options(size: 128)
    options.split = try SplitFractions("60/20/20")
    _ = try DatasetImport(NIHSource.list(data), into: folder, options: options).run()
    let trial = try GateTrial(dataset: RadiographDataset.open(folder)) { _ in }
    let report = try await trial.run(count: 100, seed: 5)
    #expect(report.rows.map(\.planted) == Array(repeating: 100, count: CopyAlteration.allCases.count))
    #expect(report.caughtShare >= 0.95, "\(report.rows)")
    #expect(report.rows.allSatisfy { $0.named <= $0.planted && $0.named * 10 >= $0.planted * 9 }, "\(report.rows)")
    #expect(report.heldOut > 100 && report.flaggedShare <= 0.01, "\(report.flagged) of \(report.heldOut)")
  }

  @Test("a gate comes back from its file, and gives the same verdicts without the images")
  func file() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("gate.safetensors")
    let gate = try await CopyGate(index: GateIndex(Self.set(0..<60)), calibration: Self.set(1000..<1200))
    try GateFile.write(gate, to: path)
    let read = try GateFile.read(path: path)
    #expect(read.thresholds == gate.thresholds && read.calibrationCount == 200 && read.index.count == 60)
    for seed in [3, 2000] as [UInt64] {
      let image = try GrayscaleImage(decoding: Self.chest(seed).jpegBytes(quality: 60))
      let (found, wanted) = (try await read.finding(image), try await gate.finding(image))
      #expect(found.verdict == (seed == 3 ? .copy : .clear) && found.verdict == wanted.verdict)
      #expect(found.nearness.distance == wanted.nearness.distance && found.nearness.place == wanted.nearness.place)
    }
    // No name of a training image is in it.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(!String(decoding: bytes.prefix(400), as: UTF8.self).contains("chests"))
    #expect(throws: FileAccessError.self) { try GateFile.write(gate, to: path) }
    try GateFile.write(gate, to: path, overwrite: true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
  }

  @Test("a file that holds no gate is refused")
  func otherFiles() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("gate.safetensors")
    func refuses(_ metadata: [String: String], _ tensors: [String: (shape: [Int], value: Float)], says: String) throws {
      try SafetensorsWriter.write(
        tensors.map { name, tensor in
          (
            SafetensorsEntry(name: name, dtype: .float32, shape: tensor.shape),
            [Float](repeating: tensor.value, count: tensor.shape.reduce(1, *)).withUnsafeBytes { Array($0) }
          )
        }, metadata: metadata, to: path)
      let error = #expect(throws: (any Error).self) { try GateFile.read(path: path) }
      #expect("\(error.map { "\($0)" } ?? "")".contains(says), "\(String(describing: error))")
    }
    func note(_ threshold: String, version: Int = 1) -> [String: String] {
      ["thorax:gate": #"{"calibration":200,"threshold":\#(threshold),"version":\#(version)}"#]
    }
    let (coarse, fine) = (GateIndex.coarse.count, GateIndex.fine.count)
    let good: [String: (shape: [Int], value: Float)] = ["coarse": ([20, coarse], 0.1), "fine": ([20, fine], 0.1)]
    try refuses([:], good, says: "does not say that it is one")
    try refuses(note("0.4", version: 2), good, says: "threshold")
    try refuses(note("-1"), good, says: "threshold")
    try refuses(note("0.4"), ["coarse": ([20, coarse], 0.1)], says: "no tensor")
    try refuses(note("0.4"), ["coarse": ([20, coarse], 0.1), "fine": ([20, 7], 0.1)], says: "another shape")
    try refuses(note("0.4"), ["coarse": ([20, coarse], .nan), "fine": ([20, fine], 0.1)], says: "not finite")
    try refuses(note("0.4"), ["coarse": ([5, coarse], 0.1), "fine": ([5, fine], 0.1)], says: "only 5 images")
    try refuses(note("0.4"), ["coarse": ([21, coarse], 0.1), "fine": ([20, fine], 0.1)], says: "different numbers")
    try Data("no tensors".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: TensorFileError.self) { try GateFile.read(path: path) }
  }

  @Test("an image of one grey is like no other")
  func flat() throws {
    let index = try GateIndex(Self.set(0..<30))
    let black = try GrayscaleImage(width: 128, height: 128, pixels: Array(repeating: 0, count: 128 * 128))
    let matches = try index.matches(
      DrawnImages(title: "black", items: [DrawnImages.Item(name: "black", image: black, facts: ImageFacts())]))
    #expect(matches[0].distance > 0.9)
  }
}
