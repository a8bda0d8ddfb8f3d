import TorchNN

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

  /// How many parameters each part has.
  public struct ParameterCounts: Codable, Sendable, Equatable {
    public let autoencoder: Int
    public let unet: Int
    public let textProjection: Int

    public var total: Int { autoencoder + unet + textProjection }
  }

  /// Counts from shapes alone: no weights, no LibTorch.
  ///
  /// - Throws: ``ArchitectureError``.
  public func parameterCounts() throws -> ParameterCounts {
    try validate()
    let stores = (ParameterStore.shapesOnly(), ParameterStore.shapesOnly(), ParameterStore.shapesOnly())
    _ = try Autoencoder(stores.0.root, autoencoder)
    _ = try UNet(stores.1.root, unet)
    _ = try TextProjection(stores.2.root, textProjection)
    return ParameterCounts(autoencoder: stores.0.count, unet: stores.1.count, textProjection: stores.2.count)
  }

  /// Floating-point operations, a multiply-add counted as two.
  public struct Cost: Codable, Sendable, Equatable {
    /// One call of the U-Net for one latent.
    public let unetCall: Int
    /// One latent to its image.
    public let decoder: Int
    /// One image to its latent.
    public let encoder: Int
    /// The projection, keys and values of one text; the text encoder is not counted.
    public let text: Int

    /// All calls of the U-Net for an image.
    ///
    /// - Parameter guidedCalls: how many of the calls are made for the text and for no text; the others are made for
    ///   the text alone.
    public func denoising(calls: Int, guidedCalls: Int) -> Int { (calls + guidedCalls) * unetCall }

    /// An image: keys and values of its text, the calls of the U-Net, the decoder.
    public func image(calls: Int, guidedCalls: Int) -> Int {
      text + denoising(calls: calls, guidedCalls: guidedCalls) + decoder
    }
  }

  /// What the parts cost for a text of `tokens` tokens.
  public func cost(tokens: Int) throws -> Cost {
    try validate()
    let store = ParameterStore.shapesOnly()
    let autoencoder = try Autoencoder(store.root["autoencoder"], autoencoder)
    let unet = try UNet(store.root["unet"], unet)
    let text = try TextProjection(store.root["text"], textProjection)
    return Cost(
      unetCall: unet.flops(latentSide: latentSide, tokens: tokens),
      decoder: autoencoder.decoderFlops(latentSide: latentSide),
      encoder: autoencoder.encoderFlops(imageSide: imageSide),
      text: text.flops(tokens: tokens) + unet.contextFlops(tokens: tokens))
  }

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
