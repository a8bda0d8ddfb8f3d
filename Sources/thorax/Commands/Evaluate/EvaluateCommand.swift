import ArgumentParser
import Evaluation
import Foundation
import Generation
import Support
import SystemPackage
import Terminal

/// `thorax evaluate`: how good a model is, or a folder of images.
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure a model, or a folder of images, against radiographs it never saw.",
    discussion: """
      thorax evaluate --model thorax-small --data DATASET --output REPORT does all that applies.

      Each figure stands beside the same of real images against real ones; docs/evaluation.md says what each means.
      """,
    subcommands: [
      EvaluateModelCommand.self, EvaluateSamplesCommand.self, EvaluateImagesCommand.self, EvaluateDistanceCommand.self,
      EvaluateReferenceCommand.self,
      EvaluateGateCommand.self, EvaluateTablesCommand.self, EvaluateReadersCommand.self,
    ], defaultSubcommand: EvaluateModelCommand.self)
}

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
}

extension InceptionPipeline: ExpressibleByArgument {}

/// Networks by whose features images are compared.
struct ExtractorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Weights of a network to compare features by: Inception-v3 of pytorch-fid, DenseNet-121 of TorchXRayVision, RAD-DINO, "
        + "or a classifier of ours. May be repeated.",
      valueName: "file"), completion: .file(extensions: ["safetensors", "pth", "pt"]))
  var extractor: [String] = []

  @Option(help: "How images are brought to Inception-v3: clean (clean-fid's way) or legacy (pytorch-fid's).")
  var pipeline = InceptionPipeline.clean

  /// - Throws: `MeasurementError` for a file that is not there.
  func choices() throws -> [ExtractorChoice] {
    try extractor.map { path in
      guard FileManager.default.fileExists(atPath: path) else { throw MeasurementError.missing(path: path) }
      return ExtractorChoice(path: path, pipeline: pipeline)
    }
  }
}

/// Lines about long work, with the seconds since it began, on standard error.
struct WorkNotes: Sendable {
  let console: Console
  private let start = Date()

  init(_ console: Console) { self.console = console }

  func callAsFunction(_ text: String) { console.note("[\(Int(Date().timeIntervalSince(start))) s] \(text)") }
}

/// A folder of results.
struct ResultFolder {
  let path: String

  /// - Throws: `OutputError` if nothing can be written there.
  init(_ path: String) throws {
    self.path = path
    try FilePath(path).makeWritableFolder()
  }

  func path(_ name: String) -> String { URL(fileURLWithPath: path).appendingPathComponent(name).path }

  func write(_ text: String, to name: String) throws { try AtomicFile.write([UInt8](text.utf8), to: path(name)) }

  func write(_ data: Data, to name: String) throws { try AtomicFile.write([UInt8](data), to: path(name)) }
}
