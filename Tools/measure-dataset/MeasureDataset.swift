import ArgumentParser
import Foundation
import RadiographData

/// Measures the store of datasets: `docs/data-store.md` holds its figures.
@main
struct MeasureDataset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure-dataset",
    abstract: "Measure the dataset store: an index of MIMIC's size, the loader, imports, near-duplicates.",
    subcommands: [IndexCommand.self, LoaderCommand.self, ImportCommand.self, NearDuplicatesCommand.self])
}

/// What the kernel says of this process' memory.
enum Memory {
  /// Bytes in memory now, and at most so far; 0 where `/proc` does not say.
  static var resident: Int { field("VmRSS") }
  static var peak: Int { field("VmHWM") }

  private static func field(_ name: String) -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }
}

/// Milliseconds that `body` takes.
func milliseconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  return Double((ContinuousClock.now - start) / .microseconds(1)) / 1000
}

/// Calls `body` with a new folder, in `parent` or the system's temporary folder, and removes it.
func withNewFolder(in parent: String?, _ body: (URL) throws -> Void) throws {
  let place = parent.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
  let url = place.appendingPathComponent("measure-dataset-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  try body(url)
}

/// One line of results: a name, and figures with their units.
func report(_ name: String, _ figures: String...) {
  print(name.padding(toLength: 28, withPad: " ", startingAt: 0) + figures.joined(separator: "  "))
}

func megabytes(_ bytes: Int) -> String { String(format: "%.0f MB", Double(bytes) / 1e6) }
