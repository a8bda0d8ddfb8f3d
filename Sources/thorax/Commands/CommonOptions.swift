import ArgumentParser
import Generation
import Support
import Terminal

/// Options that every verb takes.
struct CommonOptions: ParsableArguments {
  @Flag(name: .long, help: "Say nothing but results and errors.")
  var quiet = false

  @Flag(name: .long, help: "Say what is done as it is done.")
  var verbose = false

  @Option(
    name: .long, parsing: .unconditional, help: "Processor threads to compute with (default: one for each core).",
    transform: NumberText.whole)
  var threads: Int?

  /// Called by each verb first. Not `validate()`: the argument parser would wrap our errors in its own words.
  func check() throws {
    if let threads, !(1...1024).contains(threads) {
      throw RequestError.outOfRange(what: "threads", value: "\(threads)", allowed: "1 to 1024")
    }
    if quiet, verbose {
      throw RequestError.conflict("--quiet and --verbose exclude each other", remedy: "give one of them")
    }
  }

  var console: Console { Console(level: quiet ? .quiet : verbose ? .verbose : .normal) }
}
