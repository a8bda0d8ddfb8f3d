import ArgumentParser
import Diffusion
import Foundation
import Generation
import Models
import Support
import TensorFiles
import Terminal

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

  @Option(
    help: ArgumentHelp(
      "Model to draw with: a name, a model folder, or a checkpoint (.pt) of the article's author.",
      valueName: "name|dir"))
  var model: String?

  @Option(parsing: .unconditional, help: "Images for each prompt.", transform: NumberText.whole)
  var count: Int = 1

  @Option(
    parsing: .unconditional, help: "Seed of the first image (default: drawn, and reported).",
    transform: NumberText.whole)
  var seed: UInt64?

  @Option(parsing: .unconditional, help: "Denoising steps (default: the model's).", transform: NumberText.whole)
  var steps: Int?

  @Option(
    parsing: .unconditional, help: "Classifier-free guidance scale; 1 switches it off (default: the model's).",
    transform: NumberText.real)
  var guidance: Double?

  @Option(help: ArgumentHelp("What the image should not show.", valueName: "text"))
  var negative: String?

  @Option(
    help: ArgumentHelp(
      "Sampler: \(SamplerKind.allCases.map(\.rawValue).joined(separator: ", ")) (default: the model's).",
      valueName: "name"), completion: .list(SamplerKind.allCases.map(\.rawValue)))
  var sampler: String?

  @Option(parsing: .unconditional, help: "Share of fresh noise in each DDIM step, 0 to 1.", transform: NumberText.real)
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

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Write a preview beside the image every N steps.", valueName: "n"),
    transform: NumberText.whole)
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

  private var settings: SamplingOverrides {
    get throws {
      SamplingOverrides(
        steps: steps, guidance: guidance, negative: negative,
        sampler: try sampler.map { try SamplerKind(named: $0.lowercased()) },
        eta: eta)
    }
  }

  func run() async throws {
    let clock = ContinuousClock()
    let start = clock.now
    try check()
    let console = common.console
    let entries = try prompts.map(PromptsFile.read(path:)) ?? prompt.map { PromptEntry(prompt: $0) }
    let firstSeed = seed ?? UInt64(UInt32.random(in: .min ... .max))
    let plan = try OutputPlan(entries: entries, count: count, seed: firstSeed, output: output)
    try plan.checkCollisions(overwrite: overwrite)
    if let saveLatents { try OutputPlan.checkCollision(saveLatents, overwrite: overwrite) }

    let catalog = ModelCatalog.standard()
    let source = try ModelSource(path: catalog.path(for: model ?? ModelCatalog.defaultName))
    let sampling = try source.description.sampling(for: settings)
    for (index, entry) in entries.enumerated() {
      try SamplingOverrides.check(prompt: entry.prompt, index: index, guidance: sampling.guidance)
    }
    if eta != nil, sampling.sampler != .ddim { console.note("eta has no effect on \(sampling.sampler.rawValue)") }
    if negative != nil, sampling.guidance == 1 { console.note("the negative prompt has no effect at guidance 1") }
    let latents = try initialLatents.map { try LatentsFile.read(path: $0, expecting: plan.images.count) }
    try latents?.forEach { try $0.check(shape: source.description.latentShape) }
    try plan.makeFolders()

    let host = try await ModelHost.load(
      source, device: DeviceChoice(name: device), precision: PrecisionChoice(name: precision), threads: common.threads)
    if seed == nil, entries.contains(where: { $0.seed == nil }) { console.note("seed \(firstSeed)") }
    console.detail("loaded \(source.path) on \(host.device) in \(Int(host.loadTime)) ms")
    var report = GenerateReport(
      model: .init(name: host.description.name, hash: host.hash), steps: sampling.steps, guidance: sampling.guidance,
      negative: negative, sampler: sampling.sampler.rawValue, eta: sampling.eta, device: "\(host.device)",
      precision: PrecisionChoice(dtype: host.precision).rawValue, threads: host.threads)
    var finalLatents: [Latents] = []
    let count = plan.images.count
    // One image is counted in steps, several in images.
    let meter = console.meter(
      "drawing", unit: count == 1 ? "steps" : "images", total: count == 1 ? sampling.steps : count)
    for (index, planned) in plan.images.enumerated() {
      let previews = PreviewWriter(planned: planned, overwrite: overwrite)
      let request = GenerationRequest(
        prompt: planned.prompt, seed: planned.seed, settings: try settings,
        initialLatents: latents.map { [$0[index]] }, previewInterval: previewEvery, keepsLatents: saveLatents != nil)
      let result = try await host.generate(request) { event in
        switch event {
        case .step(_, let step, let steps):
          meter.update(count == 1 ? Double(step) : Double(index) + Double(step) / Double(steps))
        case .preview(let step, let preview): try previews.write(preview, step: step)
        case .image, .finished: break
        }
      }
      // Said once a prompt, at its first image.
      if let truncation = result.truncation, index == 0 || plan.images[index - 1].promptIndex != planned.promptIndex {
        console.note("prompt \(planned.promptIndex + 1) was \(truncation): what follows is not drawn")
      }
      for image in result.images {
        report.images.append(try write(image, to: planned))
        finalLatents += image.latents.map { [$0] } ?? []
      }
      report.previews += previews.paths
      report.timings += result.timings
      if !json { try Console.writeResult(planned.path) }
    }
    meter.finish()
    if let saveLatents { try LatentsFile.write(finalLatents, to: saveLatents, overwrite: overwrite) }
    report.timings.load = host.loadTime
    report.timings.library = host.libraryTime
    report.timings.total = (clock.now - start).milliseconds
    report.peakMemoryBytes = peakMemoryBytes()
    if json { try Console.writeJSON(report) }
    console.detail("\(Int(report.timings.total)) ms in all, \(report.peakMemoryBytes >> 20) MiB at most")
  }

  private func write(_ image: GeneratedImage, to planned: PlannedImage) throws -> GenerateReport.Image {
    let bytes = try image.encoded(as: planned.format)
    try AtomicFile.write(bytes, to: planned.path, mode: overwrite ? .replace : .createNew)
    return GenerateReport.Image(
      path: planned.path, prompt: planned.prompt, seed: planned.seed, width: image.image.width,
      height: image.image.height, sha256: ContentHash.of(bytes))
  }
}

/// Writes the previews of one image beside it.
private final class PreviewWriter: @unchecked Sendable {
  private let planned: PlannedImage
  private let overwrite: Bool
  // Written on the host's thread while the command waits for it, read afterwards.
  private(set) var paths: [String] = []

  init(planned: PlannedImage, overwrite: Bool) {
    self.planned = planned
    self.overwrite = overwrite
  }

  func write(_ preview: GeneratedImage, step: Int) throws {
    let path = OutputPlan.previewPath(of: planned, step: step)
    try AtomicFile.write(preview.encoded(as: planned.format), to: path, mode: overwrite ? .replace : .createNew)
    paths.append(path)
  }
}
