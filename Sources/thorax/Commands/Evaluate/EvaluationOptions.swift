import ArgumentParser
import Evaluation
import Generation
import Models
import Support
import Terminal

extension HeldOutPart: ExpressibleByArgument {}

/// What all parts of `evaluate` have in common.
struct EvaluationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Dataset to measure against.", valueName: "dataset"), completion: .directory)
  var data: String

  @Option(help: "Part of the dataset that is measured on: test, validation or held-out (both).")
  var split = HeldOutPart.test

  @Option(parsing: .unconditional, help: "Seed of everything that is drawn.", transform: NumberText.whole)
  var seed: UInt64 = 0

  /// Refuses a number outside of a range, as the user gave it.
  static func check(_ what: String, _ value: Int, _ range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
      throw RequestError.outOfRange(
        what: what, value: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
    }
  }

  /// Reads numbers with commas between them.
  ///
  /// - Parameter value: Returns nil for a word that is no such number.
  static func list<Value>(_ text: String, option: String, _ value: (String) -> Value?) throws -> [Value] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let word = part.trimmingCharacters(in: .whitespaces)
      guard let found = value(word) else {
        throw RequestError.outOfRange(
          what: option, value: text, allowed: "numbers with commas between them, as 5,10,20")
      }
      return found
    }
  }
}

/// How an evaluation draws.
struct DrawingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("fast, the model's own settings, or best, its slow ones.", valueName: "fast|best"),
    completion: .list(SamplingQuality.allCases.map(\.rawValue)))
  var quality = SamplingQuality.fast

  @Option(help: PrecisionChoice.help, completion: PrecisionChoice.completion)
  var precision: String?

  /// Loads a model that draws so.
  ///
  /// - Throws: `RequestError` for a precision that is not known or not there; what loading throws.
  func host(_ source: ModelSource, threads: Int?) async throws -> ModelHost {
    try await ModelHost.load(
      source.sampled(at: quality), precision: PrecisionChoice(name: precision ?? "auto"), threads: threads)
  }
}
