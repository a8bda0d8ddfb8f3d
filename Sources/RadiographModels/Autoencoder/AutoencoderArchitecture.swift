/// What an autoencoder is made of: two lists of layers between an image and a latent.
public struct AutoencoderArchitecture: Codable, Sendable, Equatable {
  /// The channels of the image: 1 for radiographs.
  public var imageChannels: Int
  /// The channels of the latent, and half of what the encoder gives: mean and log variance.
  public var latentChannels: Int
  /// From the image to `2 * latentChannels`.
  public var encoder: [AutoencoderLayer]
  /// From the latent to `imageChannels`; no activation follows.
  public var decoder: [AutoencoderLayer]
  public var activation: Activation
  /// The groups of every group normalisation.
  public var normalisationGroups: Int
  public var normalisationEpsilon: Double

  public init(
    imageChannels: Int = 1, latentChannels: Int = 8, encoder: [AutoencoderLayer], decoder: [AutoencoderLayer],
    activation: Activation = .silu, normalisationGroups: Int = 8, normalisationEpsilon: Double = 1e-5
  ) {
    self.imageChannels = imageChannels
    self.latentChannels = latentChannels
    self.encoder = encoder
    self.decoder = decoder
    self.activation = activation
    self.normalisationGroups = normalisationGroups
    self.normalisationEpsilon = normalisationEpsilon
  }

  /// How many pixels of the image's side make one of the latent's. Not exact above 4096, which no useful architecture
  /// has.
  public var downsamplingFactor: Int {
    encoder.reduce(1) { factor, layer in
      // A file may ask for more strides than an integer holds, before anyone has checked it.
      guard factor <= 4096 else { return factor }
      switch layer {
      case .convolution(_, _, let stride), .normalisedConvolution(_, let stride), .normalisedResidual(_, let stride):
        return factor * min(max(stride, 1), 4096)
      case .pixelUnshuffle(let unshuffle): return factor * min(max(unshuffle, 1), 4096)
      default: return factor
      }
    }
  }
}
