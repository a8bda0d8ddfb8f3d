import ArgumentParser
import Foundation
import Generation
import Terminal

@main
enum EntryPoint {
  static func main() async {
    StandardStream.prepare()
    // Writing beyond the system's limit on file sizes then fails with an error, as a full disk does, and not with a
    // signal.
    signal(SIGXFSZ, SIG_IGN)
    do {
      try checkArgumentsAreText()
      try await Interruption.run { try await execute(parse()) }
    } catch let error as ProcessesEnded {
      ProgramEnd.leave(error.status)
    } catch {
      ProgramEnd.leave(report(error))
    }
    ProgramEnd.leave(.done)
  }

  private static func parse() throws -> any ParsableCommand {
    do {
      let command = try Thorax.parseAsRoot()
      try RepeatedOptions.check(Array(CommandLine.arguments.dropFirst()))
      return command
    } catch let error as RequestError {
      throw error
    } catch {
      throw ParsingError(underlying: error)
    }
  }

  private static func execute(_ command: any ParsableCommand) async throws {
    do {
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        var command = command
        try command.run()
      }
    } catch let error where Thorax.exitCode(for: error) == .success || error is ValidationError {
      // A verb that stands alone ("thorax", "thorax data") asks for its own help.
      throw ParsingError(underlying: error)
    }
  }

  /// Prints what ended the program: help and version as results, anything else as one line on standard error.
  private static func report(_ error: any Error) -> ExitStatus {
    guard let parsing = error as? ParsingError else { return print(Failure(error)) }
    if Thorax.exitCode(for: parsing.underlying) == .success {
      do {
        try Console.writeResult(Thorax.fullMessage(for: parsing.underlying))
        return .done
      } catch {
        return print(Failure(error))
      }
    }
    return print(parsing.failure)
  }

  private static func print(_ failure: Failure) -> ExitStatus {
    Console.clearProgress()
    Console.writeError("error: \(failure.message)")
    return failure.status
  }

  /// Swift repairs arguments that are not UTF-8, which would draw another prompt or open another file than was meant.
  private static func checkArgumentsAreText() throws {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let pointer = CommandLine.unsafeArgv[index] else { continue }
      let bytes = UnsafeRawBufferPointer(start: pointer, count: strlen(pointer))
      guard String(validating: bytes, as: UTF8.self) != nil else {
        throw RequestError.conflict(
          "argument \(index) is not UTF-8 text",
          remedy: "set the terminal to UTF-8, put a prompt into a file, and rename a file that has such a name")
      }
    }
  }
}

/// What the argument parser ended with: help, version, a completion script, or a usage error.
private struct ParsingError: Error {
  var underlying: any Error

  var failure: Failure {
    if let unknown = UnknownCommand(Array(CommandLine.arguments.dropFirst())) {
      return Failure(unknown.error)
    }
    return Failure.usage(
      Thorax.message(for: underlying), command: Self.command(CommandLine.arguments.dropFirst()))
  }

  /// The command that the first words name, with those above it.
  private static func command(_ words: ArraySlice<String>) -> String {
    var (name, command): (String, any ParsableCommand.Type) = ("thorax", Thorax.self)
    for word in words {
      guard let next = command.configuration.subcommands.first(where: { $0.configuration.commandName == word })
      else { break }
      (name, command) = ("\(name) \(word)", next)
    }
    return name
  }
}
