import Foundation
import Support

/// Shows how far a long piece of work is, as often as is good to read. ``Console/meter(_:unit:total:done:)`` makes one.
///
/// `update` may be called from any thread and as often as one likes.
public final class ProgressMeter: @unchecked Sendable {
  /// Where progress is shown.
  enum Place {
    /// One line that is drawn over, ten times in a second at most.
    case terminal
    /// A line of its own after ten seconds, and then less and less often, every ten minutes in the end.
    case lines
    case nowhere
  }

  private let place: Place
  private let began = ContinuousClock.now
  private let lock = NSLock()
  // Guarded by `lock`.
  private var line: ProgressLine
  private var rate: ProgressRate
  private var lastShown: Double
  private var hasShownLine = false
  private var isFinished = false

  init(_ label: String, unit: String, total: Int?, done: Int, place: Place) {
    self.place = place
    line = ProgressLine(label: label.onOneLine(), unit: unit, done: Double(done), total: total.map(Double.init))
    rate = ProgressRate(time: 0, done: Double(done))
    lastShown = 0
    if place == .terminal { StatusLine.shared.draw(line.text(columns: TerminalWindow.columns)) }
  }

  deinit { finish() }

  /// Says that `done` units are done.
  ///
  /// - Parameters:
  ///   - total: How many there are, if that has changed.
  ///   - detail: What else there is to say, such as a loss; nil leaves what was said last.
  public func update(_ done: Int, of total: Int? = nil, detail: String? = nil) {
    update(Double(done), of: total, detail: detail)
  }

  /// Says that `done` units are done, the last of them in part.
  public func update(_ done: Double, of total: Int? = nil, detail: String? = nil) {
    guard place != .nowhere else { return }
    lock.withLock {
      guard !isFinished else { return }
      let now = began.duration(to: .now) / .seconds(1)
      line.done = done
      line.elapsed = now
      if let total { line.total = Double(total) }
      if let detail { line.detail = detail.onOneLine() }
      line.rate = rate.update(time: now, done: done) ?? line.rate
      switch place {
      case .terminal where now - lastShown >= 0.1:
        StatusLine.shared.draw(line.text(columns: TerminalWindow.columns))
      case .lines where now - lastShown >= Self.interval(after: now):
        Console.writeError(line.plain)
        hasShownLine = true
      default: return
      }
      lastShown = now
    }
  }

  /// Ends the progress: the line is removed from the terminal; in a file the last state is written, if one was written
  /// before.
  public func finish() {
    lock.withLock {
      guard !isFinished else { return }
      isFinished = true
      switch place {
      case .terminal: StatusLine.shared.clear()
      case .lines where hasShownLine: Console.writeError(line.plain)
      default: break
      }
    }
  }

  /// Seconds between two plain lines when `elapsed` seconds have gone by.
  static func interval(after elapsed: Double) -> Double { min(600, max(10, elapsed / 20)) }
}
