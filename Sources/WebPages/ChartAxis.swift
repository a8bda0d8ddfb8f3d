import Foundation

/// How values become places along one side of a chart.
public struct ChartAxis: Sendable, Equatable {
  public enum Scale: Sendable, Equatable {
    case linear
    /// For positive values that span decades.
    case logarithmic
  }

  public let scale: Scale
  public let lower: Double
  public let upper: Double
  public let ticks: [Double]

  /// A linear axis whose ends are round numbers, with about `count` ticks.
  ///
  /// - Parameter includesZero: bars need it; curves need not.
  public static func linear(_ values: [Double], count: Int = 5, includesZero: Bool = false) -> ChartAxis {
    let finite = values.filter(\.isFinite)
    var lower = finite.min() ?? 0
    var upper = finite.max() ?? 1
    if includesZero { (lower, upper) = (min(lower, 0), max(upper, 0)) }
    if upper - lower <= abs(upper) * 1e-9 {
      let margin = max(abs(upper) * 0.1, 1e-12)
      (lower, upper) = (includesZero && lower == 0 ? 0 : lower - margin, upper == 0 ? 1 : upper + margin)
    }
    let step = roundStep((upper - lower) / Double(max(count, 1)))
    guard step.isFinite, step > 0 else { return ChartAxis(scale: .linear, lower: 0, upper: 1, ticks: [0, 1]) }
    let first = (lower / step).rounded(.down)
    let last = (upper / step).rounded(.up)
    let ticks = stride(from: first, through: last, by: 1).map { $0 * step }
    return ChartAxis(scale: .linear, lower: first * step, upper: last * step, ticks: ticks)
  }

  /// A linear axis that ends where its values end, with ticks at the round numbers between.
  public static func exact(_ values: [Double], count: Int = 5) -> ChartAxis {
    let rounded = linear(values, count: count)
    guard let lower = values.filter(\.isFinite).min(), let upper = values.filter(\.isFinite).max(), upper > lower else {
      return rounded
    }
    let ticks = rounded.ticks.filter { $0 >= lower && $0 <= upper }
    guard ticks.count > 1 else { return rounded }
    return ChartAxis(scale: .linear, lower: lower, upper: upper, ticks: ticks)
  }

  /// A logarithmic axis where every value is positive and the greatest is at least twenty times the least; otherwise
  /// a linear one.
  public static func automatic(_ values: [Double], count: Int = 5) -> ChartAxis {
    let finite = values.filter(\.isFinite)
    guard let least = finite.min(), let greatest = finite.max(), least > 0, greatest >= least * 20 else {
      return linear(values, count: count)
    }
    return logarithmic(least, greatest)
  }

  private static func logarithmic(_ least: Double, _ greatest: Double) -> ChartAxis {
    let first = Int(log10(least).rounded(.down))
    let last = Int(log10(greatest).rounded(.up))
    // At most about seven labels: 1, 2, 5 where few decades are shown, every second or third decade where many are.
    let multiples: [Double] = last - first <= 2 ? [1, 2, 5] : [1]
    let skip = max(1, (last - first + 5) / 6)
    let ticks = stride(from: first, through: last, by: skip).flatMap { decade in
      multiples.map { $0 * pow(10, Double(decade)) }
    }
    let lower = ticks.last { $0 <= least * (1 + 1e-9) } ?? pow(10, Double(first))
    let upper = ticks.first { $0 >= greatest * (1 - 1e-9) } ?? pow(10, Double(last))
    return ChartAxis(
      scale: .logarithmic, lower: lower, upper: upper, ticks: ticks.filter { $0 >= lower && $0 <= upper })
  }

  /// 1, 2 or 5 times a power of ten, the next above `step`.
  private static func roundStep(_ step: Double) -> Double {
    let power = pow(10, log10(step).rounded(.down))
    let factor = [1, 2, 5, 10].first { $0 * power >= step * (1 - 1e-9) } ?? 10
    return factor * power
  }

  /// Where a value lies: 0 at the lower end, 1 at the upper.
  public func position(_ value: Double) -> Double {
    switch scale {
    case .linear: (value - lower) / (upper - lower)
    case .logarithmic: log(max(value, .leastNormalMagnitude) / lower) / log(upper / lower)
    }
  }

  /// A tick's label: as many digits as its neighbours need.
  func label(_ tick: Double) -> String {
    if scale == .linear, abs(tick) < (upper - lower) * 1e-9 { return "0" }
    let magnitude = max(abs(lower), abs(upper))
    if scale == .linear, magnitude < 1e4, ticks.count > 1, magnitude >= 1e-3 {
      let step = ticks[1] - ticks[0]
      return String(format: "%.*f", max(0, Int(-log10(step * 1.0001).rounded(.down))), tick)
    }
    let units = [(1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T")]
    if scale == .linear, magnitude >= 1e4, magnitude < 1e15, let unit = units.last(where: { $0.0 <= magnitude }) {
      return String(format: "%.4g", tick / unit.0) + unit.1
    }
    return NumberText.value(tick)
  }
}
