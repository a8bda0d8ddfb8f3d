import Diffusion
import ImageFiles
import RadiographModels
import Torch
import TorchNN

// B batch, C channels, H height, W width

/// A model in memory. Its tensors belong to the thread that made it.
public final class LoadedModel {
  public let description: ModelDescription
  public let device: Device
  /// The number format of the networks' arithmetic.
  public let dtype: DType
  public let codec: any LatentCodec
  public let predictor: any NoisePredictor
  public let textProjection: TextProjection
  /// Nil for a model that is only measured, which takes no prompts.
  public let textConditioner: (any TextConditioner)?
  private let scaling: LatentScaling
  private let detail: DetailFilter?

  /// Takes networks that are there already.
  ///
  /// - Throws: `TorchError` if the device is not there.
  public init(
    _ description: ModelDescription, codec: any LatentCodec, predictor: any NoisePredictor,
    textProjection: TextProjection, textConditioner: (any TextConditioner)?, device: Device, dtype: DType
  ) throws {
    self.description = description
    self.device = device
    self.dtype = dtype
    self.codec = codec
    self.predictor = predictor
    self.textProjection = textProjection
    self.textConditioner = textConditioner
    scaling = try LatentScaling(description.latent, device: device)
    detail = try description.detailGain.map { try DetailFilter($0, device: device) }
  }

  /// Makes the networks from `weights`, all parts or none.
  ///
  /// - Parameters:
  ///   - source: What errors call the model.
  ///   - isQuantised: Whether the U-Net and the autoencoder convolve in 8-bit integers.
  /// - Throws: ``ModelError/unfitWeights(model:problems:)`` with every offending name of every part; `TorchError`.
  public convenience init(
    _ description: ModelDescription, weights: ModelWeights, source: String, textConditioner: (any TextConditioner)?,
    device: Device, dtype: DType, isQuantised: Bool = false
  ) throws {
    var problems: [String] = []
    var codec: (any LatentCodec)?
    var predictor: (any NoisePredictor)?
    var projection: TextProjection?
    for part in ModelPart.all {
      let store = ParameterStore(
        tensors: weights[part] ?? [:], dtype: dtype, device: device, memoryFormat: .channelsLast, trainable: false)
      switch try part.build(store.root, description.architecture) {
      case .codec(let network): codec = network
      case .predictor(let network): predictor = network
      case .projection(let network): projection = network
      }
      do {
        try store.verify()
        try store.fixForInference(quantising: isQuantised)
      } catch let error as ParameterLoadingError {
        problems.append("\(part.fileName): \(error)")
      }
    }
    guard problems.isEmpty, let codec, let predictor, let projection else {
      throw ModelError.unfitWeights(model: source, problems: problems)
    }
    try self.init(
      description, codec: codec, predictor: predictor, textProjection: projection, textConditioner: textConditioner,
      device: device, dtype: dtype)
  }

  /// The image of latents in diffusion's space, as grey values, its details as strong as the model's ``DetailGain`` makes
  /// them.
  ///
  /// - Throws: ``ModelError/notFinite(precision:)`` if the arithmetic has overflowed; `TorchError`.
  public func decode(_ latent_1CHW: Tensor) throws -> GrayscaleImage {
    try image(raw_1CHW: scaling.denormalised(latent_1CHW), detail: detail)
  }

  /// The images of latents in diffusion's space as tensors near [-1, 1], with gradients: what ``decode(_:)`` rounds to grey
  /// values.
  ///
  /// - Throws: `TorchError`.
  public func decoded(_ latent_BCHW: Tensor) throws -> Tensor {
    try decoded(raw_BCHW: scaling.denormalised(latent_BCHW), detail: detail)
  }

  /// An image in the autoencoder's own space: the mean of its latent, `[1, C, H, W]`.
  ///
  /// - Throws: ``ModelError/imageSize(width:height:wanted:)`` for an image of another size than the model's; `TorchError`.
  public func encode(_ image: GrayscaleImage) throws -> Tensor {
    let side = description.architecture.imageSide
    guard image.width == side, image.height == side else {
      throw ModelError.imageSize(width: image.width, height: image.height, wanted: side)
    }
    let values = image.pixels.map(GrayscaleImage.value)
    return try latentMean(Tensor(values, shape: [1, 1, side, side]).to(device))
  }

  /// What the autoencoder keeps of an image: the mean of its latent, decoded, its details as they are.
  ///
  /// - Throws: ``ModelError/imageSize(width:height:wanted:)`` for an image of another size than the model's; `TorchError`.
  public func reconstruct(_ image: GrayscaleImage) throws -> GrayscaleImage {
    try self.image(raw_1CHW: encode(image), detail: nil)
  }

  /// What the autoencoder keeps of images, decoded as drawn ones are, with the model's ``DetailGain``; near [-1, 1].
  ///
  /// - Parameter image_BCHW: Grey values in [-1, 1].
  /// - Throws: `TorchError`.
  public func reconstructed(_ image_BCHW: Tensor) throws -> Tensor {
    try decoded(raw_BCHW: latentMean(image_BCHW), detail: detail)
  }

  private func latentMean(_ image_BCHW: Tensor) throws -> Tensor {
    try codec.encode(image_BCHW.to(dtype).contiguous(memoryFormat: .channelsLast)).mean_BCHW
  }

  /// The image of latents in the autoencoder's own space.
  private func image(raw_1CHW: Tensor, detail: DetailFilter?) throws -> GrayscaleImage {
    let image_1CHW = try decoded(raw_BCHW: raw_1CHW, detail: detail)
    let shape = image_1CHW.shape
    let values = try image_1CHW.contiguous().floats()
    guard values.allSatisfy(\.isFinite) else { throw ModelError.notFinite(precision: "\(dtype)") }
    let pixels = values.map(GrayscaleImage.level)
    return try GrayscaleImage(width: shape[3], height: shape[2], pixels: pixels)
  }

  private func decoded(raw_BCHW: Tensor, detail: DetailFilter?) throws -> Tensor {
    let image_BCHW = try codec.decode(raw_BCHW.to(dtype).contiguous(memoryFormat: .channelsLast))
    return try detail.map { try $0(image_BCHW.to(.float32).contiguous()) } ?? image_BCHW
  }
}
