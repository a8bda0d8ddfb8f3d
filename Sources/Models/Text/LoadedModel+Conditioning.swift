import Foundation
import RadiographModels
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
}
