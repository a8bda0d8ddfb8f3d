import RadiographModels
import Torch
import TorchNN

/// A network of a model with weights of its own. ``all`` is the one table of a model's parts: what loads, checks, counts,
/// costs, exports and describes a model goes through it.
///
/// To add a part, add an entry to ``all`` and, if another network needs it, a property of ``LoadedModel``.
public struct ModelPart: Sendable {
  /// The part's name in file names and keys: `vae`, `unet`, `text`.
  public let name: String
  /// What people call it: "autoencoder".
  public let title: String
  /// The key of its number of parameters in `thorax info --json`.
  public let parametersKey: String
  /// The stage of a run that trains it, and what its tensors' names begin with there.
  public let training: (stage: TrainingStageName, prefix: String)
  /// Makes the network from the parameters of a scope.
  let build: @Sendable (ParameterScope, ModelArchitecture) throws -> ModelNetwork

  /// The file of its weights in a model folder.
  public var fileName: String { "\(name).safetensors" }

  /// All parts, in the order in which a model is loaded and described.
  public static let all = [autoencoder, unet, textProjection]

  /// Between images and latents.
  public static let autoencoder = ModelPart(
    name: "vae", title: "autoencoder", parametersKey: "vae", training: (.autoencoder, ""),
    build: { .codec(try Autoencoder($0, $1.autoencoder)) })

  /// Predicts from noisy latents, time and text.
  public static let unet = ModelPart(
    name: "unet", title: "U-Net", parametersKey: "unet", training: (.diffusion, "unet."),
    build: { .predictor(try UNet($0, $1.unet)) })

  /// From the text encoder's hidden states to what the U-Net attends to.
  public static let textProjection = ModelPart(
    name: "text", title: "text projection", parametersKey: "text_trainable", training: (.diffusion, "text."),
    build: { .projection(try TextProjection($0, $1.textProjection)) })
}

/// The stages of a run, which train different parts of one model.
public enum TrainingStageName: String, CaseIterable, Codable, Sendable {
  /// The autoencoder between radiographs and latents.
  case autoencoder = "vae"
  /// The U-Net and the text projection, on the latents of the trained autoencoder.
  case diffusion
  /// A classifier of radiographs, which is no part of a model: it judges images, or compares them.
  case classifier
  /// A network that recognises patients, which is no part of a model: it says whether a drawn image shows one of them.
  case reidentifier
  /// The U-Net and the text projection again, after a trained model: fewer calls of the network for an image.
  case distillation
}

/// A part's network, by what it does.
enum ModelNetwork {
  case codec(any LatentCodec)
  case predictor(any NoisePredictor)
  case projection(TextProjection)

  /// Adds what the network costs to the cost of a model.
  func add(to cost: inout ModelCost, of architecture: ModelArchitecture, tokens: Int) {
    switch self {
    case .codec(let codec):
      cost.encoder += codec.encoderFlops(imageSide: architecture.imageSide)
      cost.decoder += codec.decoderFlops(latentSide: architecture.latentSide)
    case .predictor(let predictor):
      cost.call += predictor.flops(latentSide: architecture.latentSide, tokens: tokens)
      cost.text += predictor.contextFlops(tokens: tokens)
    case .projection(let projection): cost.text += projection.flops(tokens: tokens)
    }
  }
}

extension ModelPart: Hashable {
  public static func == (one: ModelPart, other: ModelPart) -> Bool { one.name == other.name }

  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension ModelPart {
  /// The part's parameters as an architecture has them, without values and without LibTorch.
  ///
  /// - Throws: `ArchitectureError` if the layers do not fit together.
  func shapes(of architecture: ModelArchitecture) throws -> ParameterStore {
    let store = ParameterStore.shapesOnly()
    _ = try build(store.root, architecture)
    return store
  }

  /// Weights drawn by the rules of a fresh network.
  ///
  /// - Throws: `ArchitectureError` if the layers do not fit together; `TorchError`.
  public func freshWeights(of architecture: ModelArchitecture, generator: Generator) throws -> [String: Tensor] {
    let store = ParameterStore(generator: generator, trainable: false)
    _ = try build(store.root, architecture)
    return try store.tensors()
  }
}

/// The tensors of every part of a model, by path.
public typealias ModelWeights = [ModelPart: [String: Tensor]]

extension ModelArchitecture {
  /// The number of parameters of each part, from shapes alone: no weights, no LibTorch.
  ///
  /// - Throws: `ArchitectureError` if the parts do not fit together.
  public func parameterCounts() throws -> [ModelPart: Int] {
    try validate()
    return try Dictionary(uniqueKeysWithValues: ModelPart.all.map { ($0, try $0.shapes(of: self).count) })
  }

  /// What the parts cost for a text of `tokens` tokens.
  ///
  /// - Throws: `ArchitectureError` if the parts do not fit together.
  public func cost(tokens: Int) throws -> ModelCost {
    try validate()
    var cost = ModelCost()
    for part in ModelPart.all {
      try part.build(ParameterStore.shapesOnly().root, self).add(to: &cost, of: self, tokens: tokens)
    }
    return cost
  }
}
