import ArgumentParser
import Evaluation
import Foundation
import RadiographData
import Terminal

/// `thorax evaluate judge`.
struct EvaluateJudgeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "judge", abstract: "Say how well a classifier tells each of its labels on radiographs it never saw.",
    discussion: """
      Of a classifier of corruptions each radiograph is corrupted in each way; the validation part sets the thresholds.
      """)

  @Argument(
    help: ArgumentHelp("Classifier of 'thorax train classifier'.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var judge: String

  @OptionGroup var options: EvaluationOptions

  @Option(help: ArgumentHelp("Only images of this source of the dataset.", valueName: "name"))
  var source: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    guard FileManager.default.fileExists(atPath: judge) else { throw MeasurementError.missing(path: judge) }
    let dataset = try RadiographDataset.open(URL(fileURLWithPath: options.data))
    let measured = try ClassifierMeasurement(
      path: judge, dataset: dataset, part: options.split, source: source, seed: options.seed)
    measured.notes.forEach { common.console.note($0) }
    if json { return try Console.writeJSON(measured) }
    func text(_ value: Double) -> String { String(format: "%.3f", value) }
    let corruptions = TextTable(
      title: "corruption",
      heads: ["n", "AUROC", "95 %", "of its control"]
        + (measured.corruptions.first?.operations ?? []).flatMap { operation in
          ["recall at \(Int((operation.allowed * 100).rounded())) %", "95 %", "false alarms", "controls"]
        },
      rows: measured.corruptions.map { row in
        [row.label, "\(row.n)", text(row.auroc), row.ci95.map(text).joined(separator: " to "), text(row.controlAUROC)]
          + row.operations.flatMap { operation in
            [
              text(operation.recall), operation.ci95.map(text).joined(separator: " to "), text(operation.falseAlarms),
              text(operation.controls),
            ]
          }
      })
    let table = TextTable(
      title: "label", heads: ["n", "with it", "AUROC", "95 %", "average precision"],
      rows: measured.rows.map { row in
        [
          row.label, "\(row.n)", "\(row.positives)", text(row.auroc), row.ci95.map(text).joined(separator: " to "),
          text(row.averagePrecision),
        ]
      })
    let places = [("side", measured.sides), ("upper or lower third", measured.lobes)].compactMap { name, share in
      share.map { "\(name) of marked findings: right in \(text($0.share)) of \($0.n)" }
    }
    try Console.writeResult(
      ((measured.rows.isEmpty ? [] : table.lines()) + (measured.corruptions.isEmpty ? [] : corruptions.lines())
        + places + [
          "\(measured.images) images of \(measured.patients) patients; weights \(measured.hash.prefix(12))"
        ]).joined(separator: "\n"))
  }
}
