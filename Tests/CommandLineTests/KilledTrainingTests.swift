import DeveloperTools
import Foundation
import TestBasics
import Testing

/// Runs that are killed at moments drawn from a seed, and gone on with.
@Suite(.serialized) struct KilledTrainingTests {
  @Test func twoKillsOfTheAutoencoderLeaveTheSameRun() throws { try check("vae", kills: 2, seed: 2) }

  @Test(.slow, .tags(.slow), arguments: StageRun.stages)
  func fifteenKillsLeaveTheSameRun(stage: String) throws { try check(stage, kills: 15, seed: 15) }

  private func check(_ stage: String, kills wanted: Int, seed: UInt64) throws {
    try StageRun.with(stage, steps: 16) { run in
      var whole = run
      whole.name = "whole"
      let start = Date()
      var untilCheckpoint: Double?
      // Signal 0 is none: only the moment is looked at.
      let result = try whole.run(
        signal: 0,
        when: {
          if untilCheckpoint == nil, whole.isThere("\(stage)/checkpoints/step-00000002.safetensors") {
            untilCheckpoint = Date().timeIntervalSince(start)
          }
          return false
        })
      #expect(result.status == 0, "\(result.errors)")
      let longest = try #require(untilCheckpoint) * 1.7
      var (killed, number) = (0, 0)
      var random = FuzzRandom(seed: seed, stream: 0)
      while killed < wanted, number < wanted {
        number += 1
        var part = run
        part.name = "killed\(number)"
        // Some kills come before what this process would store first, others after it: the run gets on.
        while true {
          let end = Date(timeIntervalSinceNow: longest * Double.random(in: 0.02...1, using: &random))
          let result = try part.run(signal: killed < wanted ? SIGKILL : nil, when: { Date() >= end })
          guard result.wasKilled else {
            #expect(result.status == 0, "seed \(seed), run \(number): \(result.errors)")
            break
          }
          killed += 1
        }
        try part.expectSame(as: whole, "seed \(seed), run \(number)")
        try FileManager.default.removeItem(at: part.url)
      }
      #expect(killed >= wanted)
    }
  }
}
