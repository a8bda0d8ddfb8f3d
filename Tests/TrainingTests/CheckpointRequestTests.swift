import Foundation
import Testing

@testable import Training

@Suite("Checkpoints that are asked for")
struct CheckpointRequestTests {
  /// Runs the toy to its end, with requests when so many steps are done.
  private func train(
    _ objective: ToyObjective, in folder: URL, asking steps: Set<Int>
  ) throws -> (stored: [String], notes: [String]) {
    let (run, flag) = (RunFolder(folder, stage: .autoencoder), CheckpointFlag())
    var cadence = ToyObjective.cadence
    (cadence.checkpoint, cadence.keep) = (100, 100)
    var notes: [String] = []
    let limits = RunLimits(checkpointFlag: flag) { false }
    let loop = TrainingLoop(folder: run, cadence: cadence, resume: false, limits: limits) { report in
      switch report {
      case .progress(let work): if steps.contains(work.done) { flag.raise() }
      case .note(let note): notes.append(note)
      case .measured: break
      }
    }
    #expect(try loop.run(objective) == .finished(step: 12))
    let names = try FileManager.default.contentsOfDirectory(atPath: run.checkpoints.path).sorted()
    return (names.filter { $0.hasPrefix("step-") }.map { String($0.dropFirst(11).prefix(2)) }, notes)
  }

  @Test("each comes before the next step, with a note, and changes nothing of what the run comes to")
  func requests() throws {
    try withTemporaryFolder { (folder: URL) throws in
      let (asked, whole) = (folder.appendingPathComponent("asked"), folder.appendingPathComponent("whole"))
      let outcome = try train(ToyObjective(), in: asked, asking: [3, 7])
      #expect(outcome.stored == ["03", "07", "12"])
      #expect(outcome.notes == [3, 7].map { "checkpoint of step \($0) stored, as was asked for" })
      #expect(try train(ToyObjective(), in: whole, asking: []).stored == ["12"])
      let last = [asked, whole].map { RunFolder($0, stage: .autoencoder).checkpoint(step: 12) }
      #expect(try Data(contentsOf: last[0]) == Data(contentsOf: last[1]))
    }
  }

  @Test("one that comes between steps that are skipped waits for a step that is taken")
  func skipped() throws {
    try withTemporaryFolder { (folder: URL) throws in
      var objective = try ToyObjective()
      objective.stepsOfInfiniteGradient = 4..<7
      #expect(try train(objective, in: folder, asking: [6]).stored == ["08", "12"])
    }
  }
}
