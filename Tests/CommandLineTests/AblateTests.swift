import Foundation
import TestSupport
import Testing

/// `thorax ablate` with a grid of tiny networks on phantoms.
@Suite("Grids of networks through the program", .serialized)
struct AblateTests {
  private struct Report: Decodable, Equatable {
    struct Row: Decodable, Equatable {
      struct Distance: Decodable, Equatable {
        var value: Double
        var samples: Int
        var training_images: Double?
      }
      var name: String
      var left_out: String?
      var parameters: Int?
      var peak_memory_bytes: Int?
      var validation_loss: Double?
      var distance: Distance?
      var claim: String?
    }
    var title: String
    var steps: Int
    var rows: [Row]
  }

  private static let grid = """
    title: Networks
    stage: diffusion
    settings: {textEncoder: tiny, precision: float32}
    rows:
      - name: whole
        claim: FID 52.1
      - name: narrow
        networks: {latentChannels: 2}
      - name: no attention
        networks: {autoencoderAttention: false}
      - name: no text
        networks: {text: false}
      - name: elsewhere
        settings: {textEncoder: nobody/none}
    """

  @Test("each row is trained with its own networks, the same ones once, and samples of each have a distance")
  func networks() throws {
    try withWorkplace { place in
      var architecture = TinyModel.architecture
      architecture.imageSide = 64
      try JSONEncoder().encode(architecture).write(to: place.folder.appendingPathComponent("tiny.json"))
      try Data(Self.grid.utf8).write(to: place.folder.appendingPathComponent("grid.yaml"))
      try TinyJudge.write(to: place.folder.appendingPathComponent("judge.safetensors").path)
      func thorax(_ words: String) throws -> Program.Result {
        try place.run(words.split(separator: " ").map(String.init))
      }
      let made = try thorax("data phantom --count 120 --seed 1 --output phantoms --split 60/40/0 --quiet")
      try #require(made.status == 0, "\(made.errors)")
      let words =
        "ablate --grid grid.yaml --data phantoms --output out --steps 2 --autoencoder-steps 1 --threads 1 --device cpu "
        + "--quiet --set architecture=tiny.json --set batchSize=4"
      let measured = "\(words) --samples 40 --extractor judge.safetensors --json"
      func report() throws -> Report {
        let result = try thorax(measured)
        try #require(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
      }
      let found = try report()
      let rows = Dictionary(uniqueKeysWithValues: found.rows.map { ($0.name, $0) })
      #expect(found.rows.map(\.name) == ["whole", "narrow", "no attention", "no text", "elsewhere"])
      #expect(rows["elsewhere"]?.left_out == "the text encoder nobody/none is not at hand")
      #expect(rows["elsewhere"]?.parameters == nil && rows["whole"]?.claim == "FID 52.1")
      let trained = try ["whole", "narrow", "no attention", "no text"].map { try #require(rows[$0]) }
      for row in trained {
        #expect(row.left_out == nil && (row.validation_loss ?? 0) > 0 && (row.distance?.value ?? -1) > 0, "\(row)")
        #expect(row.distance?.samples == 40 && row.distance?.training_images != nil)
      }
      let counts = trained.compactMap(\.parameters)
      #expect(counts[1] < counts[0] && counts[2] == counts[0] && counts[3] < counts[0], "\(counts)")
      #expect(trained[2].distance == trained[0].distance && trained[2].validation_loss == trained[0].validation_loss)
      #expect(trained[1].distance != trained[0].distance && trained[3].distance != trained[0].distance)
      let folders = try FileManager.default.contentsOfDirectory(atPath: place.folder.appendingPathComponent("out").path)
      #expect(folders.count { $0.hasPrefix("row-") } == 3 && folders.count { $0.hasPrefix("autoencoder-") } == 2)
      #expect(folders.contains("table.json"))

      // Again: all is read, and nothing trained.
      #expect(try report() == found)
      let table = try thorax(words)
      #expect(table.output.contains("elsewhere is left out: the text encoder nobody/none is not at hand."))
      #expect(!table.output.contains("Fréchet"))
      for (more, message) in [
        ("--extractor judge.safetensors", "none are drawn"), ("--samples 3", "samples is 3"),
      ] {
        let refused = try thorax("\(words) \(more)")
        #expect(
          refused.status == 64 && refused.errorLines.count == 1 && refused.errors.contains(message), "\(refused.errors)"
        )
      }
    }
  }

  @Test(
    "a row whose text encoder is not as wide as the networks take is left out with the reason")
  func encoderOfAnotherWidth() throws {
    try withWorkplace { place in
      let rows = "title: Encoders\nstage: diffusion\nrows:\n  - {name: other, settings: {textEncoder: tiny}}\n"
      try Data(rows.utf8).write(to: place.folder.appendingPathComponent("grid.yaml"))
      func thorax(_ words: String) throws -> Program.Result {
        try place.run(words.split(separator: " ").map(String.init))
      }
      let made = try thorax("data phantom --count 40 --seed 1 --output phantoms --split 60/40/0 --quiet")
      try #require(made.status == 0, "\(made.errors)")
      let common = "--recipe phantom --data phantoms --threads 1 --device cpu --quiet --set batchSize=2"
      let reason = "it is 24 wide, and the networks take 384: give another encoder or networks for it"
      // Twice: what was begun is no hindrance.
      for _ in 0..<2 {
        let found = try thorax("ablate --grid grid.yaml --output out --steps 1 --autoencoder-steps 1 --json \(common)")
        try #require(found.status == 0, "\(found.errors)")
        let report = try JSONDecoder().decode(Report.self, from: Data(found.output.utf8))
        #expect(report.rows.map(\.left_out) == ["the text encoder tiny does not fit: \(reason)"])
      }
    }
  }
}
