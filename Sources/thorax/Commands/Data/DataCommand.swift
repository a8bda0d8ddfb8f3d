import ArgumentParser

/// `thorax data`: sources in, datasets looked at.
struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Make datasets of chest radiographs, and look into them.",
    subcommands: [DataImportCommand.self, DataInspectCommand.self, DataPhantomCommand.self, DataComputeCommand.self])
}
