import Foundation
import ImageFiles
import Support
import TestBasics
import TestSupport
import Testing

/// `thorax evaluate` as a user calls it, on pictures that stand for radiographs.
@Suite(.serialized) struct EvaluateTests {
  /// A few waves whose places and lengths the seed decides, so that no two pictures are alike.
  private static func picture(_ seed: UInt64, side: Int = 64) throws -> GrayscaleImage {
    var random = SplitMix64(seed: seed)
    func number(_ range: ClosedRange<Double>) -> Double {
      range.lowerBound + (range.upperBound - range.lowerBound) * Double(random.next(below: 10_000)) / 10_000
    }
    let waves = (0..<6).map { _ in (number(-0.5...0.5), number(-0.5...0.5), number(0...6.3), number(8...20)) }
    let pixels = (0..<side * side).map { index -> UInt8 in
      let (x, y) = (Double(index % side), Double(index / side))
      let sum = waves.reduce(128.0) { $0 + $1.3 * sin($1.0 * x + $1.1 * y + $1.2) }
      return UInt8(min(max(sum, 0), 255))
    }
    return try GrayscaleImage(width: side, height: side, pixels: pixels)
  }

  private static func write(_ seeds: Range<UInt64>, to folder: URL, _ name: String, side: Int = 64) throws {
    let place = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    for seed in seeds {
      try Data(picture(seed, side: side).pngBytes()).write(to: place.appendingPathComponent("\(seed).png"))
    }
  }

  /// A dataset of 240 pictures, and a folder to work in.
  private static func withDataset(_ body: (URL, ([String]) throws -> Program.Result) throws -> Void) throws {
    try withTemporaryFolder { (folder: URL) in
      try write(0..<240, to: folder, "source")
      func thorax(_ words: [String]) throws -> Program.Result {
        try Program.run(words, in: folder, environment: ["OMP_NUM_THREADS": "1"], patience: 600)
      }
      let made = try thorax(
        ["data", "import", "folder", "source", "--output", "dataset", "--size", "64", "--split", "60/20/20", "--quiet"])
      try #require(made.status == 0, "\(made.errors)")
      try body(folder, thorax)
    }
  }

  private struct Gate: Decodable {
    struct Image: Decodable {
      var path: String
      var verdict: String
      var nearest: String
    }
    var images: [Image]
    var refused: Bool
  }

  private struct Images: Decodable {
    struct Figure: Decodable {
      var name: String
      var value: Double?
      var real: Double?
      var n: Int
    }
    var figures: [Figure]
  }

  @Test("the gate names the training image of a copy, passes new pictures, and its trial catches what it plants")
  func gate() throws {
    try Self.withDataset { folder, thorax in
      // All pictures of the source are there: those of the training part are copies, the others are not.
      let all = try thorax(["evaluate", "gate", "source", "--data", "dataset", "--json", "--quiet"])
      try #require(all.status == 65 && all.errors.contains("are copies of training images"), "\(all.errors)")
      let gate = try JSONDecoder().decode(Gate.self, from: Data(all.output.utf8))
      let copies = gate.images.filter { $0.verdict == "copy" }
      #expect(gate.refused && (120...160).contains(copies.count), "\(copies.count) copies")
      #expect(copies.allSatisfy { $0.nearest.hasSuffix($0.path) })

      try Self.write(1000..<1040, to: folder, "new")
      let new = try thorax(["evaluate", "gate", "new", "--data", "dataset", "--output", "verdicts", "--quiet"])
      #expect(new.status == 0 && new.output.contains("passed"), "\(new.errors) \(new.output)")
      for name in ["gate.json", "pairs.png"] {
        #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("verdicts/\(name)").path))
      }
      let trial = try thorax(["evaluate", "gate", "--trial", "--data", "dataset", "--samples", "10", "--quiet"])
      #expect(trial.status == 0 && trial.output.contains("held-out images"), "\(trial.errors)")
      let kept = try thorax([
        "evaluate", "gate", "--data", "dataset", "--save-gate", "kept/gate.safetensors", "--quiet",
      ])
      #expect(kept.status == 0 && kept.output == "kept/gate.safetensors\n", "\(kept.errors)")
      let again = try thorax(["evaluate", "gate", "--data", "dataset", "--save-gate", "kept/gate.safetensors"])
      #expect(again.status == 73 && again.errorLines.count == 1, "\(again.errors)")
      let judging = try thorax(["evaluate", "gate", "new", "--data", "dataset", "--save-gate", "other.safetensors"])
      #expect(judging.status == 64 && judging.errors.contains("judges nothing"), "\(judging.errors)")
      let both = try thorax(["evaluate", "gate", "new", "--trial", "--data", "dataset"])
      #expect(both.status == 64 && both.errorLines.count == 1, "\(both.errors)")
    }
  }

