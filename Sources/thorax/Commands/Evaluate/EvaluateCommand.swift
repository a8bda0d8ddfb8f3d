import ArgumentParser

/// `thorax evaluate`: how good a model is, or a folder of images.
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure a model, or a folder of images, against radiographs it never saw.",
    discussion: """
      thorax evaluate --model thorax-small --data DATASET --output REPORT does all that applies.

      Each figure stands beside the same of real images against real ones; docs/evaluation.md says what each means.
      """,
    subcommands: [
      EvaluateModelCommand.self, EvaluateSamplesCommand.self, EvaluateImagesCommand.self, EvaluateDistanceCommand.self,
      EvaluateRunCommand.self, EvaluateReferenceCommand.self, EvaluateGateCommand.self, EvaluateJudgeCommand.self,
      EvaluateSweepCommand.self, EvaluateUtilityCommand.self, EvaluateTablesCommand.self, EvaluateReadersCommand.self,
    ], defaultSubcommand: EvaluateModelCommand.self)
}
