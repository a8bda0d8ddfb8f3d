import ArgumentParser
import Serving
import Terminal

/// `thorax audit`: what a service recorded.
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Check the audit log of a service.", subcommands: [AuditVerifyCommand.self])
}

struct AuditVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read a whole audit log and check that no entry was changed, removed or put in between.",
    discussion: """
      The last hash is printed. Noted somewhere else and given with --expect at the next check, it shows entries that were \
      cut off at the end as well.
      """)

  @Option(help: ArgumentHelp("Hash of an entry that must be there, from an earlier check.", valueName: "sha256"))
  var expect: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var state: StateOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    let result = try AuditLog.verify(state: state.folder, expecting: expect?.lowercased())
    if json { return try Console.writeJSON(result) }
    try Console.writeResult("\(result.entries) entries, chain whole, last \(result.last)")
  }
}
