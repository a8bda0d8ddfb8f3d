import Diffusion
import Evaluation
import Generation
import ImageOutput
import Models
import Support

/// What `generate --json` prints.
struct GenerateReport: Encodable {
  struct Image: Encodable {
    var path: String
    var prompt: String
    var seed: UInt64
    var width: Int
    var height: Int
    /// Of its file.
    var sha256: String
    /// Its place in a file of several frames, from 1; nil for a file of its own.
    var frame: Int?
    /// SHA-256 of the latents that it was drawn from in place of noise.
    var initialLatents: String?
    /// What `--best-of` chose it from and by; nil for an image that was drawn alone.
    var bestOf: Int?
    var firstSeed: UInt64?
    /// SHA-256 of the judge's weights.
    var judge: String?
    /// The logarithm of the probability that the judge gives to what was asked for.
    var score: Double?
    var asked: [AskedLabel]?
    var candidates: [Candidate]?

    /// One of the images that an image was chosen from.
    struct Candidate: Encodable {
      var seed: UInt64
      var score: Double
    }

    init(_ image: GeneratedImage, bytes: [UInt8], at planned: PlannedImage) {
      path = planned.path
      prompt = planned.prompt
      seed = image.provenance.seed
      width = image.image.width
      height = image.image.height
      sha256 = ContentHash.of(bytes)
      initialLatents = image.provenance.initialLatents
      let choice = image.provenance.choice
      (bestOf, firstSeed) = (choice?.candidates, choice?.firstSeed)
      (judge, score) = (choice?.judgeHash, choice?.score)
    }

    /// An image that a service drew.
    init(_ planned: PlannedImage, seed: UInt64, width: Int, height: Int, bytes: [UInt8]) {
      path = planned.path
      prompt = planned.prompt
      self.seed = seed
      self.width = width
      self.height = height
      sha256 = ContentHash.of(bytes)
    }

    mutating func describe(_ candidates: [BestOf.Candidate], asked: [AskedLabel]) {
      self.asked = asked
      self.candidates = candidates.map { Candidate(seed: $0.seed, score: $0.score) }
    }

    enum CodingKeys: String, CodingKey {
      case path, prompt, seed, width, height, sha256, frame, judge, score, asked, candidates
      case initialLatents = "initial_latents"
      case bestOf = "best_of"
      case firstSeed = "first_seed"
    }
  }

  /// A part that images name: the model or its text encoder.
  struct Part: Encodable {
    var name: String
    var hash: String
  }

  /// The image of `--like` beside the one that was drawn after it.
  struct Like: Encodable {
    var path: String
    var sameBytes: Bool
    var samePixels: Bool
    var differences: [ProvenanceDifference]
    /// Settings that the image does not name, for which the model's own were taken.
    var assumed: [String]

    enum CodingKeys: String, CodingKey {
      case path, differences, assumed
      case sameBytes = "same_bytes"
      case samePixels = "same_pixels"
    }
  }

  /// Two times, or null for all.
  struct Interval: Encodable {
    var range: ClosedRange<Double>?

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      if let range {
        try container.encode([range.lowerBound, range.upperBound])
      } else {
        try container.encodeNil()
      }
    }
  }

  var images: [Image] = []
  var previews: [String] = []
  var model: Part
  var textEncoder: Part
  var steps: Int
  var guidance: Double
  var guidanceRescale: Double
  var guidanceInterval: Interval
  var guidanceFrom: String
  var negative: String?
  var sampler: String
  var eta: Double
  var device: String
  var precision: String
  var threads: Int
  var like: Like?
  var timings = GenerationTimings()
  var peakMemoryBytes = 0
  let synthetic = true
  let version = ThoraxVersion.current

  /// Says that all images are frames of one file.
  mutating func areFrames(of bytes: [UInt8]) {
    let hash = ContentHash.of(bytes)
    for place in images.indices { (images[place].sha256, images[place].frame) = (hash, place + 1) }
  }

  init(host: ModelHost, sampling: SamplingSettings, negative: String?) {
    model = Part(name: host.description.name, hash: host.hash)
    textEncoder = Part(name: host.description.textEncoder.name, hash: host.textEncoderHash)
    steps = sampling.steps
    guidance = sampling.guidance
    guidanceRescale = sampling.guidanceRescale
    guidanceInterval = Interval(range: sampling.guidanceInterval)
    guidanceFrom = sampling.guidanceFrom.rawValue
    self.negative = negative
    sampler = sampling.sampler.rawValue
    eta = sampling.eta
    device = "\(host.device)"
    precision = host.precision.rawValue
    threads = host.threads
  }

  /// What an image of a service says itself.
  init(_ recorded: RecordedProvenance) {
    model = Part(name: recorded.modelName, hash: recorded.modelHash)
    textEncoder = Part(name: recorded.textEncoderName ?? "", hash: recorded.textEncoderHash ?? "")
    steps = recorded.steps
    guidance = recorded.guidance
    guidanceRescale = recorded.guidanceRescale ?? 0
    guidanceInterval = Interval(range: recorded.guidanceInterval?.range)
    guidanceFrom = recorded.guidanceFrom.rawValue
    negative = recorded.negative
    sampler = recorded.sampler.rawValue
    eta = recorded.eta
    device = recorded.device
    precision = recorded.precision
    threads = recorded.threads
  }

  enum CodingKeys: String, CodingKey {
    case images, previews, model, steps, guidance, negative, sampler, eta, device, precision, threads, like, timings
    case synthetic, version
    case guidanceRescale = "guidance_rescale"
    case guidanceInterval = "guidance_interval"
    case guidanceFrom = "guidance_from"
    case textEncoder = "text_encoder"
    case peakMemoryBytes = "peak_memory_bytes"
  }
}
