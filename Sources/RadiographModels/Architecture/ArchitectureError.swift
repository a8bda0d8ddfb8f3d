/// An architecture that cannot be built, or an input that does not fit it.
public enum ArchitectureError: Error, Equatable, Sendable, CustomStringConvertible {
  /// One line: what is wrong, and what to do.
  case invalid(String)

  public var description: String {
    switch self {
    case .invalid(let text): text
    }
  }

  static func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
    if !condition { throw ArchitectureError.invalid(text()) }
  }

  static func requireDivisible(_ number: Int, by divisor: Int, _ what: String, _ parts: String) throws {
    try require(
      divisor > 0 && number > 0 && number % divisor == 0,
      "\(number) \(what) cannot be divided by \(divisor) (\(parts)): choose a multiple")
  }

  /// The widest layer that anyone builds; guards against a file that asks for all of the memory.
  static let mostChannels = 16_384
  /// The longest list of layers or blocks.
  static let mostLayers = 1_024

  static func checkChannels(_ channels: Int, _ what: String = "channels") throws {
    try require(
      (1...mostChannels).contains(channels), "\(channels) \(what) asked for: choose 1 to \(mostChannels)")
  }

  static func checkEpsilon(_ epsilon: Double) throws {
    try require(epsilon > 0 && epsilon <= 1, "an epsilon of \(epsilon) in normalisations: choose more than 0, up to 1")
  }

  static func check(_ layer: AutoencoderLayer) throws {
    switch layer {
    case .convolution(let channels, let kernel, let stride):
      try checkChannels(channels)
      try require((1...31).contains(kernel) && kernel % 2 == 1, "a kernel of \(kernel): choose an odd size up to 31")
      try require((1...16).contains(stride), "a stride of \(stride): choose 1 to 16")
    case .normalisedConvolution(let channels, let stride), .normalisedResidual(let channels, let stride):
      try checkChannels(channels)
      try require((1...16).contains(stride), "a stride of \(stride): choose 1 to 16")
    case .normalisedTransposedConvolution(let channels): try checkChannels(channels)
    case .residual: break
    case .selfAttention(let heads): try checkChannels(heads, "attention heads")
    case .pixelUnshuffle(let factor), .pixelShuffle(let factor), .upsample(let factor):
      try require((1...32).contains(factor), "a resampling factor of \(factor): choose 1 to 32")
    }
  }

  static func check(_ autoencoder: AutoencoderArchitecture) throws {
    try checkChannels(autoencoder.imageChannels, "image channels")
    try checkChannels(autoencoder.latentChannels, "latent channels")
    try checkChannels(autoencoder.normalisationGroups, "normalisation groups")
    try checkEpsilon(autoencoder.normalisationEpsilon)
    for layers in [autoencoder.encoder, autoencoder.decoder] {
      try require((1...mostLayers).contains(layers.count), "\(layers.count) layers: choose 1 to \(mostLayers)")
      try layers.forEach(check)
    }
  }

  static func check(_ text: TextProjectionArchitecture) throws {
    try checkChannels(text.hiddenWidth, "channels of the text encoder")
    try checkChannels(text.contextWidth, "channels of the context")
    try checkChannels(text.tokenLimit, "tokens")
    if let pooling = text.pooling {
      try checkChannels(pooling.outputWidth, "channels of the pooled text")
      if let width = pooling.hiddenWidth { try checkChannels(width, "channels of the pooled text") }
    }
  }

  static func check(_ unet: UNetArchitecture) throws {
    try require((1...8).contains(unet.levels.count), "\(unet.levels.count) levels: choose 1 to 8")
    try checkChannels(unet.latentChannels, "latent channels")
    try checkChannels(unet.contextWidth, "channels of the context")
    try checkChannels(unet.timeEmbedding.sinusoids, "sinusoids")
    try checkChannels(unet.timeEmbedding.width, "channels of the time embedding")
    try checkChannels(unet.normalisationGroups, "normalisation groups")
    try checkEpsilon(unet.normalisationEpsilon)
    let (period, scale) = (unet.timeEmbedding.period, unet.timeEmbedding.scale)
    try require(
      period > 1 && period <= 1e9, "a period of \(period) in the time embedding: choose more than 1, up to 1e9")
    try require(
      scale > 0 && scale <= 1e9, "a scale of \(scale) in the time embedding: choose more than 0, up to 1e9")
    try require((0...64).contains(unet.middle.blocks), "\(unet.middle.blocks) middle blocks: choose 0 to 64")
    try require((0..<1).contains(unet.dropout), "a dropout of \(unet.dropout): choose 0 up to 1")
    for level in unet.levels {
      try checkChannels(level.channels)
      try require((0...64).contains(level.blocks), "\(level.blocks) blocks at a level: choose 0 to 64")
    }
  }

  static func check(latent shape: [Int], _ architecture: UNetArchitecture) throws {
    let multiple = architecture.latentSideMultiple
    try require(
      shape.count == 4 && shape[1] == architecture.latentChannels && shape[2] > 0 && shape[3] > 0
        && shape[2] % multiple == 0 && shape[3] % multiple == 0,
      "a latent of shape \(shape): give [batch, \(architecture.latentChannels), height, width] with sides that are "
        + "multiples of \(multiple)")
  }
}
