/// All that a text-to-image model is made of, as `model.json` has it.
public struct ModelArchitecture: Codable, Sendable, Equatable {
  /// The side of the square images, in pixels.
  public var imageSide: Int
  public var autoencoder: AutoencoderArchitecture
  public var unet: UNetArchitecture
  public var textProjection: TextProjectionArchitecture

  public init(
    imageSide: Int = 256, autoencoder: AutoencoderArchitecture, unet: UNetArchitecture,
    textProjection: TextProjectionArchitecture
  ) {
    self.imageSide = imageSide
    self.autoencoder = autoencoder
    self.unet = unet
    self.textProjection = textProjection
  }

  public var imageChannels: Int { autoencoder.imageChannels }
  public var latentChannels: Int { autoencoder.latentChannels }
  /// The side of the square latents.
  public var latentSide: Int { imageSide / autoencoder.downsamplingFactor }

  /// Checks that the parts fit each other.
  ///
  /// - Throws: ``ArchitectureError`` with what does not fit.
  public func validate() throws {
    try ArchitectureError.check(autoencoder)
    try ArchitectureError.check(unet)
    try ArchitectureError.check(textProjection)
    try ArchitectureError.require(
      (8...4096).contains(imageSide), "images of \(imageSide) pixels a side: choose 8 to 4096")
    let multiple = autoencoder.downsamplingFactor * unet.latentSideMultiple
    try ArchitectureError.requireDivisible(imageSide, by: multiple, "pixels a side", "the factors of both networks")
    try ArchitectureError.require(
      autoencoder.latentChannels == unet.latentChannels,
      "the autoencoder has \(autoencoder.latentChannels) latent channels and the U-Net \(unet.latentChannels): "
        + "give both the same")
    try ArchitectureError.require(
      textProjection.contextWidth == unet.contextWidth,
      "the text projection gives \(textProjection.contextWidth) channels and the U-Net takes \(unet.contextWidth): "
        + "give both the same")
    if let pooling = textProjection.pooling {
      try ArchitectureError.require(
        pooling.outputWidth == unet.timeEmbedding.width,
        "the pooled text has \(pooling.outputWidth) channels and the time embedding \(unet.timeEmbedding.width): "
          + "give both the same")
    }
  }
}
