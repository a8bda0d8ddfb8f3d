import Foundation

/// Means of values that arrive one by one, since they were last taken.
struct RunningMeans: Codable, Equatable {
  private var sums: [String: Double] = [:]
  private var counts: [String: Int] = [:]

  mutating func add(_ values: [String: Double]) {
    for (name, value) in values {
      sums[name, default: 0] += value
      counts[name, default: 0] += 1
    }
  }

  mutating func take() -> [String: Double] {
    defer { (sums, counts) = ([:], [:]) }
    return sums.reduce(into: [:]) { $0[$1.key] = $1.value / Double(counts[$1.key] ?? 1) }
  }

  /// The means so far as one line of text, to the last bit.
  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// Reads ``text()``; nil if it is not one.
  init?(text: String) {
    guard let means = try? JSONDecoder().decode(RunningMeans.self, from: Data(text.utf8)) else { return nil }
    self = means
  }

  init() {}
}
