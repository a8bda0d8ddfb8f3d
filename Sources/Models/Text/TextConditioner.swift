import Torch
import Tokenization

// L tokens of a text, D width of the hidden states

/// A frozen text encoder: prompts to hidden states.
public protocol TextConditioner {
  /// The width of the hidden states.
  var hiddenWidth: Int { get }
  /// The most tokens of one prompt.
  var maximumTokens: Int { get }

  /// Encodes prompts.
  ///
  /// - Parameters:
  ///   - maximumLength: The most tokens of a prompt, the encoder's own marks included; what does not fit is dropped from
  ///     its end, and the result says where. Never more than ``maximumTokens``.
  ///   - length: Returns hidden states for padding up to this length too; nil for real tokens alone.
  /// - Throws: `TokenizationError`, `TextEncoderError` or `TorchError`.
  func encode(_ prompts: [String], maximumLength: Int, paddedTo length: Int?) throws -> [EncodedPrompt]
}

/// What a text encoder makes of one prompt.
public struct EncodedPrompt {
  /// The last hidden states: one row a token, the encoder's marks included, and then one for each padding token asked
  /// for.
  public let hiddenStates_LD: Tensor
  /// The number of real tokens.
  public let tokenCount: Int
  /// Where the prompt was cut; nil if it was not.
  public let truncation: Truncation?

  public init(hiddenStates_LD: Tensor, tokenCount: Int, truncation: Truncation?) {
    self.hiddenStates_LD = hiddenStates_LD
    self.tokenCount = tokenCount
    self.truncation = truncation
  }
}
