import Foundation
import RunRecords

/// Means of values that arrive one by one, since they were last taken.
struct RunningMeans: Equatable {
  private var sums: [Metric: Double] = [:]
  private var counts: [Metric: Double] = [:]

  init() {}

  /// - Parameter weight: How many values each of `values` is the mean of.
  mutating func add(_ values: [Metric: Double], weight: Double = 1) {
    for (metric, value) in values {
      sums[metric, default: 0] += value * weight
      counts[metric, default: 0] += weight
    }
  }

  /// The means so far.
  var means: [Metric: Double] {
    sums.reduce(into: [:]) { $0[$1.key] = $1.value / (counts[$1.key] ?? 1) }
  }

  mutating func take() -> [Metric: Double] {
    defer { (sums, counts) = ([:], [:]) }
    return means
  }

  /// The names of all metrics that have a value, in the order of ``parts``.
  var names: [String] { sums.keys.sorted().map(\.rawValue) }

  /// These means, and no values of the metrics among `names` that have none.
  func withNames(_ names: [String]) -> RunningMeans {
    var means = self
    for metric in names.map(Metric.init(rawValue:)) where sums[metric] == nil {
      (means.sums[metric], means.counts[metric]) = (0, 0)
    }
    return means
  }

  /// All sums and counts, in an order that depends on the metrics alone.
  var parts: [Double] {
    get { sums.keys.sorted().flatMap { [sums[$0] ?? 0, counts[$0] ?? 0] } }
    set {
      for (index, metric) in sums.keys.sorted().enumerated() {
        (sums[metric], counts[metric]) = (newValue[2 * index], newValue[2 * index + 1])
      }
    }
  }
}

// MARK: - In a checkpoint

extension RunningMeans {
  private struct Stored: Codable {
    var sums: [String: Double]
    var counts: [String: Double]
  }

  /// The means so far as one line of text, to the last bit.
  func text() throws -> String {
    func named(_ values: [Metric: Double]) -> [String: Double] {
      Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(
      decoding: try encoder.encode(Stored(sums: named(sums), counts: named(counts))), as: UTF8.self)
  }

  /// Reads ``text()``; nil if it is not one.
  init?(text: String) {
    guard let stored = try? JSONDecoder().decode(Stored.self, from: Data(text.utf8)) else { return nil }
    for (name, sum) in stored.sums { sums[Metric(rawValue: name)] = sum }
    for (name, count) in stored.counts { counts[Metric(rawValue: name)] = count }
  }
}
