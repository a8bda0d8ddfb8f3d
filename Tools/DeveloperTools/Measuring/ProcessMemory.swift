import Foundation

/// What the kernel says of this process's memory.
package enum ProcessMemory {
  /// Bytes in memory now; 0 if `/proc` does not say.
  package static var resident: Int { field("VmRSS") }
  /// The most bytes that were in memory so far; 0 if `/proc` does not say.
  package static var peak: Int { field("VmHWM") }

  private static func field(_ name: String) -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }
}