  @Test("a folder is measured with an extractor, and two folders have a distance that swapping does not change")
  func images() throws {
    try Self.withDataset { folder, thorax in
      try Self.write(1000..<1060, to: folder, "new")
      try Self.write(2000..<2050, to: folder, "other")
      try TinyJudge.write(to: folder.appendingPathComponent("judge.safetensors").path, labels: ["a", "b"])
      let measured = try thorax(
        [
          "evaluate", "images", "new", "--data", "dataset", "--split", "held-out", "--output", "report", "--extractor",
          "judge.safetensors", "--json", "--quiet",
        ])
      try #require(measured.status == 0, "\(measured.errors)")
      let figures = try JSONDecoder().decode(Images.self, from: Data(measured.output.utf8)).figures
      let names = figures.map(\.name)
      for name in ["diversity over real", "distance to nearest training image", "copies of training images"] {
        #expect(names.contains(name), "\(names)")
      }
      #expect(names.contains { $0.hasPrefix("Fréchet distance, Thorax classifier") }, "\(names)")
      #expect(figures.allSatisfy { $0.n == 60 })
      for name in ["report.json", "report.md", "report.html", "gate.json", "readers.html", "nearest-pairs.png"] {
        #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("report/\(name)").path))
      }

      let tables = try thorax(["evaluate", "tables", "report/report.json", "--quiet"])
      #expect(tables.status == 0 && tables.output.contains("Table 3"), "\(tables.errors)")

      func distance(_ folders: [String]) throws -> Program.Result {
        try thorax(
          ["evaluate", "distance"] + folders + ["--extractor", "judge.safetensors", "--store", "kept", "--quiet"])
      }
      let (one, two) = (try distance(["new", "other"]), try distance(["other", "new"]))
      let values = [one, two].compactMap { $0.output.split(separator: " ").first.flatMap { Double($0) } }
      try #require(values.count == 2, "\(one.errors) \(two.errors)")
      #expect(values[0] > 0 && abs(values[0] - values[1]) <= 1e-5 * values[0], "\(values)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("kept").path).count == 2)

      let drawnAgain = try thorax(
        ["evaluate", "distance", "new", "other", "--extractor", "judge.safetensors", "--interval", "--json", "--quiet"])
      struct Distances: Decodable {
        struct Distance: Decodable {
          struct Halves: Decodable { var images: Int }
          var frechet_distance: Double
          var ci95: [Double]
          var halves: Halves
        }
        var distances: [Distance]
      }
      try #require(drawnAgain.status == 0, "\(drawnAgain.errors)")
      let halved = try JSONDecoder().decode(Distances.self, from: Data(drawnAgain.output.utf8)).distances[0]
      #expect(abs(halved.frechet_distance - values[0]) <= 1e-5 * values[0] && halved.halves.images == 25)
      #expect(halved.ci95[0] < halved.ci95[1])
      let both = try thorax([
        "evaluate", "distance", "new", "other", "--extractor", "judge.safetensors", "--interval", "--store", "kept",
      ])
      #expect(both.status == 64 && both.errors.contains("no --store"), "\(both.errors)")

      // Statistics of a dataset's images stand in the place of a folder; those of thumbnails are another network's.
      let stored = try thorax([
        "evaluate", "reference", "--data", "dataset", "--output", "real", "--extractor", "judge.safetensors", "--quiet",
      ])
      let files = stored.output.split(separator: "\n").map(String.init)
      try #require(files.count == 3, "\(stored.errors)")
      let toStored = try distance(["new", files[2]])
      #expect(
        toStored.status == 0 && toStored.output.contains("; 60 and "), "\(toStored.errors)\(toStored.output)")
      let other = try distance(["new", files[0]])
      #expect(other.status == 65 && other.errors.contains("different extractors"), "\(other.errors)")
    }
  }

  @Test("what cannot be measured ends in one line and its exit code")
  func refused() throws {
    try Self.withDataset { folder, thorax in
      try Self.write(1000..<1060, to: folder, "new")
      try Self.write(1000..<1005, to: folder, "few")
      try Self.write(0..<0, to: folder, "empty")
      let black = try GrayscaleImage(width: 64, height: 64, pixels: Array(repeating: 0, count: 64 * 64)).pngBytes()
      let blackFolder = folder.appendingPathComponent("black")
      try FileManager.default.createDirectory(at: blackFolder, withIntermediateDirectories: true)
      for index in 0..<45 { try Data(black).write(to: blackFolder.appendingPathComponent("\(index).png")) }
      try TinyJudge.write(to: folder.appendingPathComponent("kept.safetensors").path, labels: ["a"])
      try Data("no network".utf8).write(to: folder.appendingPathComponent("text.pth"))
      try Data("prompt\nx\n".utf8).write(to: folder.appendingPathComponent("wrong.csv"))
      let data = ["--data", "dataset"]
      let cases: [(arguments: [String], status: Int32, says: String)] = [
        (["images", "none"] + data, 66, "does not exist"),
        (["images", "empty"] + data, 66, "holds no PNG or JPEG"),
        (["images", "few"] + data, 65, "has 5 images where 40 are needed"),
        (["images", "black"] + data, 65, "are of one grey"),
        (["images", "new", "--prompts", "wrong.csv"] + data, 65, "wrong.csv"),
        (["images", "new", "--extractor", "none.pth"] + data, 66, "none.pth"),
        (["images", "new", "--extractor", "text.pth"] + data, 65, "text.pth"),
        (["images", "new", "--source", "nih"] + data, 64, "no image is of the source 'nih': give one of source"),
        (["distance", "new"], 64, "give two"),
        (["distance", "new", "new"], 65, "60 images of new are also in new"),
        (["distance", "new", "black"], 65, "are of one grey"),
        (["distance", "new", "none.safetensors"], 66, "none.safetensors"),
        (["distance", "new", "kept.safetensors"], 65, "holds no statistics"),
        (["distance", "new", "few", "--extractor", "none"], 64, "--extractor"),
        (["distance", "new", "none"], 66, "none"),
        (["distance", "new", "few", "--extractor", "text.pth"], 65, "text.pth"),
        (["gate"] + data, 64, "nothing to judge"),
        (["gate", "new", "--data", "none"], 66, "none"),
        (["judge", "none.safetensors"] + data, 66, "none.safetensors"),
        (["judge", "text.pth"] + data, 65, "text.pth"),
        (["sweep", "--steps", "five", "--output", "out"] + data, 64, "steps"),
        (["sweep", "--steps", "0", "--output", "out"] + data, 64, "steps"),
        (["sweep", "--guidance", "x", "--output", "out"] + data, 64, "guidance"),
        (["--judge", "none.safetensors", "--output", "out"] + data, 66, "none.safetensors"),
        (["--lpips", "none.pth", "--output", "out"] + data, 66, "none.pth"),
        (["--lpips", "text.pth", "--output", "out"] + data, 65, "text.pth"),
        (["tables", "none.json"], 66, "none.json"),
        (["tables", "wrong.csv"], 65, "wrong.csv"),
        (["readers", "wrong.csv"], 65, "wrong.csv"),
      ]
      for (arguments, status, says) in cases {
        let result = try thorax(["evaluate"] + arguments + ["--quiet"])
        let name: Comment = "\(arguments.joined(separator: " ")): \(result.status) \(result.errors)"
        #expect(result.status == status && !result.wasKilled, name)
        #expect(result.errorLines.count == 1 && result.errors.contains(says), name)
      }
    }
  }
}
