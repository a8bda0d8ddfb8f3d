import ArgumentParser
import Generation
import Support

/// The root command: every verb hangs below it.
struct Thorax: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thorax",
    abstract: "Synthetic chest radiographs from text. Synthetic; not for diagnosis.",
    discussion: """
      Results go to standard output; progress, notes and errors to standard error. Exit codes: 0 done, 64 usage, \
      65 bad data, 66 input missing, 69 a part is unavailable, 70 a defect of the program, 73 cannot create the output, \
      74 reading or writing failed, 130 interrupted.

      Shell completions: thorax --generate-completion-script bash|zsh|fish
      """,
    version: ThoraxVersion.current,
    subcommands: [
      GenerateCommand.self, InfoCommand.self, BenchCommand.self, DataCommand.self, TrainCommand.self,
      ExportCommand.self, EvaluateCommand.self, AblateCommand.self, ServeCommand.self, AuditCommand.self,
      SendCommand.self, VerifyCommand.self, KeysCommand.self,
    ]
  )
}
