import Foundation

/// The most memory this process has had resident so far, in bytes.
///
/// Linux keeps the figure in `/proc/self/status` (`VmHWM`); elsewhere `getrusage` gives it, in bytes on macOS and in
/// kibibytes on other systems.
public func peakMemoryBytes() -> Int {
  #if os(Linux)
    if let bytes = statusBytes("VmHWM") { return bytes }
  #endif
  var usage = rusage()
  #if os(Linux)
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return Int(usage.ru_maxrss) * 1024
  #else
    guard getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
    return Int(usage.ru_maxrss)
  #endif
}

/// The memory that this process has resident now, in bytes; 0 if the system has no `/proc/self/status`.
public func residentMemoryBytes() -> Int { statusBytes("VmRSS") ?? 0 }

/// A size in `/proc/self/status`, in bytes.
private func statusBytes(_ name: String) -> Int? {
  guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
    let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name + ":") })
  else { return nil }
  return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
}
