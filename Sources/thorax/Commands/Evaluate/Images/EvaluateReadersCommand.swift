import ArgumentParser
import Evaluation
import Foundation
import Support
import Terminal

/// `thorax evaluate readers`.
struct EvaluateReadersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "readers", abstract: "Score what blind readers answered on the page readers.html.")

  @Argument(
    help: ArgumentHelp("Answers that the page has exported, one file a reader.", valueName: "answers.csv"),
    completion: .file(extensions: ["csv"]))
  var answers: [String]

  @Option(parsing: .unconditional, help: "Seed of the intervals.", transform: NumberText.whole)
  var seed: UInt64 = 0

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  private struct Report: Encodable {
    struct Reader: Encodable {
      var path: String
      var figures: [MeasuredFigure]
    }
    var readers: [Reader]
  }

  func run() throws {
    try common.check()
    let readers = try answers.map {
      Report.Reader(path: $0, figures: try ReaderAnswers(contentsOf: $0).figures(seed: seed))
    }
    if json {
      try Console.writeJSON(Report(readers: readers))
      return
    }
    let lines = readers.flatMap { reader -> [String] in
      [reader.path] + reader.figures.map { "  \($0.line)" }
    }
    try Console.writeResult(lines.joined(separator: "\n"))
  }
}
