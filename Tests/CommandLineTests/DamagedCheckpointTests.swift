import Foundation
import TensorFiles
import TestBasics
import Testing
import Torch

/// Checkpoints that are not what the run has written, and runs that go on from the one before.
@Suite(.serialized) struct DamagedCheckpointTests {
  enum Damage: String, CaseIterable {
    case truncated, flipped, foreign, otherArchitecture

    func apply(to url: URL) throws {
      switch self {
      case .truncated:
        let file = try FileHandle(forWritingTo: url)
        try file.truncate(atOffset: file.seekToEnd() - 1)
      case .flipped:
        let file = try FileHandle(forUpdating: url)
        let place = try file.seekToEnd() - 3
        try file.seek(toOffset: place)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: place)
        try file.write(contentsOf: Data([byte ^ 0x10]))
      case .foreign: try SafetensorsWriter.write(["w": Tensor([Float(1), 2], shape: [2])], to: url.path)
      case .otherArchitecture:
        let file = try SafetensorsFile(path: url.path)
        // Its own hash is right: what is wrong is the shape of a weight.
        var tensors = try file.loadTensors()
        let name = try #require(
          tensors.keys.sorted().first { $0.hasPrefix("model.") && tensors[$0]?.shape.count == 4 })
        tensors[name] = try tensors[name]?.reshape([-1])
        try SafetensorsWriter.write(tensors, metadata: file.metadata, to: url.path)
      }
    }
  }

  @Test func aDamagedCheckpointOfTheAutoencoderGivesWay() throws { try check("vae", [.truncated, .foreign]) }

  @Test(.slow, .tags(.slow), arguments: [("vae", [.flipped, .otherArchitecture]), ("diffusion", Damage.allCases)])
  func everyDamageOfEitherStageGivesWay(stage: String, damages: [Damage]) throws { try check(stage, damages) }

  private func check(_ stage: String, _ damages: [Damage]) throws {
    try StageRun.with(stage, steps: 4) { run in
      #expect(try run.run().status == 0)
      let whole = try Data(contentsOf: run.checkpoint(4))
      let rows = try run.rows()
      for damage in damages {
        try damage.apply(to: run.checkpoint(4))
        let result = try run.run()
        #expect(result.status == 0, "\(damage): \(result.errors)")
        #expect(
          result.errors.firstMatch(
            of: /step-00000004\.safetensors is damaged and was removed \([^\n]{1,800}\): going on from step 2\n/)
            != nil,
          "\(damage): \(result.errors)")
        #expect(try Data(contentsOf: run.checkpoint(4)) == whole, "\(damage)")
        #expect(try run.rows() == rows, "\(damage)")
      }
      // Where none is whole, all stay, so that they may be mended.
      for damage in damages.prefix(2) {
        for step in [2, 4] { try damage.apply(to: run.checkpoint(step)) }
        let before = try [2, 4].map { try Data(contentsOf: run.checkpoint($0)) }
        let result = try run.run()
        #expect(result.status == 65, "\(damage): \(result.errors)")
        #expect(result.errorLines.count == 1 && result.errors.contains("step-00000004"), "\(result.errors)")
        #expect(try [2, 4].map { try Data(contentsOf: run.checkpoint($0)) } == before, "\(damage)")
      }
    }
  }
}
