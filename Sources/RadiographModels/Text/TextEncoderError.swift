import Support
import TorchNN

/// Why a text encoder cannot be used.
public enum TextEncoderError: Error, Equatable, CustomStringConvertible {
  /// No encoder of this name in any of the places where encoders are kept.
  case notFound(name: String, places: [String])
  /// A folder that lacks one of an encoder's files.
  case missingFile(folder: String, file: String)
  case unreadable(path: String, reason: String)
  /// A file with something else in it than an encoder's configuration.
  case mistaken(path: String, content: MistakenContent)
  /// A variant of BERT that is not computed here.
  case unsupported(path: String, option: String, value: String, supported: String)
  /// Weights that are not the architecture's; every offending name is in there.
  case unfitWeights(path: String, ParameterLoadingError)
  /// A tokenizer with more tokens than the encoder has.
  case vocabularyMismatch(folder: String, tokenizer: Int, encoder: Int)
  case tooManyTokens(count: Int, limit: Int)
  case tokenOutOfRange(Int, vocabularySize: Int)

  public var description: String {
    switch self {
    case .notFound(let name, let places):
      "the text encoder \(name) is not in \(places.joined(separator: ", ")): "
        + (name == BroughtBySetup.textEncoder ? "run scripts/setup, which brings it, or " : "")
        + "put its Hugging Face folder (config.json, "
        + "model.safetensors or pytorch_model.bin, vocab.txt or tokenizer.json) there, or name its parent folder in "
        + "THORAX_TEXT_ENCODERS"
    case .missingFile(let folder, let file):
      "the text encoder \(folder) has no \(file): \(BroughtBySetup.remedy(forEncoderAt: folder))"
    case .unreadable(let path, let reason):
      "\(path) cannot be read (\(reason)): \(BroughtBySetup.remedy(forEncoderAt: path))"
    case .mistaken(let path, let content): BroughtBySetup.description(of: content, inPlaceOfEncoderAt: path)
    case .unsupported(let path, let option, let value, let supported):
      "\(path) has \(option) \(value), and only \(supported) is supported: choose another text encoder"
    case .unfitWeights(let path, let problems):
      "\(path) does not fit its config.json (\(problems.list)): \(BroughtBySetup.remedy(forEncoderAt: path))"
    case .vocabularyMismatch(let folder, let tokenizer, let encoder):
      "the text encoder \(folder) has a tokenizer of \(tokenizer) tokens and weights for \(encoder): "
        + BroughtBySetup.remedy(forEncoderAt: folder)
    case .tooManyTokens(let count, let limit):
      "a text of \(count) tokens is longer than the encoder's \(limit): shorten it"
    case .tokenOutOfRange(let token, let size):
      "token \(token) is not in the encoder's vocabulary of \(size): use the tokenizer that came with the encoder"
    }
  }
}

extension ParameterLoadingError {
  /// Every offending name, by kind.
  fileprivate var list: String {
    [
      ("missing", missing), ("unexpected", unexpected), ("not finite", nonFinite),
      ("not of floating-point numbers", unusable.map { "\($0.path) of \($0.elements)" }),
      ("mis-shaped", misshaped.map { "\($0.path) \($0.found) instead of \($0.expected)" }),
    ]
    .filter { !$0.1.isEmpty }
    .map { "\($0.0) \($0.1.joined(separator: ", "))" }
    .joined(separator: "; ")
  }
}
