import ArgumentParser
import Evaluation
import Foundation
import Generation
import Models
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
      EvaluateRunCommand.self, EvaluateReferenceCommand.self, EvaluateGateCommand.self, EvaluateJudgeCommand.self,
      EvaluateSweepCommand.self, EvaluateUtilityCommand.self, EvaluateTablesCommand.self, EvaluateReadersCommand.self,
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

extension InceptionPipeline: ExpressibleByArgument {}

/// The classifier that comes with the program: judge of what is drawn, and extractor of features.
enum ShippedJudge {
  /// The judge of findings and traits.
  static let findings = "judge.safetensors"
  /// The judge of anatomy.
  static let anatomy = "anatomy.safetensors"

  /// Nil if no folder of models has it.
  private static func path(file: String) -> String? {
    let path = (try? ModelCatalog.standard().path(for: "thorax-judge")).map { "\($0)/\(file)" }
    return path.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }
  }

  /// What an option says in place of the judge that ships.
  static let none = "none"

  /// The judge that an option names; nil for none.
  ///
  /// - Throws: `MeasurementError` for a file that is not there.
  static func path(_ option: String?, file: String = findings) throws -> String? {
    guard let option else { return path(file: file) }
    if option == none { return nil }
    guard FileManager.default.fileExists(atPath: option) else { throw MeasurementError.missing(path: option) }
    return option
  }
}

/// Networks by whose features images are compared.
struct ExtractorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Weights of a network to compare features by (default: the classifier that ships; none for no network): Inception-v3 "
        + "of pytorch-fid, DenseNet-121 of TorchXRayVision, RAD-DINO, or a classifier of ours. May be repeated.",
      valueName: "file"), completion: .file(extensions: ["safetensors", "pth", "pt"]))
  var extractor: [String] = []

  @Option(help: "How images are brought to Inception-v3: clean (clean-fid's way) or legacy (pytorch-fid's).")
  var pipeline = InceptionPipeline.clean

  /// The networks, of which one at least is needed.
  ///
  /// - Throws: `RequestError` if none is given, `MeasurementError` for a file that is not there.
  func required() throws -> [ExtractorChoice] {
    let choices = try choices()
    guard !choices.isEmpty else {
      throw RequestError.conflict(
        "there is no network to compare by", remedy: "give its weights with --extractor, such as pytorch-fid's")
    }
    return choices
  }

  /// - Throws: `MeasurementError` for a file that is not there.
  func choices() throws -> [ExtractorChoice] {
    let paths = extractor.isEmpty ? [try ShippedJudge.path(nil)] : try extractor.map { try ShippedJudge.path($0) }
    return paths.compactMap { $0 }.map { ExtractorChoice(path: $0, pipeline: pipeline) }
  }
}

/// A judge of findings and traits.
struct JudgeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Classifier of findings and traits that judges whether images show what their prompts ask for (default: the one that "
        + "ships; none for no judge).", valueName: "file"), completion: .file(extensions: ["safetensors"]))
  var judge: String?

  /// - Throws: `MeasurementError` for a file that is not there.
  func path() throws -> String? { try ShippedJudge.path(judge) }
}

/// Networks that compare pairs of images as people do.
struct PerceptualOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Weights of LPIPS, which is then measured too: torchvision's alexnet or vgg16 and the package's alex.pth or vgg.pth, or "
        + "one file with the state of the whole lpips.LPIPS. May be repeated.", valueName: "file"),
    completion: .file(extensions: ["safetensors", "pth", "pt"]))
  var lpips: [String] = []

  /// - Throws: `MeasurementError` for a file that is not there; what reading the weights throws.
  func files() throws -> [String] {
    for path in lpips where !FileManager.default.fileExists(atPath: path) { throw MeasurementError.missing(path: path) }
    // Before hours are spent on the rest.
    if !lpips.isEmpty { _ = try PerceptualDistance(contentsOf: lpips) }
    return lpips
  }
}

/// A judge of anatomy.
struct AnatomyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Classifier of corruptions by 'thorax train classifier --recipe anatomy' that says how many images have an anatomy "
        + "that no chest has (default: the one that ships; none for none).", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var anatomy: String?

  /// - Throws: `MeasurementError` for a file that is not there or has no label of a corruption, `ClassifierFileError` for
  ///   another.
  func path() throws -> String? {
    let path = try ShippedJudge.path(anatomy, file: ShippedJudge.anatomy)
    // Before hours are spent on the rest.
    if let path { _ = try AnatomyJudge(contentsOf: path) }
    return path
  }
}

/// A network that recognises patients.
struct ReidentifierOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Network by 'thorax train reidentifier' that says whether images show patients of the training part.",
      valueName: "file"), completion: .file(extensions: ["safetensors"]))
  var reidentifier: String?

  /// - Throws: `MeasurementError` for a file that is not there, `ClassifierFileError` for another.
  func path() throws -> String? {
    guard let reidentifier else { return nil }
    guard FileManager.default.fileExists(atPath: reidentifier) else {
      throw MeasurementError.missing(path: reidentifier)
    }
    // Before hours are spent on the rest.
    _ = try ReidentifierExtractor(contentsOf: reidentifier)
    return reidentifier
  }
}

/// Lines about long work, with the seconds since it began, on standard error.
struct WorkNotes: Sendable {
  let console: Console
  private let start = Date()

  init(_ console: Console) { self.console = console }

  func callAsFunction(_ text: String) { console.note("[\(Int(Date().timeIntervalSince(start))) s] \(text)") }

  /// Says of images that have become blurred how many they are.
  func enlarged(_ number: Int, of set: FolderImages) {
    guard number > 0, let size = set.size else { return }
    self("\(number) of \(set.count) images are smaller than \(size)x\(size) and are enlarged: they are blurred")
  }
}

/// A folder of results.
struct ResultFolder {
  let path: String

  /// - Throws: `OutputError` if nothing can be written there.
  init(_ path: String) throws {
    self.path = path
    try FilePath(path).makeWritableFolder()
  }

  /// - Throws: As ``init(_:)``.
  init(_ name: String, in folder: ResultFolder) throws { try self.init(folder.path(name)) }

  func path(_ name: String) -> String { URL(fileURLWithPath: path).appendingPathComponent(name).path }

  func write(_ text: String, to name: String) throws { try AtomicFile.write([UInt8](text.utf8), to: path(name)) }

  func write(_ data: Data, to name: String) throws { try AtomicFile.write([UInt8](data), to: path(name)) }
}
