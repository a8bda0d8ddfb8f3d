import Foundation

/// What a figure should be.
public enum FigureTarget: Sendable, Equatable, CustomStringConvertible {
  case atLeast(Double)
  case atMost(Double)
  case between(Double, Double)

  public func isMet(by value: Double) -> Bool {
    switch self {
    case .atLeast(let bound): value >= bound
    case .atMost(let bound): value <= bound
    case .between(let lower, let upper): value >= lower && value <= upper
    }
  }

  public var description: String {
    switch self {
    case .atLeast(let bound): "at least \(MeasuredFigure.text(bound))"
    case .atMost(let bound): "at most \(MeasuredFigure.text(bound))"
    case .between(let lower, let upper): "\(MeasuredFigure.text(lower)) to \(MeasuredFigure.text(upper))"
    }
  }
}

/// One number that says how good a model is, beside the same number for real images.
public struct MeasuredFigure: Sendable, Equatable {
  public var name: String
  public var value: Double
  /// Where it would fall again in 95 of 100 draws of the items; nil where no drawing was done.
  public var interval: ClosedRange<Double>?
  /// How many images it was computed from.
  public var count: Int
  /// The same of real images against other real images; nil where that means nothing.
  public var real: Double?
  /// The interval of ``real``; nil where none was computed.
  public var realInterval: ClosedRange<Double>?
  public var target: FigureTarget?
  /// `dB` or nothing.
  public var unit: String
  /// What was computed, in one sentence.
  public var how: String

  public init(
    _ name: String, value: Double, interval: ClosedRange<Double>? = nil, count: Int, real: Double? = nil,
    realInterval: ClosedRange<Double>? = nil, target: FigureTarget? = nil, unit: String = "", how: String
  ) {
    self.name = name
    self.value = value
    self.interval = interval
    self.count = count
    self.real = real
    self.realInterval = realInterval
    self.target = target
    self.unit = unit
    self.how = how
  }

  init(
    _ name: String, _ estimate: Estimate, real: Double? = nil, realInterval: ClosedRange<Double>? = nil,
    target: FigureTarget? = nil, unit: String = "", how: String
  ) {
    self.init(
      name, value: estimate.value, interval: estimate.interval, count: estimate.count, real: real,
      realInterval: realInterval, target: target, unit: unit, how: how)
  }

  /// ``real`` and its interval as a cell of a table has them; empty without.
  var realText: String {
    real.map { Self.text($0) + (unit.isEmpty ? "" : " \(unit)") + (realInterval.map(Self.intervalText) ?? "") } ?? ""
  }

  /// An interval in brackets, after a blank.
  static func intervalText(_ interval: ClosedRange<Double>) -> String {
    " (\(text(interval.lowerBound)) to \(text(interval.upperBound)))"
  }

  /// Whether the target is met; nil without one.
  public var isMet: Bool? { target.map { $0.isMet(by: value) } }

  /// Three digits after the point below 10, two above; below 0.001 two that are not 0, of millionths at most.
  static func text(_ value: Double) -> String {
    let size = abs(value)
    let digits = size >= 10 ? 2 : size >= 0.001 ? 3 : size >= 0.0001 ? 5 : 6
    let rounded = String(format: "%.\(digits)f", value)
    guard rounded.contains(".") else { return rounded }
    let trimmed = rounded.reversed().drop { $0 == "0" }.drop { $0 == "." }
    return String(trimmed.reversed())
  }
}

extension MeasuredFigure: Encodable {
  private enum CodingKeys: String, CodingKey {
    case name, value, ci95, n, real, target, met, unit, how
    case realInterval = "real_ci95"
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    // JSON has no infinity and no NaN.
    func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
    try values.encode(name, forKey: .name)
    try values.encode(finite(value), forKey: .value)
    if let interval, let lower = finite(interval.lowerBound), let upper = finite(interval.upperBound) {
      try values.encode([lower, upper], forKey: .ci95)
    }
    try values.encode(count, forKey: .n)
    try values.encodeIfPresent(real.flatMap(finite), forKey: .real)
    if let realInterval, let lower = finite(realInterval.lowerBound), let upper = finite(realInterval.upperBound) {
      try values.encode([lower, upper], forKey: .realInterval)
    }
    try values.encodeIfPresent(target.map(\.description), forKey: .target)
    try values.encodeIfPresent(isMet, forKey: .met)
    if !unit.isEmpty { try values.encode(unit, forKey: .unit) }
    try values.encode(how, forKey: .how)
  }
}
