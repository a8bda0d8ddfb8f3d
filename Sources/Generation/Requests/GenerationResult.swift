import ImageFiles
import ImageOutput
import Tokenization

/// One image that was made.
public struct GeneratedImage: Sendable {
  /// Position in the request, from 0.
  public var index: Int
  public var drawn: SyntheticImage
  /// The final latents, if the request asked for them.
  public var latents: Latents?

  public var image: GrayscaleImage { drawn.image }
  public var provenance: Provenance { drawn.provenance }
  /// The step after which it was decoded; nil for a finished image.
  public var previewStep: Int? { drawn.previewStep }

  /// The file's bytes, which say that the image is synthetic and how it was made.
  ///
  /// - Throws: As `SyntheticImage.encoded(as:signedBy:)`.
  public func encoded(as format: OutputFormat, signedBy key: SigningKey? = nil) throws -> [UInt8] {
    try drawn.encoded(as: format, signedBy: key)
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
  /// Tokens of the prompt that the encoder read, its own marks included, and those of the negative prompt.
  public var promptTokens: Int
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
