import Foundation

/// The milliseconds that `body` takes.
func milliseconds(_ body: () throws -> Void) rethrows -> Double {
  try ContinuousClock().measure(body) / .microseconds(1) / 1000
}

/// Calls `body` with a new folder, in `parent` or the system's temporary folder, and removes it.
func withNewFolder(in parent: String?, _ body: (URL) throws -> Void) throws {
  let place = parent.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
  let url = place.appendingPathComponent("measure-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  try body(url)
}

/// Prints one line of results: a name, and figures with their units.
func report(_ name: String, _ figures: String...) {
  print(name.padding(toLength: 28, withPad: " ", startingAt: 0) + figures.joined(separator: "  "))
}

func megabytes(_ bytes: Int) -> String { String(format: "%.0f MB", Double(bytes) / 1e6) }
