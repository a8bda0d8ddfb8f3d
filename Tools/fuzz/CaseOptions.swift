import ArgumentParser
import Foundation

/// What every fuzzer takes on its command line, except the number of cases, whose default differs.
struct CaseOptions: ParsableArguments {
  @Argument(help: "Folders of the files to mutate.", completion: .directory)
  var corpus: [String]

  @Option(help: "Seed of the cases.")
  var seed: UInt64 = 1

  @Option(help: "Number of the first case.")
  var first = 0

  @Option(help: ArgumentHelp("Seconds that one case may take.", valueName: "seconds"))
  var timeLimit = 1.0

  var folders: [URL] { corpus.map { URL(fileURLWithPath: $0) } }

  mutating func validate() throws {
    guard !corpus.isEmpty else { throw ValidationError("no folder of files to mutate: name one") }
    guard (0...1 << 40).contains(first) else { throw ValidationError("--first \(first): give 0 to 2^40") }
    guard timeLimit > 0, timeLimit < 1e6 else {
      throw ValidationError("--time-limit \(timeLimit): give seconds above 0 and below 1000000")
    }
  }

  /// The numbers of the cases to run.
  ///
  /// - Throws: `ValidationError` if there can be no such number of cases.
  func range(_ cases: Int) throws -> Range<Int> {
    guard (0...1 << 40).contains(cases) else { throw ValidationError("--cases \(cases): give 0 to 2^40") }
    return first..<(first + cases)
  }
}
