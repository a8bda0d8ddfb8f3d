import ArgumentParser

/// Measures what the documents state: each subcommand's help names the document that holds its figures.
@main
struct Measure: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract: "Measure the parts of Thorax; build with `-c release` for figures of speed.",
    subcommands: [
      LabelsCommand.self, ImagesCommand.self, DICOMPixelsCommand.self, DatasetCommand.self, MetricsCommand.self,
      FeaturesCommand.self, TrainingMemoryCommand.self, EncodingCommand.self, WatermarkCommand.self,
      ComputedFindingsCommand.self,
    ])
}
