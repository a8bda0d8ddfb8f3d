import Foundation
import RadiographModels
import Tokenization
import Torch

// L tokens of a text, D width of the hidden states

/// A frozen text encoder: prompts to hidden states, by the tokenizer and the weights of one Hugging Face folder.
public final class TextEncoder {
  /// The folder that the encoder was read from.
  public let folder: URL
  /// The file with the weights.
  public let weights: URL
  public let architecture: BertArchitecture
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
  ///   - length: Returns hidden states for padding up to this length too; `nil` for real tokens alone.
  /// - Throws: `TokenizationError`, `TextEncoderError`, `TorchError`.
  public func encode(
    _ prompts: [String], maximumLength: Int, paddedTo length: Int? = nil
  ) throws -> [TextEncoding] {
    let limit = min(maximumLength, architecture.maximumPositions)
    let encodings = try prompts.map { try tokenizer.encode($0, maximumLength: limit) }
    return try withoutGradients {
      let hiddenStates = try encoder(encodings.map(\.ids), paddedTo: length, paddingID: tokenizer.paddingID)
      return try zip(encodings, hiddenStates).map { encoding, hidden_LD in
        let real_LD = try hidden_LD.narrow(dim: 0, start: 0, length: encoding.tokenCount)
        return TextEncoding(
          hiddenStates_LD: hidden_LD, pooled_D: try BertEncoder.sentenceEmbedding(real_LD),
          tokenCount: encoding.tokenCount, truncation: encoding.truncation)
      }
    }
  }
}

/// What a text encoder makes of one prompt.
public struct TextEncoding {
  /// The last hidden states: one row a token, `[CLS]` and `[SEP]` included, and then one for each padding token asked
  /// for.
  public let hiddenStates_LD: Tensor
  /// The mean over the real tokens.
  public let pooled_D: Tensor
  /// The number of real tokens.
  public let tokenCount: Int
  /// Where the prompt was cut, if it was.
  public let truncation: Truncation?
}
