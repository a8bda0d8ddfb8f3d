import ArgumentParser

/// Measures the store of datasets.
struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset",
    abstract: "Measure the store of datasets: an index of MIMIC's size, the loader, imports, near-duplicates.",
    discussion: "docs/data-store.md holds the figures.",
    subcommands: [IndexCommand.self, LoaderCommand.self, ImportCommand.self, NearDuplicatesCommand.self])
}
