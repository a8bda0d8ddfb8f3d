import Diffusion
import ImageFiles
import Support

/// How an image was made: what every image file records of it, and what is needed to make the same bytes again.
public struct Provenance: Equatable, Sendable {
  public var prompt: String
  public var negative: String?
  public var seed: UInt64
  public var steps: Int
  public var guidance: Double
  /// How much of the contrast that guidance adds was taken back, 0 to 1.
  public var guidanceRescale: Double
  /// The times, 0 (clean) to 1 (noise), at which guidance acted; nil for all.
  public var guidanceInterval: ClosedRange<Double>?
  /// What guidance led away from if there is no negative prompt.
  public var guidanceFrom: GuidanceReference
  public var sampler: SamplerKind
  public var eta: Double
  public var modelName: String
  /// SHA-256 of the model, in hexadecimal digits.
  public var modelHash: String
  public var textEncoderName: String
  /// SHA-256 of the text encoder's weights.
  public var textEncoderHash: String
  /// SHA-256 of the latents that the image was drawn from; nil if it was drawn from the noise of its seed.
  public var initialLatents: String?
  /// How it was chosen among several; nil if it was drawn alone.
  public var choice: ImageChoice?
  public var device: String
  public var precision: String
  public var threads: Int
  /// Whether files of the image carry a ``Watermark``.
  public var isWatermarked: Bool
  /// Whether letters in the picture say that it is synthetic.
  public var isStamped: Bool

  public init(
    prompt: String, negative: String?, seed: UInt64, steps: Int, guidance: Double, guidanceRescale: Double,
    guidanceInterval: ClosedRange<Double>?, guidanceFrom: GuidanceReference = .nothing, sampler: SamplerKind,
    eta: Double, modelName: String, modelHash: String,
    textEncoderName: String, textEncoderHash: String, initialLatents: String?, choice: ImageChoice? = nil,
    device: String, precision: String, threads: Int, isWatermarked: Bool = true,
    isStamped: Bool = false
  ) {
    self.prompt = prompt
    self.negative = negative
    self.seed = seed
    self.steps = steps
    self.guidance = guidance
    self.guidanceRescale = guidanceRescale
    self.guidanceInterval = guidanceInterval
    self.guidanceFrom = guidanceFrom
    self.sampler = sampler
    self.eta = eta
    self.modelName = modelName
    self.modelHash = modelHash
    self.textEncoderName = textEncoderName
    self.textEncoderHash = textEncoderHash
    self.initialLatents = initialLatents
    self.choice = choice
    self.device = device
    self.precision = precision
    self.threads = threads
    self.isWatermarked = isWatermarked
    self.isStamped = isStamped
  }

  public static let notice = "Synthetic chest radiograph made by a machine-learning model; not for diagnosis."

  /// PNG's own keys first, then one `thorax:` key for each fact.
  var texts: [ImageText] {
    var texts = [
      ImageText("Software", ThoraxVersion.software),
      ImageText("Description", "\(Self.notice) Prompt: \(prompt.onOneLine(limit: 500))"),
      ImageText("thorax:synthetic", "true"),
      ImageText("thorax:seed", "\(seed)"),
      ImageText("thorax:steps", "\(steps)"),
      ImageText("thorax:guidance", "\(guidance)"),
      ImageText("thorax:guidance-rescale", "\(guidanceRescale)"),
      ImageText("thorax:guidance-interval", "\(GuidanceInterval(guidanceInterval))"),
      ImageText("thorax:sampler", sampler.rawValue),
      ImageText("thorax:eta", "\(eta)"),
      ImageText("thorax:model", modelName),
      ImageText("thorax:model-hash", modelHash),
      ImageText("thorax:text-encoder", textEncoderName),
      ImageText("thorax:text-encoder-hash", textEncoderHash),
      ImageText("thorax:version", ThoraxVersion.current),
      ImageText("thorax:device", device),
      ImageText("thorax:precision", precision),
      ImageText("thorax:threads", "\(threads)"),
    ]
    if guidanceFrom != .nothing { texts.append(ImageText("thorax:guidance-from", guidanceFrom.rawValue)) }
    if isWatermarked { texts.append(ImageText("thorax:watermark", Watermark.version)) }
    if isStamped { texts.append(ImageText("thorax:stamp", "true")) }
    if let initialLatents { texts.append(ImageText("thorax:initial-latents", initialLatents)) }
    if let choice {
      texts += [
        ImageText("thorax:best-of", "\(choice.candidates)"),
        ImageText("thorax:best-of-first-seed", "\(choice.firstSeed)"),
        ImageText("thorax:judge-hash", choice.judgeHash),
        ImageText("thorax:judge-score", "\(choice.score)"),
      ]
    }
    // The long ones come last: a JPEG segment holds 64 KiB, and what does not fit is cut at the end.
    texts.append(ImageText("thorax:prompt", prompt))
    if let negative { texts.append(ImageText("thorax:negative", negative)) }
    return texts
  }
}
