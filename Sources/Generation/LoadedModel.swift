import Diffusion
import ImageFiles
import RadiographModels
import Torch
import TorchNN

// B batch, C channels, H height, W width, S tokens, D width of the encoder, E width of the time embedding

/// A model in memory. Lives on its host's thread and never leaves it.
final class LoadedModel {
  let description: ModelDescription
  let device: Device
  let dtype: DType
  let autoencoder: Autoencoder
  let unet: UNet
  let textProjection: TextProjection
  /// Nil for a model that is only measured, which takes no prompts.
  let textEncoder: TextEncoder?
  private let latentMean_1C11: Tensor
  private let latentDeviation_1C11: Tensor

  /// Makes the networks from `weights` (all parts or none: every offending name of every part is reported).
  ///
  /// - Parameter source: what errors call the model.
  init(
    _ description: ModelDescription, weights: [ModelFolder.Part: [String: Tensor]], source: String,
    textEncoder: TextEncoder?, device: Device, dtype: DType
  ) throws {
    self.description = description
    self.device = device
    self.dtype = dtype
    self.textEncoder = textEncoder
    let architecture = description.architecture
    var problems: [String] = []

    func load<Module>(_ part: ModelFolder.Part, _ make: (ParameterScope) throws -> Module) throws -> Module {
      let store = ParameterStore(
        tensors: weights[part] ?? [:], dtype: dtype, device: device, memoryFormat: .channelsLast, trainable: false)
      let module = try make(store.root)
      do {
        try store.verify()
        try store.fixForInference()
      } catch let error as ParameterLoadingError {
        problems.append("\(part.rawValue): \(error)")
      }
      return module
    }
    autoencoder = try load(.autoencoder) { try Autoencoder($0, architecture.autoencoder) }
    unet = try load(.unet) { try UNet($0, architecture.unet) }
    textProjection = try load(.textProjection) { try TextProjection($0, architecture.textProjection) }
    let statistics = description.latent
    latentMean_1C11 = try Self.perChannel(statistics.mean, device)
    latentDeviation_1C11 = try Self.perChannel(statistics.standardDeviation, device)
    guard problems.isEmpty else { throw ModelError.unfitWeights(model: source, problems: problems) }
  }

  private static func perChannel(_ values: [Double], _ device: Device) throws -> Tensor {
    try Tensor(values.map(Float.init), shape: [1, values.count, 1, 1]).to(device)
  }

  /// The image of latents in diffusion's space, as grey values.
  ///
  /// - Throws: ``ModelError/notFinite(precision:)`` where the arithmetic has overflowed.
  func decode(_ latent_1CHW: Tensor) throws -> GrayscaleImage {
    try image(raw_1CHW: latent_1CHW * latentDeviation_1C11 + latentMean_1C11)
  }

  /// What the autoencoder keeps of an image: the mean of its latent, decoded.
  ///
  /// - Throws: ``RequestError/outOfRange(what:value:allowed:)`` for an image of another size than the model's.
  func reconstruct(_ image: GrayscaleImage) throws -> GrayscaleImage {
    let side = description.architecture.imageSide
    guard image.width == side, image.height == side else {
      throw RequestError.outOfRange(
        what: "the image's size", value: "\(image.width)x\(image.height)", allowed: "the model's, \(side)x\(side)")
    }
    let values = image.pixels.map { Float($0) / 127.5 - 1 }
    let image_1CHW = try Tensor(values, shape: [1, 1, side, side]).to(device).to(dtype)
      .contiguous(memoryFormat: .channelsLast)
    return try self.image(raw_1CHW: autoencoder.encode(image_1CHW).mean_BCHW)
  }

  /// The image of latents in the autoencoder's own space.
  private func image(raw_1CHW: Tensor) throws -> GrayscaleImage {
    let image_1CHW = try autoencoder.decode(raw_1CHW.to(dtype).contiguous(memoryFormat: .channelsLast))
    let shape = image_1CHW.shape
    let values = try image_1CHW.contiguous().floats()
    guard values.allSatisfy(\.isFinite) else { throw ModelError.notFinite(precision: "\(dtype)") }
    let pixels = values.map { UInt8(((min(max($0, -1), 1) + 1) * 127.5).rounded()) }
    return try GrayscaleImage(width: shape[3], height: shape[2], pixels: pixels)
  }
}
