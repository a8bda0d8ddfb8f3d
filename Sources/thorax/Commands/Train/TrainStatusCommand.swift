import ArgumentParser
import Foundation
import Support
import Terminal
import Training

extension TrainCommand {
  struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "status", abstract: "Say what a run is doing, from another terminal.")

    @Argument(help: ArgumentHelp("Folder of the run.", valueName: "run"), completion: .directory)
    var folder: String

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(
      help: "Print what each stage measured by epoch, as Markdown tables; 'thorax evaluate run' adds a column of FID.")
    var table = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
      guard !(json && table) else { throw ValidationError("--json and --table exclude each other: give one") }
    }

    func run() throws {
      try common.check()
      let run = URL(fileURLWithPath: folder)
      let status = try RunStatus(of: run)
      guard !table else { return try Console.writeResult(RunStatus.tables(of: run)) }
      guard !json else { return try Console.writeJSON(status) }
      var line = "\(status.stage): \(status.state.rawValue), \(status.step) of \(status.steps.of("step"))"
      switch status.state {
      case .running:
        if let interval = status.rowInterval, interval > 1 { line += " by the last row, one comes every \(interval)" }
      case .stopped: line += status.checkpoint.map { ", goes on from step \($0)" } ?? ", no checkpoint yet"
      case .finished: break
      }
      if let loss = status.loss { line += ", loss \(String(format: "%.4g", loss))" }
      if let seconds = status.secondsLeft { line += ", \(ProgressLine.duration(seconds)) left" }
      if let owner = status.owner { line += ", process \(owner.process) on \(owner.host)" }
      try Console.writeResult(line)
    }
  }
}
