import ArgumentParser
import Evaluation
import Foundation
import Terminal

/// `thorax evaluate tables`.
struct EvaluateTablesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tables", abstract: "Print the article's tables from a report, the article's claims beside ours.")

  @Argument(
    help: ArgumentHelp("report.json of an evaluation.", valueName: "report.json"),
    completion: .file(extensions: ["json"]))
  var report: String

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.check()
    let tables = try ArticleTables.standard()
    let cells = try tables.cells(ofReport: report)
    if json { try Console.writeJSON(cells) } else { try Console.writeResult(tables.markdown(cells)) }
  }
}
