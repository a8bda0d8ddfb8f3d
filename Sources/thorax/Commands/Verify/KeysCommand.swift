import ArgumentParser
import Foundation
import ImageOutput
import Support
import Terminal

/// `thorax keys`.
struct KeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Make and show the key that pictures are signed with.",
    discussion: """
      Where there is a key, thorax generate signs every file, over its pixels and all that it says of itself. thorax \
      verify tells signed, altered and unsigned files apart. PNG and JPEG files also have Content Credentials (C2PA), by \
      the certificates beside the key.
      """,
    subcommands: [MakeCommand.self, ShowCommand.self])

  struct MakeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "make", abstract: "Make a key for Ed25519 signatures.")

    @Option(
      help: ArgumentHelp(
        "File of the key, for its owner alone (default: thorax/signing-key in the folder of settings).",
        valueName: "file"), completion: .file())
    var output: String?

    @Option(
      help: ArgumentHelp(
        "Whose the key is, as Content Credentials show it, up to 64 characters (default: Thorax user).",
        valueName: "name"))
    var owner = "Thorax user"

    @OptionGroup var common: CommonOptions

    func run() async throws {
      try common.check()
      let path = output ?? SigningKey.standardPath
      if output == nil {
        let folder = (path as NSString).deletingLastPathComponent
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      let key = try SigningKey(ownerName: owner)
      try key.write(to: path)
      common.console.note("the key is in \(path): keep it to yourself; others check with what follows")
      common.console.note(
        "its certificates, for Content Credentials, are in \(SigningKey.certificatesPath(ofKey: path))")
      try Console.writeResult(key.publicKey)
    }
  }

  struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Print the public half of a key, which others check signatures with.")

    @Argument(help: "File of the key (default: that of keys make).", completion: .file())
    var file: String?

    @OptionGroup var common: CommonOptions

    func run() async throws {
      try common.check()
      try Console.writeResult(SigningKey(path: file ?? SigningKey.standardPath).publicKey)
    }
  }
}
