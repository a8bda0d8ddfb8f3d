import Diffusion
import Foundation
import RadiographModels
import RadiologyReports
import Tokenization
import Torch

// S tokens of the text, D width of the encoder's hidden states

extension LoadedModel {
  /// Reads the weights of a model and those of its text encoder.
  ///
  /// - Parameters:
  ///   - textEncoder: The encoder's folder.
  ///   - isQuantised: Whether the U-Net and the autoencoder convolve in 8-bit integers.
  /// - Throws: ``ModelError`` for weights that do not fit; `TextEncoderError`, `TokenizationError`, `TensorFileError`,
  ///   `FileAccessError` for files that cannot be read; `TorchError`.
  public convenience init(
    _ source: ModelSource, textEncoder: URL, device: Device, dtype: DType, isQuantised: Bool = false
  ) throws {
    let reference = source.description.textEncoder
    let encoder = try TextEncoder(folder: textEncoder, device: device, dtype: dtype)
    let wanted = source.description.architecture.textProjection.hiddenWidth
    guard encoder.hiddenWidth == wanted else {
      throw ModelError.textEncoderWidth(name: reference.name, width: encoder.hiddenWidth, wanted: wanted)
    }
    try self.init(
      source.description, weights: source.weights(), source: source.path, textConditioner: encoder, device: device,
      dtype: dtype, isQuantised: isQuantised)
  }

  /// The condition of a prompt, how many tokens of it were read, the encoder's marks included, and where it was cut. The
  /// condition of a text without words is the null condition, of no token.
  ///
  /// - Throws: `TextEncoderError.notFound` if the model was loaded without its text encoder; `TokenizationError`,
  ///   `TorchError`.
  public func condition(_ prompt: String) throws -> (condition: TextCondition, tokens: Int, truncation: Truncation?) {
    let architecture = description.architecture.textProjection
    let limit = min(architecture.tokenLimit, textConditioner?.maximumTokens ?? architecture.tokenLimit)
    let paddedLength = architecture.attendsToPadding ? limit : nil
    if prompt.allSatisfy(\.isWhitespace) {
      return (try textProjection.null(count: 1, tokens: paddedLength ?? 1), 0, nil)
    }
    guard let textConditioner else { throw TextEncoderError.notFound(name: description.textEncoder.name, places: []) }
    let encoded = try textConditioner.encode([prompt], maximumLength: limit, paddedTo: paddedLength)[0]
    let hidden_1SD = try encoded.hiddenStates_LD.unsqueeze(dim: 0)
    let mask_1S = try Tensor.arange(hidden_1SD.shape[1]).lt(other: Double(encoded.tokenCount)).unsqueeze(dim: 0)
    return (try textProjection(hidden_1SD, mask_BS: mask_1S.to(device)), encoded.tokenCount, encoded.truncation)
  }

  /// What guidance leads away from: the negative prompt if there is one, and otherwise what the settings say. A prompt
  /// without opposites is led away from no text.
  ///
  /// - Returns: No condition if guidance is off; the tokens of all texts that were read.
  /// - Throws: As ``condition(_:)``.
  public func negatives(
    of prompt: String, negative: String?, sampling: SamplingSettings
  ) throws -> (conditions: [TextCondition], tokens: Int) {
    guard sampling.guidance != 1 else { return ([], 0) }
    let texts = try negative.map { [$0] } ?? sampling.guidanceFrom.texts(for: prompt)
    let read = try texts.map(condition)
    return (read.map(\.condition), read.reduce(0) { $0 + $1.tokens })
  }
}

extension GuidanceReference {
  /// The most texts that a prompt is led away from.
  public var textCount: Int {
    switch self {
    case .nothing: 1
    case .opposites: 1 + PromptOpposites.limit
    }
  }

  /// Read once: training asks for those of every text.
  private static let opposites = Result { () throws(VocabularyError) in try PromptOpposites.standard() }

  /// The texts whose mean a prompt is led away from; the empty text, which is always among them and the first, is the null
  /// condition. An only opposite counts as two.
  ///
  /// - Throws: `VocabularyError` if the words of opposites, which come with the program, cannot be read.
  public func texts(for prompt: String) throws -> [String] {
    switch self {
    case .nothing: return [""]
    case .opposites:
      let opposites = try Self.opposites.get().opposites(of: prompt)
      return [""] + (opposites.isEmpty ? [] : (0..<PromptOpposites.limit).map { opposites[$0 % opposites.count] })
    }
  }
}
