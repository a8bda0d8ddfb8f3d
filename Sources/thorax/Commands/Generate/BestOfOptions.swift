import ArgumentParser
import Evaluation
import Generation
import Support
import Terminal

extension PromptJudge: ImageJudge {}

/// `generate --best-of N --judge FILE`.
struct BestOfOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Draw N images for each one, from consecutive seeds, and keep the one that the judge finds nearest to the prompt.",
      valueName: "n"), transform: NumberText.whole)
  var bestOf: Int?

  @Option(
    help: ArgumentHelp(
      "Classifier of 'thorax train classifier' that says how near an image is to its prompt.",
      valueName: "file.safetensors"), completion: .file(extensions: ["safetensors"]))
  var judge: String?

  /// The number of images that each one is chosen from.
  var candidates: Int { bestOf ?? 1 }

  /// Everything that can be judged before a file is opened.
  ///
  /// - Throws: `RequestError`.
  func check(latents: String?, previewEvery: Int?) throws {
    guard let bestOf else {
      if judge != nil {
        throw RequestError.conflict("--judge is given without --best-of", remedy: "say how many images it chooses from")
      }
      return
    }
    try BestOf.check(candidates: bestOf)
    guard judge != nil else {
      throw RequestError.conflict(
        "--best-of is given without --judge", remedy: "name a classifier of 'thorax train classifier'")
    }
    if latents != nil {
      throw RequestError.conflict(
        "--best-of and --initial-latents are both given", remedy: "leave one out, all images would start alike")
    }
    if previewEvery != nil {
      throw RequestError.conflict(
        "--best-of and --preview-every are both given",
        remedy: "leave one out, or draw the kept image again with --like")
    }
  }

  /// Opens the judge and shows it the prompts.
  ///
  /// - Returns: The judge, and what each prompt asks of it; nil without `--best-of`.
  /// - Throws: `MeasurementError.blindToPrompt` for a prompt of which the judge knows nothing; what reading the file
  ///   throws.
  func open(for prompts: [String]) throws -> (judge: PromptJudge, asked: [[AskedLabel]])? {
    guard bestOf != nil, let path = judge else { return nil }
    let judge = try PromptJudge(contentsOf: path)
    return (judge, try prompts.map { try judge.asked(by: $0) })
  }
}

extension [AskedLabel] {
  /// What is asked for in words: `Effusion, no Pneumothorax`.
  var words: String {
    map { ($0.isPresent ? "" : "no ") + $0.labels.joined(separator: " or ") }.joined(separator: ", ")
  }
}
