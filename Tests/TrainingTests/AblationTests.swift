import Foundation
import Models
import RadiographModels
import Testing
import YAMLText

@testable import Training

@Suite("Grids of trainings")
struct AblationTests {
  private func change(_ yaml: String) throws -> NetworkChange {
    try YAMLDocument.decode(NetworkChange.self, from: yaml)
  }

  private func count(_ architecture: ModelArchitecture, _ part: ModelPart) throws -> Int {
    try #require(try architecture.parameterCounts()[part])
  }

  @Test("every grid of the program names rows, and changes that networks can have", arguments: ["paper", "small"])
  func grids(_ preset: String) throws {
    #expect(GridFile.names == ["components", "memory", "sampling"])
    let architecture = try #require(ModelPreset(rawValue: preset)).architecture
    for name in GridFile.names {
      let grid: AblationGrid
      switch try GridFile(named: name) {
      case .trainings(let trainings): grid = trainings
      case .sampling(let grid):
        #expect(name == "sampling" && grid.sampling.claims?.keys.sorted() == ["100", "20", "200", "50"])
        #expect(grid.sampling.steps == [20, 50, 100, 200])
        continue
      }
      #expect(grid.stage == .diffusion && grid.rows.count >= 5 && grid.rows.allSatisfy { $0.claim != nil })
      for row in grid.rows {
        _ = try row.networks?.applied(to: architecture)
        _ = try DiffusionRecipe.resolved(preset, file: nil, settings: grid.settings(of: row))
      }
    }
  }

  @Test("the networks of the article's table 7 have as many parameters fewer as it says, about")
  func components() throws {
    let paper = ModelArchitecture.paper
    let four = try change("latentChannels: 4").applied(to: paper)
    #expect(four.latentChannels == 4 && four.unet.latentChannels == 4)
    #expect(try count(four, .autoencoder) < count(paper, .autoencoder))
    let plain = try change("autoencoderAttention: false").applied(to: paper)
    #expect(plain.unet == paper.unet && plain.autoencoder.encoder.count == paper.autoencoder.encoder.count - 2)
    #expect(plain.autoencoder.downsamplingFactor == paper.autoencoder.downsamplingFactor)
    let half = try change("unetWidth: 0.7").applied(to: paper)
    let share = Double(try count(half, .unet)) / Double(try count(paper, .unet))
    #expect((0.4...0.6).contains(share), "\(share)")
    #expect(half.unet.levels.map(\.channels) == [64, 192, 384, 384] && half.autoencoder == paper.autoencoder)
    for architecture in [paper, .small] {
      let silent = try change("text: false").applied(to: architecture)
      #expect(
        silent.unet.levels.allSatisfy { $0.crossAttention == .none } && silent.unet.middle.crossAttention == .none)
      #expect(silent.textProjection.pooling == nil)
      #expect(try count(silent, .unet) < count(architecture, .unet))
    }
    // The one that ships has no attention in its autoencoder.
    #expect(try change("autoencoderAttention: false").applied(to: .small) == .small)
    #expect(try change("{unetWidth: 1, text: true, autoencoderAttention: true}").applied(to: paper) == paper)
    #expect(try change("unetWidth: 1e-9").applied(to: .small).unet.levels.map(\.channels) == [32, 32, 32])
  }

  @Test(
    "changes that no network can have are refused",
    arguments: [
      "latentChannels: 0", "latentChannels: -3", "latentChannels: 9223372036854775807",
    ])
  func impossible(_ yaml: String) throws {
    #expect(throws: ArchitectureError.self) { try change(yaml).applied(to: .paper) }
  }

  @Test(
    "a grid's file that is none is refused by one line",
    arguments: [
      "unetWidth: 0", "unetWidth: -1", "unetWidth: .nan", "unetWidth: 5", "unetWidth: wide", "width: 0.5",
      "latentChannels: 2.5",
    ])
  func unreadable(_ change: String) throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    func refusal(_ rows: String) throws -> String {
      try Data("title: t\nstage: diffusion\nrows:\n\(rows)\n".utf8).write(to: file)
      let error = #expect(throws: TrainingError.self) { try GridFile(named: file.path) }
      return "\(try #require(error))"
    }
    let text = try refusal("  - {name: a, networks: {\(change)}}")
    #expect(text.contains("networks has latentChannels, autoencoderAttention, unetWidth, text"), "\(text)")
    #expect(!text.contains("\n"))
    #expect(try refusal("  - {name: a}\n  - {name: a}").contains("its rows need names that differ"))
    #expect(try !refusal("  - {names: a}").contains("networks has"))
    try Data("title: t\nsampling: {steps: []}\n".utf8).write(to: file)
    #expect(
      throws: TrainingError.unreadableConfiguration(path: file.path, reason: "it has no steps: give one number or more")
    ) {
      try GridFile(named: file.path)
    }
    for (yaml, says) in [
      ("title: t\nsampling: {steps: [0]}", "its steps have to be 1 or more"),
      ("title: t\nsampling: {steps: [4], guidance: [.nan]}", "numbers from 0 to 100"),
      ("title: t\nsampling: {steps: [4], guidances: [2]}", "did you mean 'guidance'?"),
      ("title: t\nstage: vae\nrowss: 1\nrows: [{name: a}]", "did you mean 'rows'?"),
      ("title: t\nstage: vae\nrows: [{name: a, setings: {batchSize: 1}}]", "did you mean 'settings'?"),
      ("title: t\n\tstage: vae", "it is not YAML"),
    ] {
      try Data("\(yaml)\n".utf8).write(to: file)
      let error = #expect(throws: TrainingError.self) { try GridFile(named: file.path) }
      #expect("\(try #require(error))".contains(says), "\(String(describing: error))")
    }
    try Data("title: t\nsampling: {steps: [4, 8], guidance: [1, 2.5]}\n".utf8).write(to: file)
    if case .sampling(let grid) = try GridFile(named: file.path) {
      #expect(grid.sampling.steps == [4, 8] && grid.sampling.guidance == [1, 2.5] && grid.sampling.claims == nil)
    } else {
      Issue.record("it is a grid of sampling")
    }
  }
}
