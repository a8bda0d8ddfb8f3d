import ArgumentParser
import Evaluation
import Foundation
import Generation
import Models

extension InceptionPipeline: ExpressibleByArgument {}

/// The networks that come with the program: judges of what is drawn, of which one is the extractor of features too.
enum ShippedJudge {
  /// The judge of findings and traits.
  static let findings = "judge.safetensors"
  /// The judge of anatomy.
  static let anatomy = "anatomy.safetensors"
  /// The network that recognises patients.
  static let patients = "reidentifier.safetensors"

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

  /// - Throws: `RequestError` for none beside another; `MeasurementError` for a file that is not there; what reading the
  ///   weights throws.
  func choices() throws -> [ExtractorChoice] {
    if extractor.count > 1, extractor.contains(ShippedJudge.none) {
      throw RequestError.conflict(
        "--extractor \(ShippedJudge.none) and another are both given", remedy: "leave one of them out")
    }
    let paths = extractor.isEmpty ? [try ShippedJudge.path(nil)] : try extractor.map { try ShippedJudge.path($0) }
    let choices = paths.compactMap { $0 }.map { ExtractorChoice(path: $0, pipeline: pipeline) }
    // Before minutes are spent on the rest.
    if !extractor.isEmpty {
      for choice in choices { _ = try FeatureExtractorFile.load(choice.path, pipeline: pipeline) }
    }
    return choices
  }
}

/// A judge of findings and traits.
struct JudgeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Classifier of findings and traits that judges whether images show what their prompts ask for (default: the one that "
        + "ships; none for no judge).", valueName: "file"), completion: .file(extensions: ["safetensors"]))
  var judge: String?

  /// - Throws: `MeasurementError` for a file that is not there; what reading the classifier throws.
  func path() throws -> String? {
    let path = try ShippedJudge.path(judge)
    // Before minutes are spent on the rest.
    if let path, judge != nil { _ = try OwnExtractor(contentsOf: path) }
    return path
  }
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
      "Network by 'thorax train reidentifier' that says whether images show patients of the training part (default: the one "
        + "that ships; none for none).", valueName: "file"), completion: .file(extensions: ["safetensors"]))
  var reidentifier: String?

  /// - Throws: `MeasurementError` for a file that is not there, `ClassifierFileError` for another.
  func choice() throws -> ReidentifierChoice? {
    guard let path = try ShippedJudge.path(reidentifier, file: ShippedJudge.patients) else { return nil }
    // Before hours are spent on the rest.
    _ = try ReidentifierExtractor(contentsOf: path)
    return ReidentifierChoice(path: path, isRequired: reidentifier != nil)
  }
}
