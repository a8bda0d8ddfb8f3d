import ImageFiles
import Tokenization

/// What to draw: one prompt, as many images of it as wanted, and how.
public struct GenerationRequest: Sendable {
  /// Free text. Empty is the null prompt, which needs guidance 1.
  public var prompt: String
  /// Seed of the first image; image k uses `seed + k` and has a generator of its own.
  public var seed: UInt64
  /// Images to make, at least 1.
  public var count: Int
  public var settings: GenerationSettings
  /// Latents to start from in place of noise, one for each image.
  public var initialLatents: [Latents]?
  /// A preview comes after every so many steps; nil for none.
  public var previewInterval: Int?
  /// Whether the final latents are part of the result.
  public var keepsLatents: Bool

  public init(
    prompt: String, seed: UInt64, count: Int = 1, settings: GenerationSettings = GenerationSettings(),
    initialLatents: [Latents]? = nil, previewInterval: Int? = nil, keepsLatents: Bool = false
  ) {
    self.prompt = prompt
    self.seed = seed
    self.count = count
    self.settings = settings
    self.initialLatents = initialLatents
    self.previewInterval = previewInterval
    self.keepsLatents = keepsLatents
  }
}

extension GenerationRequest {
  /// Checks what can only be judged with the model at hand.
  ///
  /// - Parameters:
  ///   - latentShape: Channels, height and width of the model's latents.
  ///   - guidance: The guidance that the request comes to.
  func check(against latentShape: [Int], guidance: Double) throws {
    guard count >= 1, count <= OutputPlan.imageLimit else {
      throw RequestError.outOfRange(what: "count", value: "\(count)", allowed: "1 to \(OutputPlan.imageLimit)")
    }
    guard !seed.addingReportingOverflow(UInt64(count - 1)).overflow else {
      throw RequestError.outOfRange(what: "seed", value: "\(seed)", allowed: "one that leaves room for \(count) images")
    }
    if let previewInterval, previewInterval < 1 {
      throw RequestError.outOfRange(what: "preview-every", value: "\(previewInterval)", allowed: "at least 1")
    }
    try GenerationSettings.check(prompt: prompt, index: 0, guidance: guidance)
    guard let initialLatents else { return }
    guard initialLatents.count == count else {
      throw LatentsError.count(initialLatents.count, expected: count)
    }
    for latents in initialLatents { try latents.check(shape: latentShape) }
  }
}

extension ModelDescription {
  /// The settings of a request with the model's own where it says nothing.
  ///
  /// - Throws: ``RequestError`` for numbers that mean nothing; `DiffusionError` for more steps than timesteps.
  public func sampling(for settings: GenerationSettings) throws -> SamplingDefaults {
    try settings.validate()
    let steps = settings.steps ?? sampling.steps
    guard steps <= scheduler.schedule.trainTimesteps else {
      throw RequestError.outOfRange(
        what: "steps", value: "\(steps)", allowed: "1 to \(scheduler.schedule.trainTimesteps), the model's timesteps")
    }
    var result = sampling
    result.steps = steps
    if let guidance = settings.guidance { result.guidance = guidance }
    if let sampler = settings.sampler { result.sampler = sampler }
    if let eta = settings.eta { result.eta = eta }
    return result
  }
}

/// One image's latents in the space in which diffusion happens (mean 0, variance 1 over the training data).
public struct Latents: Equatable, Sendable {
  /// Channels, height, width.
  public var shape: [Int]
  /// Row by row, channel by channel.
  public var values: [Float]

  public init(shape: [Int], values: [Float]) {
    self.shape = shape
    self.values = values
  }
}

/// One image that was made.
public struct GeneratedImage: Sendable {
  /// Position in the request, from 0.
  public var index: Int
  /// The step after which it was decoded; nil for a finished image.
  public var previewStep: Int?
  public var image: GrayscaleImage
  public var provenance: Provenance
  /// The final latents, where the request asked for them.
  public var latents: Latents?

  /// The file's bytes, which say that the image is synthetic and how it was made.
  public func encoded(as format: ImageFormat) throws -> [UInt8] {
    var texts = provenance.texts
    if let previewStep { texts.insert(ImageText("thorax:preview-step", "\(previewStep)"), at: 2) }
    return try image.encoded(as: format, metadata: texts)
  }
}

/// Milliseconds that a request took, part by part.
public struct GenerationTimings: Codable, Equatable, Sendable {
  /// Loading the model; 0 once it is loaded.
  public var load = 0.0
  /// The part of `load` that LibTorch's own start took; 0 where it had started before.
  public var library = 0.0
  /// Tokens, text encoder, projection, keys and values.
  public var text = 0.0
  /// All steps of all images.
  public var denoise = 0.0
  /// From latents to pixels.
  public var decode = 0.0
  /// Everything from the call to the last image.
  public var total = 0.0

  public init() {}

  enum CodingKeys: String, CodingKey {
    case load = "load_ms"
    case library = "library_ms"
    case text = "text_ms"
    case denoise = "denoise_ms"
    case decode = "decode_ms"
    case total = "total_ms"
  }

  public static func += (sum: inout GenerationTimings, other: GenerationTimings) {
    sum.load += other.load
    sum.library += other.library
    sum.text += other.text
    sum.denoise += other.denoise
    sum.decode += other.decode
    sum.total += other.total
  }
}

/// What a request gave.
public struct GenerationResult: Sendable {
  public var images: [GeneratedImage]
  public var timings: GenerationTimings
  /// The most memory that the process has held so far, in bytes.
  public var peakMemoryBytes: Int
  /// Where the text was cut, when it was longer than the encoder reads.
  public var truncation: Truncation?
}

/// What happens while a request is worked on.
public enum GenerationEvent: Sendable {
  /// `step` of `steps` is done for image `image`.
  case step(image: Int, step: Int, steps: Int)
  /// What the image would look like if the model's guess after `step` were final.
  case preview(step: Int, GeneratedImage)
  /// An image is ready.
  case image(GeneratedImage)
  /// The end, with the whole result.
  case finished(GenerationResult)
}
