import Foundation

/// What this process runs on: a figure of speed means nothing without it.
public struct Machine: Codable, Equatable, Sendable {
  public var system: String
  public var processor: String
  public var cores: Int
  public var memoryBytes: Int

  enum CodingKeys: String, CodingKey {
    case system, processor, cores
    case memoryBytes = "memory_bytes"
  }

  public static func current() -> Machine {
    let information = ProcessInfo.processInfo
    return Machine(
      system: "\(information.operatingSystemVersionString) \(architecture)", processor: processorName(),
      cores: information.activeProcessorCount, memoryBytes: Int(clamping: information.physicalMemory))
  }

  /// The file of the running program; empty if the system does not name it.
  public static var programPath: String {
    #if os(Linux)
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    #else
      Bundle.main.executablePath ?? ""
    #endif
  }

  private static var architecture: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown"
    #endif
  }

  private static func processorName() -> String {
    #if os(Linux)
      let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
      let line = information.split(separator: "\n").first { $0.hasPrefix("model name") }
      return line.flatMap { $0.split(separator: ":", maxSplits: 1).last }?
        .trimmingCharacters(in: .whitespaces) ?? architecture
    #else
      var size = 0
      guard sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0) == 0, size > 1 else { return architecture }
      var name = [UInt8](repeating: 0, count: size)
      guard sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 else { return architecture }
      return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    #endif
  }
}
