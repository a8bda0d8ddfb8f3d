import Support

/// Something a request asks for that no model could do: the caller has to ask differently.
public enum RequestError: Error, Equatable, CustomStringConvertible {
  /// A number outside what makes sense. `allowed` reads on from "choose".
  case outOfRange(what: String, value: String, allowed: String)
  /// A name that is not one of `known`.
  case unknown(what: String, value: String, known: [String])
  /// The prompt has no words, and guidance is not 1, so there is nothing to guide to.
  case emptyPrompt(index: Int)
  case noPrompt
  /// A text with a control character, which no prompt has a use for; `character` counts from 1.
  case controlCharacter(what: String, found: String, character: Int)
  /// A file whose name does not say which image format to write.
  case imageExtension(path: String)
  /// Two settings that exclude each other.
  case conflict(String, remedy: String)

  public var description: String {
    switch self {
    case .outOfRange(let what, let value, let allowed): "\(what) is \(value): choose \(allowed)"
    case .unknown(let what, let value, let known):
      "\(what) '\(value.onOneLine(limit: 120))' is not known: choose one of \(known.joined(separator: ", "))"
    case .emptyPrompt(let index):
      "prompt \(index + 1) is empty: describe the radiograph, or ask for the null prompt with guidance 1"
    case .controlCharacter(let what, let found, let character):
      "\(what) holds \(found) as its character \(character): take it out"
    case .noPrompt: "there is no prompt: give one as text, or a file of them with --prompts"
    case .imageExtension(let path):
      "'\(path.onOneLine(limit: 120))' names no image format: end it in .png, .jpg or .dcm, or in / for a folder"
    case .conflict(let what, let remedy): "\(what): \(remedy)"
    }
  }
}
