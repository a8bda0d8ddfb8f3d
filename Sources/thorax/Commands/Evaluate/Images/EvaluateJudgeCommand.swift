import ArgumentParser
import Evaluation
import Foundation
import RadiographData
import RadiographModels
import Terminal

/// `thorax evaluate judge`.
struct EvaluateJudgeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "judge", abstract: "Say how well a network judges radiographs that it never saw.",
    discussion: """
      Of a classifier: how well it tells each of its labels. Of one of corruptions: each radiograph is corrupted in each way; \
      the validation part sets the thresholds. Of a network that recognises patients: how well it tells pairs of images of \
      one patient from pairs of two, and how many images another one of their patient matches.
      """)

  @Argument(
    help: ArgumentHelp(
      "Network of 'thorax train classifier' or 'thorax train reidentifier'.", valueName: "file"),
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
    if Reidentifier.isReidentifier(judge) { try measureReidentifier(dataset) } else { try measureClassifier(dataset) }
  }

  private func measureReidentifier(_ dataset: RadiographDataset) throws {
    let measured = try ReidentifierMeasurement(
      path: judge, dataset: dataset, part: options.split, source: source, seed: options.seed)
    measured.notes.forEach { common.console.note($0) }
    if json { return try Console.writeJSON(measured) }
    try Console.writeResult(
      [
        "AUROC \(Self.text(measured.auroc)) (\(Self.text(measured.ci95))): \(measured.samePatientPairs) pairs of one "
          + "patient, \(measured.otherPatientPairs) of two",
        "patients recognised \(Self.text(measured.recognised)) (\(Self.text(measured.recognisedCI95))) of "
          + "\(measured.repeatedImages) images, above a cosine of \(Self.text(measured.threshold))",
        Self.summary(images: measured.images, patients: measured.patients, hash: measured.hash),
      ].joined(separator: "\n"))
  }

  private static func text(_ value: Double) -> String { String(format: "%.3f", value) }
  private static func text(_ interval: [Double]) -> String { interval.map(text).joined(separator: " to ") }
  private static func summary(images: Int, patients: Int, hash: String) -> String {
    "\(images) images of \(patients) patients; weights \(hash.prefix(12))"
  }

  private func measureClassifier(_ dataset: RadiographDataset) throws {
    let measured = try ClassifierMeasurement(
      path: judge, dataset: dataset, part: options.split, source: source, seed: options.seed)
    measured.notes.forEach { common.console.note($0) }
    if json { return try Console.writeJSON(measured) }
    let corruptions = TextTable(
      title: "corruption",
      heads: ["n", "AUROC", "95 %", "of its control"]
        + (measured.corruptions.first?.operations ?? []).flatMap { operation in
          ["recall at \(Int((operation.allowed * 100).rounded())) %", "95 %", "false alarms", "controls"]
        },
      rows: measured.corruptions.map { row in
        [row.label, "\(row.n)", Self.text(row.auroc), Self.text(row.ci95), Self.text(row.controlAUROC)]
          + row.operations.flatMap { operation in
            [
              Self.text(operation.recall), Self.text(operation.ci95), Self.text(operation.falseAlarms),
              Self.text(operation.controls),
            ]
          }
      })
    let table = TextTable(
      title: "label", heads: ["n", "with it", "AUROC", "95 %", "average precision"],
      rows: measured.rows.map { row in
        [
          row.label, "\(row.n)", "\(row.positives)", Self.text(row.auroc), Self.text(row.ci95),
          Self.text(row.averagePrecision),
        ]
      })
    let places = [("side", measured.sides), ("upper or lower third", measured.lobes)].compactMap { name, share in
      share.map { "\(name) of marked findings: right in \(Self.text($0.share)) of \($0.n)" }
    }
    try Console.writeResult(
      ((measured.rows.isEmpty ? [] : table.lines()) + (measured.corruptions.isEmpty ? [] : corruptions.lines())
        + places + [Self.summary(images: measured.images, patients: measured.patients, hash: measured.hash)]).joined(
          separator: "\n"))
  }
}
