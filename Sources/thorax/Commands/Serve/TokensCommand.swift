import ArgumentParser
import Foundation
import Generation
import Serving
import Support
import Terminal

/// `thorax serve tokens`: who may use a service.
struct TokensCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens",
    abstract: "Make accounts for a service, list them, take them back.",
    discussion: "Once there is a token, every request needs one. A running service takes changes up at once.",
    subcommands: [TokensAddCommand.self, TokensListCommand.self, TokensRevokeCommand.self])
}

struct TokensAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Make an account and print its token, which is shown this once.")

  @Argument(help: "Name of the account.")
  var name: String

  @Option(
    help: ArgumentHelp(
      "draw: draws and sees its jobs; teach: sees the jobs of all; admin: metrics and audit log too.",
      valueName: "role"), completion: .list(Role.allCases.map(\.rawValue)))
  var role: String = Role.draw.rawValue

  @OptionGroup var state: StateOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    guard let role = Role(rawValue: role) else {
      throw RequestError.unknown(what: "role", value: role, known: Role.allCases.map(\.rawValue))
    }
    let token = try await AccountStore(state: state.folder).add(name: name, role: role)
    try Console.writeResult(token)
    common.console.note("the token of \(name), role \(role.rawValue): keep it, it is not shown again")
  }
}

struct TokensListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the accounts of a service.")

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var state: StateOptions
  @OptionGroup var common: CommonOptions

  private struct List: Encodable {
    struct Row: Encodable {
      var name: String
      var role: Role
      var created: String
      var used: String?
      var revoked: String?
    }

    var tokens: [Row]
  }

  func run() async throws {
    try common.check()
    let rows = try await AccountStore(state: state.folder).tokens().map { token in
      List.Row(
        name: token.name, role: token.role, created: token.created.formatted(.iso8601),
        used: token.used?.formatted(.iso8601), revoked: token.revoked?.formatted(.iso8601))
    }
    if json { return try Console.writeJSON(List(tokens: rows)) }
    guard !rows.isEmpty else {
      return common.console.note("there are no accounts: make one with 'thorax serve tokens add'")
    }
    let table = TextTable(
      title: "account", heads: ["role", "made", "last used", "revoked"],
      rows: rows.map { [$0.name, $0.role.rawValue, $0.created, $0.used ?? "never", $0.revoked ?? "no"] })
    try Console.writeResult(table.lines().joined(separator: "\n"))
  }
}

struct TokensRevokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Make the token of an account invalid, from the next request on.")

  @Argument(help: "Name of the account.")
  var name: String

  @OptionGroup var state: StateOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    try await AccountStore(state: state.folder).revoke(name: name)
    common.console.note("the token of \(name) is no longer valid")
  }
}
