import Foundation

/// What every fuzzer takes on its command line: `CORPUS... [--cases N] [--seed N] [--first N] [--time-limit SECONDS]
/// [--dump PATH]`.
package struct FuzzOptions {
  package static let usage = "CORPUS... [--cases N] [--seed N] [--first N] [--time-limit SECONDS] [--dump PATH]"

  /// The folders of the files to mutate; at least one.
  package var folders: [URL] = []
  package var count: Int
  package var seed: UInt64 = 1
  package var first = 0
  /// Seconds that one case may take.
  package var timeLimit = 1.0
  package var dump: String?

  /// The numbers of the cases to run.
  package var cases: Range<Int> { first..<(first + count) }

  /// - Parameter count: the cases to run where none is said.
  /// - Returns: nil for arguments that mean nothing.
  package init?(_ arguments: some Sequence<String>, count: Int) {
    self.count = count
    var rest = Array(arguments)[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else {
        folders.append(URL(fileURLWithPath: argument))
        continue
      }
      guard let value = rest.popFirst() else { return nil }
      switch argument {
      case "--cases": self.count = Int(value) ?? -1
      case "--seed": seed = UInt64(value) ?? 0
      case "--first": first = Int(value) ?? -1
      case "--time-limit": timeLimit = Double(value) ?? -1
      case "--dump": dump = value
      default: return nil
      }
    }
    guard !folders.isEmpty, self.count >= 0, (0...1 << 40).contains(first), timeLimit > 0, timeLimit < 1e6 else {
      return nil
    }
  }
}
