import ArgumentParser
import Diffusion
import Foundation
import Generation
import ImageOutput
import Models
import Support
import SystemPackage
import Terminal

struct GenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draw chest radiographs from text.",
    discussion: """
      Example: thorax generate "Right lower lobe pneumonia with focal consolidation" --output cxr.png --seed 7

      Again:   thorax generate --like cxr.png --output again.png

      Image k (from 0) of a call with --seed S is the image that its prompt gives alone with --seed S+k.
      """
  )

  @Argument(help: "What the radiograph should show: free text, or a report's findings and impression.")
  var prompt: [String] = []

  @Option(
    help: ArgumentHelp(
      "File to write (.png, .jpg, .dcm), or a folder ending in /. Several images become name-000.png, name-001.png, ... "
        + "(default: \(OutputPlan.defaultName))",
      valueName: "path"), completion: .file(extensions: ["png", "jpg", "jpeg", "dcm"]))
  var output: String?

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

  @OptionGroup var sampling: SamplingOptions

  @Option(help: DeviceChoice.help, completion: DeviceChoice.completion)
  var device: String?

  @Option(help: PrecisionChoice.help, completion: PrecisionChoice.completion)
  var precision: String?

  @Option(
    help: ArgumentHelp(
      "Prompts from a text file (one a line), CSV (column prompt; seed and output if you like) or JSONL.",
      valueName: "file"), completion: .file(extensions: ["txt", "csv", "jsonl"]))
  var prompts: String?

  @Option(
    help: ArgumentHelp(
      "Draw again what an image of Thorax says of itself, to the byte on the same machine; what else is given goes "
        + "before what it says.", valueName: "image"), completion: .file(extensions: ["png", "jpg", "jpeg", "dcm"]))
  var like: String?

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

  @Flag(help: "Write all images of the prompt as the frames of one DICOM file.")
  var multiFrame = false

  @OptionGroup var bestOf: BestOfOptions

  @OptionGroup var marks: MarkOptions

  @Option(
    help: ArgumentHelp(
      "Draw through the socket of a running 'thorax serve --unix PATH', which has the model loaded.", valueName: "path"),
    completion: .file())
  var via: String?

  @Flag(help: "Replace files that exist.")
  var overwrite = false

  @Flag(help: "Print one JSON object that says what was made.")
  var json = false

  @OptionGroup var common: CommonOptions

  /// Everything that can be judged before a file is opened.
  private func check() throws {
    try common.check()
    try sampling.overrides.validate()
    if let device { _ = try DeviceChoice(name: device) }
    if let precision { _ = try PrecisionChoice(name: precision) }
    if let previewEvery, previewEvery < 1 {
      throw RequestError.outOfRange(what: "preview-every", value: "\(previewEvery)", allowed: "at least 1")
    }
    try bestOf.check(latents: initialLatents, previewEvery: previewEvery)
    try checkVia()
    if multiFrame, previewEvery != nil || like != nil {
      throw RequestError.conflict(
        "\(like == nil ? "--preview-every" : "--like") and --multi-frame are both given",
        remedy: "leave one of them out")
    }
    if prompts != nil, !prompt.isEmpty {
      throw RequestError.conflict("a prompt and --prompts are both given", remedy: "put every prompt into the file")
    }
    if like != nil, prompts != nil || !prompt.isEmpty {
      throw RequestError.conflict("a prompt and --like are both given", remedy: "the image has its own: leave one out")
    }
  }

  /// What a service decides for itself cannot be given with `--via`.
  private func checkVia() throws {
    guard via != nil else { return }
    let given = [
      ("--device", device != nil), ("--precision", precision != nil), ("--threads", common.threads != nil),
      ("--initial-latents", initialLatents != nil), ("--save-latents", saveLatents != nil),
      ("--preview-every", previewEvery != nil), ("--best-of", bestOf.candidates > 1), ("--like", like != nil),
      ("--multi-frame", multiFrame), ("--no-watermark", !marks.watermark), ("--stamp", marks.stamp),
      ("--signing-key", marks.signingKey != nil),
    ]
    guard let option = given.first(where: { $0.1 })?.0 else { return }
    throw RequestError.conflict("\(option) and --via are both given", remedy: "leave one of them out")
  }

  func run() async throws {
    let clock = ContinuousClock()
    let start = clock.now
    try check()
    let console = common.console
    let key = try marks.key()
    let likeness = try like.map { try LikeImage(path: $0) }
    let entries =
      try likeness.map { [PromptEntry(prompt: $0.recorded.prompt)] } ?? prompts.map(PromptsFile.read(path:))
      ?? prompt.enumerated().map { try PromptEntry(given: $1, index: $0) }
    let firstSeed = seed ?? likeness?.recorded.seed ?? UInt64(UInt32.random(in: .min ... .max))
    let plan = try OutputPlan(
      entries: entries, count: count, candidates: bestOf.candidates, seed: firstSeed,
      output: output ?? likeness?.defaultOutput, areFrames: multiFrame)
    try plan.checkCollisions(overwrite: overwrite)
    if let saveLatents { try plan.checkLatents(saveLatents, overwrite: overwrite) }
    if let likeness, initialLatents == nil { try likeness.checkNoise() }
    if let via {
      try plan.makeFolders()
      let drawing = ServiceDrawing(
        path: via, plan: plan, settings: try sampling.overrides, model: model, overwrite: overwrite, console: console)
      // Said once there is an image of it.
      var isSeedSaid = seed != nil || entries.allSatisfy { $0.seed != nil }
      let report = try await drawing.run {
        if !isSeedSaid { console.note("seed \(firstSeed)") }
        isSeedSaid = true
        if !json { try Console.writeResult($0) }
      }
      if json { try Console.writeJSON(report) }
      return
    }
    // Everything from here on needs a model. LibTorch takes longer to open than a model takes to find, so that it
    // begins first.
    LibTorchOpening.begin()

    let source = try ModelSource(
      path: ModelCatalog.standard().path(for: model ?? likeness?.recorded.modelName ?? ModelCatalog.defaultName))
    var settings = try self.sampling.overrides
    var sampling = try source.description.sampling(for: settings)
    if let likeness { (settings, sampling) = try likeness.settings(settings, of: source.description) }
    for (index, entry) in entries.enumerated() {
      try SamplingOverrides.check(prompt: entry.prompt, index: index, guidance: sampling.guidance)
    }
    if let previewEvery {
      try plan.checkPreviews(every: previewEvery, steps: sampling.steps, latents: saveLatents, overwrite: overwrite)
    }
    self.sampling.noteWithoutEffect(sampling, console)
    let opened = try bestOf.open(for: entries.map(\.prompt))
    let latents = try initialLatents.map { try LatentsFile.read(path: $0, expecting: plan.images.count) }
    try latents?.forEach { try $0.check(shape: source.description.latentShape) }
    try plan.makeFolders()
    if let saveLatents { try FilePath(saveLatents).folder.makeWritableFolder() }

    let host = try await ModelHost.load(
      source, device: likeness.map { try $0.device(given: device) } ?? DeviceChoice(name: device ?? "auto"),
      precision: likeness.map { try $0.precision(given: precision) } ?? PrecisionChoice(name: precision ?? "auto"),
      threads: common.threads ?? likeness?.recorded.threads)
    if seed == nil, likeness == nil, entries.contains(where: { $0.seed == nil }) { console.note("seed \(firstSeed)") }
    console.detail("loaded \(source.path) on \(host.device) in \(Int(host.loadTime)) ms")
    let drawing = HostDrawing(
      host: host, plan: plan, settings: settings, sampling: sampling, candidates: bestOf.candidates, judged: opened,
      likeness: likeness, initialLatents: latents, savedLatents: saveLatents, previewInterval: previewEvery,
      areFrames: multiFrame, isWatermarked: marks.watermark, isStamped: marks.stamp, signingKey: key,
      overwrite: overwrite, console: console)
    var report = try await drawing.run { if !json { try Console.writeResult($0) } }
    report.timings.load = host.loadTime
    report.timings.library = host.libraryTime
    report.timings.total = (clock.now - start).milliseconds
    report.peakMemoryBytes = peakMemoryBytes()
    if json { try Console.writeJSON(report) }
    console.detail("\(Int(report.timings.total)) ms in all, \(report.peakMemoryBytes >> 20) MiB at most")
  }
}
