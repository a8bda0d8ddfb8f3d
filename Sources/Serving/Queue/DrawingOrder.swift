import Generation
import Models

/// Images that a request asks for, with everything decided: which model, prompts, seeds, settings, and what it costs.
struct DrawingOrder: Sendable {
  /// One image.
  struct Image: Equatable, Sendable {
    var prompt: String
    var seed: UInt64
  }

  /// Whose turn it takes.
  var account: String
  var model: String
  var images: [Image]
  var settings: SamplingOverrides
  /// The settings with the model's own filled in.
  var sampling: SamplingSettings
  /// Whether letters in the pictures say that they are synthetic.
  var isStamped = false
  /// A preview is decoded after every so many steps; nil for none.
  var previewInterval: Int?
  /// 1 is an image of the service's first model with its own settings.
  var cost: Double
}

/// What happens while an order is worked on.
enum DrawingEvent: Sendable {
  /// The first image is begun.
  case begun
  case step(image: Int, step: Int, steps: Int)
  case preview(image: Int, step: Int, GeneratedImage)
  case image(Int, DrawnImage)
}

/// A finished image of an order.
struct DrawnImage: Sendable {
  var image: GeneratedImage
  var timings: GenerationTimings
  /// Tokens of the prompt and the negative prompt that the encoder read.
  var promptTokens: Int
  /// Where the prompt was cut; nil if it was not.
  var truncation: String?
}
