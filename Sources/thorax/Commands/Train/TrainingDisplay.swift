import Foundation
import Support
import Terminal
import Training

/// Shows what a run reports: how far each activity is, one after another, and what was measured.
final class TrainingDisplay {
  private let console: Console
  private var activity = ""
  private var meter: ProgressMeter?

  init(console: Console) { self.console = console }

  func show(_ report: TrainingReport) {
    switch report {
    case .progress(let work): show(work)
    case .measured(let row): console.note(Self.line(row))
    case .note(let text): console.note(text)
    }
  }

  /// Ends the line of the activity that was shown last.
  func finish() {
    meter?.finish()
    (meter, activity) = (nil, "")
  }

  private func show(_ work: WorkProgress) {
    if work.activity != activity {
      finish()
      // What was done before this process began says nothing of its speed.
      meter = console.meter(work.activity, unit: work.unit, total: work.total, done: work.done)
      activity = work.activity
    }
    meter?.update(work.done)
    if work.done == work.total { finish() }
  }

  private static func line(_ row: TrainingMeasurement) -> String {
    let values = row.values.sorted { $0.key.rawValue < $1.key.rawValue }.map {
      "\($0.key.rawValue) \(String(format: "%.4g", $0.value))"
    }
    return "\(row.split.rawValue) \(row.step)/\(row.totalSteps)  \(values.joined(separator: "  "))"
  }
}
