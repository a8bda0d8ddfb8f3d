import ArgumentParser
import ImageOutput

/// How drawn files can be recognised later.
struct MarkOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Mark the picture so that thorax verify knows it again.")
  var watermark = true

  @Flag(help: "Write 'synthetic, not for diagnosis' into the picture itself.")
  var stamp = false

  @Option(
    help: ArgumentHelp(
      "Key to sign files with, or none (default: the key of thorax keys make, if there is one).", valueName: "file"),
    completion: .file())
  var signingKey: String?

  /// - Throws: `SignatureError` for a file that holds no key; `FileAccessError`.
  func key() throws -> SigningKey? {
    switch signingKey {
    case "none": nil
    case let path?: try SigningKey(path: path)
    case nil: try SigningKey.standard()
    }
  }
}
