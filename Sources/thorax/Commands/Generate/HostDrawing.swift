import Evaluation
import Foundation
import Generation
import ImageOutput
import Models
import Support
import Terminal

/// Draws the images of a plan with a model of this process.
struct HostDrawing {
  var host: ModelHost
  var plan: OutputPlan
  var settings: SamplingOverrides
  /// The same with the model's own filled in.
  var sampling: SamplingSettings
  /// How many images each one is chosen from.
  var candidates: Int
  /// The judge that chooses, and what each prompt asks of it.
  var judged: (judge: PromptJudge, asked: [[AskedLabel]])?
  /// The image that is drawn again.
  var likeness: LikeImage?
  /// One for each image.
  var initialLatents: [Latents]?
  /// Where the final latents go.
  var savedLatents: String?
  var previewInterval: Int?
  /// Whether all images are frames of one file.
  var areFrames: Bool
  var isWatermarked: Bool
  var isStamped: Bool
  var signingKey: SigningKey?
  var overwrite: Bool
  var console: Console

  private var count: Int { plan.images.count * candidates }

  /// Draws and writes all images.
  ///
  /// - Parameter written: Called with the path of each file of images that was written.
  /// - Returns: What was made; its times lack those of loading and of the whole.
  /// - Throws: What drawing throws; `FileAccessError` if a file cannot be written.
  func run(written: (String) throws -> Void) async throws -> GenerateReport {
    var report = GenerateReport(host: host, sampling: sampling, negative: settings.negative)
    var latents: [Latents] = []
    var frames: [SyntheticImage] = []
    let choosing = try judged.map { try BestOf(candidates, host: host, judge: $0.judge) }
    // One image is counted in steps, several in images.
    let meter = console.meter(
      "drawing", unit: count == 1 ? "steps" : "images", total: count == 1 ? sampling.steps : count)
    for (index, planned) in plan.images.enumerated() {
      let previews = PreviewWriter(planned: planned, overwrite: overwrite)
      let (result, chosenFrom) = try await draw(index, choosing, previews, meter)
      // Said once a prompt, at its first image.
      if let truncation = result.truncation, index == 0 || plan.images[index - 1].promptIndex != planned.promptIndex {
        console.note("prompt \(planned.promptIndex + 1) was \(truncation): what follows is not drawn")
      }
      for (place, image) in result.images.enumerated() {
        let image = marked(image)
        var bytes: [UInt8] = []
        if areFrames {
          frames.append(image.drawn)
        } else {
          bytes = try image.drawn.write(
            to: planned.path, as: planned.format, signedBy: signingKey, overwrite: overwrite)
        }
        var described = GenerateReport.Image(image, bytes: bytes, at: planned)
        if let chosenFrom, let judged {
          let asked = judged.asked[planned.promptIndex]
          described.describe(chosenFrom[place], asked: asked)
          if let choice = image.provenance.choice {
            console.note("seed \(image.provenance.seed) is \(choice), for \(asked.words)")
          }
        }
        report.images.append(described)
        latents += image.latents.map { [$0] } ?? []
        if let likeness, index == 0 { report.like = try likeness.compare(image, bytes: bytes, console: console) }
      }
      report.previews += previews.paths
      report.timings += result.timings
      if !areFrames { try written(planned.path) }
    }
    meter.finish()
    if areFrames, let path = plan.images.first?.path {
      let bytes = try SyntheticImage.encodedFrames(frames, signedBy: signingKey)
      try AtomicFile.write(bytes, to: path, mode: overwrite ? .replace : .createNew)
      report.areFrames(of: bytes)
      try written(path)
    }
    if let savedLatents { try LatentsFile.write(latents, to: savedLatents, overwrite: overwrite) }
    return report
  }

  /// Draws one image of the plan, or all that it is chosen from.
  private func draw(
    _ index: Int, _ choosing: BestOf?, _ previews: PreviewWriter, _ meter: ProgressMeter
  ) async throws -> (result: GenerationResult, chosenFrom: [[BestOf.Candidate]]?) {
    let planned = plan.images[index]
    let request = GenerationRequest(
      prompt: planned.prompt, seed: planned.seed, settings: settings,
      initialLatents: initialLatents.map { [$0[index]] }, previewInterval: previewInterval,
      keepsLatents: savedLatents != nil)
    let (before, count) = (index * candidates, count)
    let observe: @Sendable (Int, GenerationEvent) throws -> Void = { candidate, event in
      switch event {
      case .step(_, let step, let steps):
        meter.update(count == 1 ? Double(step) : Double(before + candidate) + Double(step) / Double(steps))
      case .preview(let step, let preview): try previews.write(preview, step: step)
      case .image, .finished: break
      }
    }
    guard let choosing else { return (try await host.generate(request) { try observe(0, $0) }, nil) }
    let chosen = try await choosing.generate(request, observe: observe)
    return (chosen.generation, chosen.candidates)
  }

  /// An image with the marks that its file is to have.
  private func marked(_ image: GeneratedImage) -> GeneratedImage {
    var image = image
    image.drawn.provenance.isWatermarked = isWatermarked && likeness?.recorded.isWatermarked != false
    image.drawn.provenance.isStamped = isStamped || likeness?.recorded.isStamped == true
    // One that was chosen just now says so itself.
    if judged == nil { image.drawn.provenance.choice = likeness?.choice(of: image.provenance) }
    return image
  }
}
