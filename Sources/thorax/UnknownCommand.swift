import ArgumentParser
import Generation
import Support

/// A word where a command belongs, and no command has that name.
struct UnknownCommand {
  /// The words before it, as they are typed: `thorax data`.
  private let parent: String
  private let word: String
  private let known: [String]

  /// Returns nil if the commands of `arguments` are known, as far as their words go.
  init?(_ arguments: [String]) {
    var command: any ParsableCommand.Type = Thorax.self
    var names = ["thorax"]
    for word in arguments {
      let configuration = command.configuration
      // Commands that have one of their own to fall back on may be meant.
      guard !configuration.subcommands.isEmpty, configuration.defaultSubcommand == nil, !word.hasPrefix("-"),
        word != "help"
      else { return nil }
      guard let next = configuration.subcommands.first(where: { $0.configuration.commandName == word }) else {
        parent = names.joined(separator: " ")
        self.word = word
        known = configuration.subcommands.compactMap { $0.configuration.commandName }
        return
      }
      command = next
      names.append(word)
    }
    return nil
  }

  var error: RequestError {
    let meant = NearestName.of(word, among: known)
    return .conflict(
      "there is no command '\(parent) \(word.onOneLine(limit: 60))'",
      remedy: meant.map { "did you mean '\(parent) \($0)'?" } ?? "choose one of \(known.joined(separator: ", "))")
  }
}
