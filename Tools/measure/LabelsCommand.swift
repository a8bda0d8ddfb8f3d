import ArgumentParser
import DeveloperTools
import Foundation
import RadiologyReports

/// Measures the labeller against the annotation of the Indiana University collection.
struct LabelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "labels",
    abstract: "Measure the labels read off reports against their human annotation.",
    discussion: """
      docs/labels.md holds the table. Rules are tuned on one half of the studies only; --errors lists that half unless \
      --half names the other.
      """)

  @Argument(help: ArgumentHelp("The collection's indiana_reports.csv.", valueName: "csv"))
  var csv: String

  @Option(help: ArgumentHelp("List the disagreements on a label, with its reports, instead.", valueName: "label"))
  var errors: String?

  @Option(help: ArgumentHelp("Half that --errors lists: tuning or reported.", valueName: "half"))
  var half: AnnotatedStudy.Half = .tuning

  @Flag(help: "Measure the tuning half alone.")
  var tuningOnly = false

  @Flag(help: "Count an uncertain state as positive; the annotation leaves out what a report only considers.")
  var uncertainIsPositive = false

  @Option(help: ArgumentHelp("Folder with another findings.json and scopes.json to measure.", valueName: "dir"))
  var vocabulary: String?

  func run() throws {
    let labeller = try vocabulary.map { try Self.labeller(from: URL(fileURLWithPath: $0)) } ?? .standard()
    let (studies, withoutText, unannotated) = try AnnotatedStudy.read(URL(fileURLWithPath: csv))
    func measurement(_ half: AnnotatedStudy.Half) -> LabelMeasurement {
      LabelMeasurement(
        labeller, on: studies.filter { $0.half == half }, uncertainIsPositive: uncertainIsPositive)
    }
    if let errors {
      guard let label = MeasuredLabel.all.first(where: { $0.name.lowercased() == errors.lowercased() }) else {
        throw ValidationError("label \(errors): give one of \(MeasuredLabel.all.map(\.name).joined(separator: ", "))")
      }
      list(measurement(half), label)
      return
    }
    print("\(studies.count) studies; left out: \(withoutText) without text, \(unannotated) not annotated")
    for half in tuningOnly ? [.tuning] : AnnotatedStudy.Half.allCases {
      report(measurement(half), "\(half.rawValue) half")
    }
    guard !tuningOnly else { return }
    let seen = Set(studies.filter { $0.half == .tuning }.map(\.sections))
    let unseen = studies.filter { $0.half == .reported && !seen.contains($0.sections) }
    report(
      LabelMeasurement(labeller, on: unseen, uncertainIsPositive: uncertainIsPositive),
      "reported half without the texts that the tuning half has too")
  }

  private static func labeller(from folder: URL) throws -> FindingLabeller {
    try FindingLabeller(
      findings: Data(contentsOf: folder.appendingPathComponent("findings.json")),
      scopes: Data(contentsOf: folder.appendingPathComponent("scopes.json")))
  }

  private func report(_ measurement: LabelMeasurement, _ name: String) {
    print("\n## \(name) (\(measurement.figures[.normal]?.studies ?? 0) studies)\n")
    print("| label | positives | precision | recall | F1 | F1, one heading |")
    print("|---|---:|---:|---:|---:|---:|")
    func text(_ value: Double) -> String { String(format: "%.3f", value) }
    for label in MeasuredLabel.all {
      guard let figures = measurement.figures[label], let narrow = measurement.narrowFigures[label] else { continue }
      print(
        "| \(label.name) | \(figures.positives) | \(text(figures.precision)) | \(text(figures.recall)) "
          + "| \(text(figures.f1)) | \(text(narrow.f1)) |")
    }
    print("\n| disagreement | " + MeasuredLabel.all.map(\.name).joined(separator: " | ") + " |")
    print("|---|" + MeasuredLabel.all.map { _ in "---:|" }.joined())
    for type in DisagreementType.allCases {
      let counts = MeasuredLabel.all.map { label in
        measurement.disagreements.count { $0.type == type && $0.label == label }
      }
      print("| \(type.rawValue) | " + counts.map(String.init).joined(separator: " | ") + " |")
    }
  }

  private func list(_ measurement: LabelMeasurement, _ label: MeasuredLabel) {
    for error in measurement.disagreements where error.label == label {
      print("\(error.study.uid) \(error.isFalsePositive ? "FALSE POSITIVE" : "FALSE NEGATIVE"): \(error.type.rawValue)")
      print("  annotation: " + error.study.terms.map { $0.joined(separator: "/") }.joined(separator: "; "))
      for mention in error.mentions {
        print("  mention: \(mention.concept) [\(mention.text)] \(mention.state) \(mention.change?.rawValue ?? "")")
      }
      for section in error.study.sections { print("  \(section.name.rawValue): \(section.text)") }
    }
  }
}

extension AnnotatedStudy.Half: ExpressibleByArgument {}
