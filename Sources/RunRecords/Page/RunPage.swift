import Foundation
import Support
import TensorFiles
import WebPages

/// `report.html` of a run: what was set, what was measured, what the model can draw, on one page without network.
public struct RunPage: Sendable {
  /// The run's name.
  public var name: String
  /// In the order of training, without stages that were not begun.
  public var stages: [StageRecord]
  /// When the page is made.
  public var date: Date
  /// The program, such as `thorax 0.1.0`.
  public var program: String

  public init(name: String, stages: [StageRecord], program: String, date: Date = Date()) {
    self.name = name
    self.stages = stages
    self.date = date
    self.program = program
  }

  /// Writes the page.
  ///
  /// - Throws: `FileAccessError` if the file cannot be written.
  public func write(to url: URL) throws { try AtomicFile.write(Array(document().utf8), to: url.path) }

  public func document() -> String {
    let sections = stages.enumerated().map { index, stage in
      WebPage.Section(id: stage.id, title: stage.title, content: StageSection(stage, table: index + 1).html())
    }
    let reached = stages.map { stage in
      let step = NumberText.count(stage.lastStep)
      let total = stage.totalSteps.map { " of \(NumberText.count($0))" } ?? ""
      return "\(stage.title): \(step)\(total) steps"
    }
    return WebPage(
      title: "Training run \(name)",
      lead: """
        <p>\(reached.isEmpty ? "No stage was begun yet" : reached.joined(separator: "; ")).</p>
        <p class="quiet">Pictures on this page are made by a model or restored by one: synthetic, not for diagnosis.</p>
        """, sections: sections,
      footer: "<p>Written \(Self.text(date)) by \(program). The numbers are those of <code>metrics.jsonl</code>.</p>"
    ).document()
  }

  /// The tables of the page in Markdown: one for each stage that has measured something.
  public var markdown: String { markdown { _ in true } }

  /// The table of one stage in Markdown; empty if it has measured nothing.
  ///
  /// - Parameter stage: The stage's name.
  public func markdown(of stage: String) -> String { markdown { $0.description.name == stage } }

  private func markdown(_ isWanted: (StageRecord) -> Bool) -> String {
    stages.enumerated().compactMap { isWanted($1) ? StageTable($1, number: $0 + 1)?.markdown() : nil }
      .joined(separator: "\n\n")
  }

  private static func text(_ date: Date) -> String {
    let form = ISO8601DateFormatter()
    form.formatOptions = [.withFullDate, .withTime, .withColonSeparatorInTime, .withSpaceBetweenDateAndTime]
    return form.string(from: date) + " UTC"
  }
}
