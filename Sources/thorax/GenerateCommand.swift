import ArgumentParser
import Foundation
import Generation

struct GenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draw chest radiographs from text.",
    discussion: """
      Example: thorax generate "Right lower lobe pneumonia with focal consolidation" --output cxr.png --seed 7

      Image k (from 0) of a call with --seed S is the image that its prompt gives alone with --seed S+k.
      """
  )

  @Argument(help: "What the radiograph should show: free text, or a report's findings and impression.")
  var prompt: [String] = []

  @Option(
    help: ArgumentHelp(
      "File to write (.png, .jpg), or a folder ending in /. Several images become name-000.png, name-001.png, ...",
      valueName: "path"), completion: .file(extensions: ["png", "jpg", "jpeg"]))
  var output: String = OutputPlan.defaultName

  @Option(help: ArgumentHelp("Model to draw with: a name, or a model folder.", valueName: "name|dir"))
  var model: String?

  @Option(help: "Images for each prompt.")
  var count: Int = 1

  @Option(help: "Seed of the first image (default: drawn, and reported).")
  var seed: UInt64?

  @Option(help: "Denoising steps (default: the model's).")
  var steps: Int?

  @Option(help: "Classifier-free guidance scale; 1 switches it off (default: the model's).")
  var guidance: Double?

  @Option(help: ArgumentHelp("What the image should not show.", valueName: "text"))
  var negative: String?

  @Option(
    help: ArgumentHelp(
      "Sampler: \(SamplerName.allCases.map(\.rawValue).joined(separator: ", ")) (default: the model's).",
      valueName: "name"), completion: .list(SamplerName.allCases.map(\.rawValue)))
  var sampler: String?

  @Option(help: "Share of fresh noise in each DDIM step, 0 to 1.")
  var eta: Double?

  @Option(
    help: ArgumentHelp("auto, cpu, cuda, cuda:N or mps.", valueName: "device"),
    completion: .list(["auto", "cpu", "cuda", "mps"]))
  var device: String = "auto"

  @Option(
    help: ArgumentHelp("auto, fp32, bf16 or fp16.", valueName: "precision"),
    completion: .list(PrecisionChoice.allCases.map(\.rawValue)))
  var precision: String = "auto"

  @Option(
    help: ArgumentHelp(
      "Prompts from a text file (one a line), CSV (column prompt; seed and output if you like) or JSONL.",
      valueName: "file"), completion: .file(extensions: ["txt", "csv", "jsonl"]))
  var prompts: String?

  @Option(
    help: ArgumentHelp("Start from these latents in place of noise.", valueName: "file.safetensors"),
    completion: .file(extensions: ["safetensors"]))
  var initialLatents: String?

  @Option(
    help: ArgumentHelp("Keep the final latents.", valueName: "file.safetensors"),
    completion: .file(extensions: ["safetensors"]))
  var saveLatents: String?

  @Option(help: ArgumentHelp("Write a preview beside the image every N steps.", valueName: "n"))
  var previewEvery: Int?

  @Flag(help: "Replace files that exist.")
  var overwrite = false

  @Flag(help: "Print one JSON object that says what was made.")
  var json = false

  @OptionGroup var common: CommonOptions

  /// Everything that can be judged before a file is opened.
  private func check() throws {
    try common.check()
    try settings.validate()
    _ = try DeviceChoice(name: device)
    _ = try PrecisionChoice(name: precision)
    if let previewEvery, previewEvery < 1 {
      throw RequestError.outOfRange(what: "preview-every", value: "\(previewEvery)", allowed: "at least 1")
    }
    if prompts != nil, !prompt.isEmpty {
      throw RequestError.conflict("a prompt and --prompts are both given", remedy: "put every prompt into the file")
    }
  }

  private var settings: GenerationSettings {
    get throws {
      GenerationSettings(
        steps: steps, guidance: guidance, negative: negative, sampler: try sampler.map(SamplerName.init(name:)),
        eta: eta)
    }
  }

  func run() async throws {
    try check()
    let console = common.console
    let entries = try prompts.map(PromptsFile.read(path:)) ?? prompt.map { PromptEntry(prompt: $0) }
    let firstSeed = seed ?? UInt64(UInt32.random(in: .min ... .max))
    let plan = try OutputPlan(entries: entries, count: count, seed: firstSeed, output: output)
    for (index, entry) in entries.enumerated() {
      try GenerationSettings.check(prompt: entry.prompt, index: index, guidance: guidance ?? .infinity)
    }
    try plan.prepare(overwrite: overwrite)
    if seed == nil, entries.contains(where: { $0.seed == nil }) { console.note("seed \(firstSeed)") }
  }
}
