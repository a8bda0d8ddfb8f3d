import ArgumentParser
import Diffusion
import Generation
import Models
import Support
import Terminal

/// How `generate` samples: what is given here goes before the model's own settings.
struct SamplingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "fast, the model's own settings (default), or best, its slow ones; the options below go before either.",
      valueName: "fast|best"), completion: .list(SamplingQuality.allCases.map(\.rawValue)))
  var quality: SamplingQuality?

  @Option(parsing: .unconditional, help: "Denoising steps (default: the model's).", transform: NumberText.whole)
  var steps: Int?

  @Option(
    parsing: .unconditional, help: "Classifier-free guidance scale; 1 switches it off (default: the model's).",
    transform: NumberText.real)
  var guidance: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How much of the contrast that guidance adds is taken back, 0 to 1 (default: the model's).", valueName: "r"),
    transform: NumberText.real)
  var guidanceRescale: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Times at which guidance acts, from 0 (the clean image) to 1 (noise), such as 0.3-0.9; none for all times "
        + "(default: the model's).", valueName: "low-high"))
  var guidanceInterval: String?

  @Option(
    help: ArgumentHelp(
      "What guidance leads away from: nothing (no text), or opposites, the prompt with side, sex, age group, view and "
        + "findings turned round (default: the model's).", valueName: "nothing|opposites"),
    completion: .list(GuidanceReference.allCases.map(\.rawValue)))
  var guidanceFrom: GuidanceReference?

  @Option(
    help: ArgumentHelp("What the image should not show; goes before guidance-from.", valueName: "text"))
  var negative: String?

  @Option(
    help: ArgumentHelp(
      "Sampler: \(SamplerKind.allCases.map(\.rawValue).joined(separator: ", ")) (default: the model's).",
      valueName: "name"), completion: .list(SamplerKind.allCases.map(\.rawValue)))
  var sampler: String?

  @Option(parsing: .unconditional, help: "Share of fresh noise in each DDIM step, 0 to 1.", transform: NumberText.real)
  var eta: Double?

  /// What is given, before the model or an image fills in the rest.
  ///
  /// - Throws: `RequestError`; `DiffusionError` for a sampler that is not known.
  var overrides: SamplingOverrides {
    get throws {
      let interval = try guidanceInterval.map { text in
        guard let interval = GuidanceInterval(text: text) else {
          throw RequestError.outOfRange(
            what: "guidance-interval", value: text.onOneLine(limit: 80),
            allowed: "two times from 0 to 1 with a hyphen between them, the lower first, such as 0.3-0.9, or none")
        }
        return interval
      }
      return SamplingOverrides(
        steps: steps, guidance: guidance, guidanceRescale: guidanceRescale, guidanceInterval: interval,
        guidanceFrom: guidanceFrom, negative: negative,
        sampler: try sampler.map { try SamplerKind(named: $0.lowercased()) }, eta: eta,
        quality: quality)
    }
  }

  /// Says which of the given options have no effect beside the others.
  func noteWithoutEffect(_ sampling: SamplingSettings, _ console: Console) {
    if eta != nil, sampling.sampler != .ddim { console.note("eta has no effect on \(sampling.sampler.rawValue)") }
    if negative != nil, guidanceFrom != nil { console.note("guidance-from has no effect beside a negative prompt") }
    guard sampling.guidance == 1 else { return }
    if negative != nil { console.note("the negative prompt has no effect at guidance 1") }
    if guidanceRescale != nil || guidanceInterval != nil || guidanceFrom != nil {
      console.note("guidance-rescale, guidance-interval and guidance-from have no effect at guidance 1")
    }
  }
}

extension SamplingQuality: ExpressibleByArgument {}

extension GuidanceReference: ExpressibleByArgument {}
