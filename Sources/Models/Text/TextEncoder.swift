import Foundation
import RadiographModels
import Tokenization
import Torch

// L tokens of a text, D width of the hidden states

/// A frozen text encoder: prompts to hidden states, by the tokenizer and the weights of one Hugging Face folder.
public final class TextEncoder: TextConditioner {
  /// The folder that the encoder was read from.
  public let folder: URL
  /// The file with the weights.
  public let weights: URL
  public let architecture: BertArchitecture
  public var hiddenWidth: Int { architecture.hiddenSize }
  public var maximumTokens: Int { architecture.maximumPositions }
  private let tokenizer: WordPieceTokenizer
  private let encoder: BertEncoder

  /// Reads tokenizer and weights.
  ///
  /// - Parameter folder: Holds `config.json`, `model.safetensors` or `pytorch_model.bin`, and `tokenizer.json` or
  ///   `vocab.txt`.
  /// - Throws: `TextEncoderError`, `TokenizationError`, `TensorFileError`, `FileAccessError`, `TorchError`.
  public init(folder: URL, device: Device = .cpu, dtype: DType = .float32) throws {
    let checkpoint = try BertCheckpoint(folder: folder)
    self.folder = folder
    weights = checkpoint.weights
    architecture = checkpoint.architecture
    tokenizer = try WordPieceTokenizer(contentsOf: folder)
    guard tokenizer.vocabularySize <= architecture.vocabularySize else {
      throw TextEncoderError.vocabularyMismatch(
        folder: folder.path, tokenizer: tokenizer.vocabularySize, encoder: architecture.vocabularySize)
    }
    encoder = try checkpoint.makeEncoder(device: device, dtype: dtype)
  }

  /// Encodes prompts, each as `[CLS] tokens [SEP]`.
  ///
  /// - Parameters:
  ///   - maximumLength: The most tokens of a prompt, `[CLS]` and `[SEP]` included; what does not fit is dropped from
  ///     its end, and the result says where. Never more than the encoder's own limit.
  ///   - length: Returns hidden states for padding up to this length too; nil for real tokens alone.
  /// - Throws: `TokenizationError`, `TextEncoderError`, `TorchError`.
  public func encode(
    _ prompts: [String], maximumLength: Int, paddedTo length: Int? = nil
  ) throws -> [EncodedPrompt] {
    let limit = min(maximumLength, architecture.maximumPositions)
    let encodings = try prompts.map { try tokenizer.encode($0, maximumLength: limit) }
    return try withoutGradients {
      let hiddenStates = try encoder(encodings.map(\.ids), paddedTo: length, paddingID: tokenizer.paddingID)
      return zip(encodings, hiddenStates).map { encoding, hidden_LD in
        EncodedPrompt(
          hiddenStates_LD: hidden_LD, tokenCount: encoding.tokenCount, truncation: encoding.truncation)
      }
    }
  }
}
