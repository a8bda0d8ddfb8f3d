import Foundation
import RadiographModels
import Tokenization
import Torch

// S tokens of the text, D width of the encoder's hidden states

extension LoadedModel {
  /// Reads the weights of a model and those of its text encoder.
  convenience init(_ source: ModelSource, textEncoder: URL, device: Device, dtype: DType) throws {
    let reference = source.description.textEncoder
    let encoder = try TextEncoder(folder: textEncoder, device: device, dtype: dtype)
    let wanted = source.description.architecture.textProjection.hiddenWidth
    guard encoder.architecture.hiddenSize == wanted else {
      throw ModelError.textEncoderWidth(name: reference.name, width: encoder.architecture.hiddenSize, wanted: wanted)
    }
    try self.init(
      source.description, weights: source.weights(), source: source.path, textEncoder: encoder, device: device,
      dtype: dtype)
  }

  /// The condition of a prompt, and where it was cut; of no words, the null condition.
  func condition(_ prompt: String) throws -> (condition: TextCondition, truncation: Truncation?) {
    let architecture = description.architecture.textProjection
    let limit = min(architecture.tokenLimit, textEncoder?.architecture.maximumPositions ?? architecture.tokenLimit)
    let paddedLength = architecture.attendsToPadding ? limit : nil
    if prompt.allSatisfy(\.isWhitespace) { return (try textProjection.null(count: 1, tokens: paddedLength ?? 1), nil) }
    guard let textEncoder else { throw TextEncoderError.notFound(name: description.textEncoder.name, places: []) }
    let encoding = try textEncoder.encode(
      [prompt], maximumLength: limit, paddedTo: paddedLength)[0]
    let hidden_1SD = try encoding.hiddenStates_LD.unsqueeze(dim: 0)
    let mask_1S = try Tensor.arange(hidden_1SD.shape[1]).lt(other: Double(encoding.tokenCount)).unsqueeze(dim: 0)
    return (try textProjection(hidden_1SD, mask_BS: mask_1S.to(device)), encoding.truncation)
  }
}

extension TextEncoderReference {
  /// The encoder of that name at hand, with the hash of its weights: what a model that was trained with it refers to.
  ///
  /// - Throws: `TextEncoderError.notFound` where there is none; `FileAccessError`.
  public init(atHand name: String) throws {
    let checkpoint = try BertCheckpoint(folder: TextEncoder.locate(name: name))
    self.init(name: name, hash: try ModelHash.file(checkpoint.weights.path))
  }

  /// Compares the weights in `folder` with the hash that the model was trained with.
  ///
  /// - Throws: ``ModelError/textEncoderChanged(name:expected:found:)``; `TextEncoderError`; `FileAccessError`.
  func verify(folder: URL) throws {
    guard let hash else { return }
    let found = try ModelHash.file(BertCheckpoint(folder: folder).weights.path)
    guard found == hash else { throw ModelError.textEncoderChanged(name: name, expected: hash, found: found) }
  }
}
