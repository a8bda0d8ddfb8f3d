import ArgumentParser
import Foundation
import Generation

/// Options that take one value and are given two: the argument parser would take the last and say nothing.
enum RepeatedOptions {
  /// A command as the argument parser describes it.
  private struct Command: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        var name: String
      }

      var kind: String
      var isRepeating: Bool
      var names: [Name]?
    }

    var commandName: String
    var defaultSubcommand: String?
    var subcommands: [Command]?
    var arguments: [Argument]?
  }

  private struct Description: Decodable {
    var command: Command
  }

  /// Looks through arguments that the parser has accepted.
  ///
  /// - Throws: `RequestError.conflict` with the first option that is given again.
  static func check(_ arguments: [String]) throws {
    // Describing all commands takes longer than most calls may: nothing is asked for if no word comes twice.
    let words = arguments.filter { $0.hasPrefix("--") }.map { $0.prefix { $0 != "=" } }
    guard Set(words).count < words.count else { return }
    let description = try JSONDecoder().decode(Description.self, from: Data(Thorax._dumpHelp().utf8))
    var command = description.command
    var rest = arguments[...]
    while let word = rest.first, let next = command.subcommands?.first(where: { $0.commandName == word }) {
      command = next
      rest = rest.dropFirst()
    }
    if let name = command.defaultSubcommand, let next = command.subcommands?.first(where: { $0.commandName == name }) {
      command = next
    }
    var given: Set<String> = []
    while let word = rest.popFirst(), word != "--" {
      guard word.hasPrefix("--") else { continue }
      let name = String(word.dropFirst(2).prefix { $0 != "=" })
      guard
        let option = command.arguments?.first(where: { argument in
          argument.kind == "option" && argument.names?.contains { $0.name == name } == true
        })
      else { continue }
      // The value, whatever it looks like.
      if !word.contains("=") { rest = rest.dropFirst() }
      guard !option.isRepeating, !given.insert(name).inserted else { continue }
      throw RequestError.conflict("--\(name) is given twice", remedy: "give it once, it takes one value")
    }
  }
}
