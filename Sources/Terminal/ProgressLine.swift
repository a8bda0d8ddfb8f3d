import Foundation
import Support

/// How far a long piece of work is, as one line of text.
///
///     importing nih  [#########...........]  47 %  1,081/2,296 images  38.2 images/s  0:31 left
public struct ProgressLine: Equatable, Sendable {
  /// What is being done.
  public var label: String
  /// What is counted, in the plural.
  public var unit: String
  /// How many are done; a part of one counts.
  public var done: Double
  /// How many there are; nil if that is not known.
  public var total: Double?
  /// How many are done in a second; nil until that can be said.
  public var rate: Double?
  /// Seconds since the work began.
  public var elapsed: Double
  /// What else there is to say, such as a loss.
  public var detail: String

  public init(
    label: String, unit: String, done: Double, total: Double?, rate: Double? = nil, elapsed: Double = 0,
    detail: String = ""
  ) {
    self.label = label
    self.unit = unit
    self.done = done
    self.total = total
    self.rate = rate
    self.elapsed = elapsed
    self.detail = detail
  }

  /// The line for a terminal of `columns` columns, of which it leaves the last one free: with a bar, and with less the
  /// narrower the terminal is. The share done (the count, if no total is known) is there to the last.
  public func text(columns: Int) -> String {
    let room = max(1, columns - 1)
    let parts = [label, share, counts, speed, timeLeft, detail]
    // From the richest to the poorest.
    let choices: [[Int]] = [[0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4], [0, 1, 3, 4], [0, 1, 4], [0, 1], [1]]
    let bar = total == nil ? 0 : Self.shortestBar + Self.gap.count
    for choice in choices {
      let texts = choice.map { parts[$0] }.filter { !$0.isEmpty }
      let width = texts.map(TerminalWindow.width).reduce(0, +) + Self.gap.count * max(0, texts.count - 1)
      // A share alone goes without a bar.
      guard choice.count > 1 else { return String(texts.joined(separator: Self.gap).prefix(room)) }
      guard width + bar <= room else { continue }
      return joined(texts, barWidth: min(Self.longestBar, room - width - Self.gap.count))
    }
    return ""
  }

  /// The line for a file: all there is to say, without a bar.
  public var plain: String {
    [label + ":", share, total == nil ? "" : counts, speed, timeLeft, detail]
      .filter { !$0.isEmpty }.joined(separator: Self.gap)
  }

  // MARK: Parts

  private static let gap = "  "
  private static let shortestBar = 6
  private static let longestBar = 30

  /// Puts the bar after the label.
  private func joined(_ texts: [String], barWidth: Int) -> String {
    guard let fraction else { return texts.joined(separator: Self.gap) }
    let inside = barWidth - 2
    let filled = min(inside, Int(fraction * Double(inside)))
    let bar = "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: inside - filled) + "]"
    return ([texts[0], bar] + texts.dropFirst()).joined(separator: Self.gap)
  }

  /// 0 to 1; nil if no total is known.
  private var fraction: Double? {
    total.map { $0 > 0 ? min(1, max(0, done / $0)) : 1 }
  }

  /// Rounded down: 100 % is said of what is done.
  private var share: String {
    fraction.map { "\(Int(($0 * 100).rounded(.down))) %" } ?? "\(Int(done).grouped) \(unit)"
  }

  private var counts: String {
    total.map { "\(Int(min(done, $0)).grouped)/\(Int($0).grouped) \(unit)" } ?? ""
  }

  private var speed: String {
    guard let rate, rate > 0 else { return "" }
    let (value, per) = rate >= 1 ? (rate, "s") : rate >= 1 / 60.0 ? (rate * 60, "min") : (rate * 3600, "h")
    return String(format: value < 99.95 ? "%.1f" : "%.0f", value) + " \(unit)/\(per)"
  }

  /// The time left; the time so far, if no total is known.
  private var timeLeft: String {
    guard let total else { return Self.duration(elapsed) }
    guard let rate, rate > 0, total > done else { return "" }
    return Self.duration((total - done) / rate) + " left"
  }

  /// `0:42`, `5:07`, `1:05:12`, `2 d 3 h`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "very long" }
    let whole = Int(max(0, seconds).rounded())
    let (days, hours, minutes) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60)
    if days > 0 { return "\(days) d \(hours) h" }
    let tail = String(format: "%02d", whole % 60)
    return hours > 0 ? "\(hours):" + String(format: "%02d", minutes) + ":\(tail)" : "\(minutes):\(tail)"
  }
}
