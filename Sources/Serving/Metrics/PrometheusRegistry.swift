import Foundation
import Metrics
import NIOConcurrencyHelpers

/// Keeps the metrics of one service and writes them in Prometheus' text format, version 0.0.4
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
///
/// Timers become histograms of seconds; gauges keep their last value.
final class PrometheusRegistry: MetricsFactory {
  fileprivate struct Series: Hashable {
    var name: String
    var labels: [String]
  }

  private enum Value {
    case counter(Int64)
    case gauge(Double)
    case histogram(counts: [Int], sum: Double, count: Int)

    var type: String {
      switch self {
      case .counter: "counter"
      case .gauge: "gauge"
      case .histogram: "histogram"
      }
    }
  }

  /// Upper bounds of a histogram's buckets in seconds.
  static let bounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

  private let help: [String: String]
  private let values = NIOLockedValueBox<[Series: Value]>([:])

  /// - Parameter help: A line on each metric, by name.
  init(help: [String: String]) { self.help = help }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    handler(label, dimensions, .counter(0))
  }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    handler(label, dimensions, .gauge(0))
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    handler(label, dimensions, .histogram(counts: Self.bounds.map { _ in 0 }, sum: 0, count: 0))
  }

  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}

  private func handler(_ label: String, _ dimensions: [(String, String)], _ start: Value) -> Handler {
    let series = Series(name: label, labels: dimensions.map { "\($0)=\"\(Self.escaped($1))\"" })
    values.withLockedValue { if $0[series] == nil { $0[series] = start } }
    return Handler(registry: self, series: series)
  }

  private func change(_ series: Series, _ body: (inout Value) -> Void) {
    values.withLockedValue { values in
      guard var value = values[series] else { return }
      body(&value)
      values[series] = value
    }
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private final class Handler: CounterHandler, RecorderHandler, TimerHandler {
    private let registry: PrometheusRegistry
    private let series: Series

    init(registry: PrometheusRegistry, series: Series) {
      self.registry = registry
      self.series = series
    }

    func increment(by amount: Int64) {
      registry.change(series) { if case .counter(let count) = $0 { $0 = .counter(count &+ amount) } }
    }

    func reset() { registry.change(series) { $0 = .counter(0) } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) { registry.change(series) { $0 = .gauge(value) } }

    func recordNanoseconds(_ duration: Int64) {
      let seconds = Double(duration) / 1e9
      registry.change(series) { value in
        guard case .histogram(var counts, let sum, let count) = value else { return }
        for (place, bound) in PrometheusRegistry.bounds.enumerated() where seconds <= bound { counts[place] += 1 }
        value = .histogram(counts: counts, sum: sum + seconds, count: count + 1)
      }
    }
  }

  /// All metrics as text.
  var text: String {
    let all = values.withLockedValue { $0 }
    var lines: [String] = []
    for (name, series) in Dictionary(grouping: all, by: \.key.name).sorted(by: { $0.key < $1.key }) {
      if let line = help[name] { lines.append("# HELP \(name) \(line)") }
      lines.append("# TYPE \(name) \(series[0].value.type)")
      for (key, value) in series.sorted(by: { $0.key.labels.lexicographicallyPrecedes($1.key.labels) }) {
        lines += Self.lines(name, key.labels, value)
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lines(_ name: String, _ labels: [String], _ value: Value) -> [String] {
    func set(_ more: [String] = []) -> String {
      let all = labels + more
      return all.isEmpty ? "" : "{\(all.joined(separator: ","))}"
    }
    switch value {
    case .counter(let count): return ["\(name)\(set()) \(count)"]
    case .gauge(let value): return ["\(name)\(set()) \(value)"]
    case .histogram(let counts, let sum, let count):
      let buckets = zip(bounds, counts).map { "\(name)_bucket\(set(["le=\"\($0)\""])) \($1)" }
      return buckets + [
        "\(name)_bucket\(set(["le=\"+Inf\""])) \(count)", "\(name)_sum\(set()) \(sum)",
        "\(name)_count\(set()) \(count)",
      ]
    }
  }
}
