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

    @OptionGroup var common: CommonOptions

    func run() throws {
      try common.check()
      let status = try RunStatus(of: URL(fileURLWithPath: folder))
      guard !json else { return try Console.writeJSON(status) }
      var line = "\(status.stage): \(status.state.rawValue), \(status.step) of \(status.steps) steps"
      if let loss = status.loss { line += ", loss \(String(format: "%.4g", loss))" }
      if let seconds = status.secondsLeft { line += ", \(ProgressLine.duration(seconds)) left" }
      if let owner = status.owner { line += ", process \(owner.process) on \(owner.host)" }
      try Console.writeResult(line)
    }
  }
}
