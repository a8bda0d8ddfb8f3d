import ArgumentParser
import Foundation
import RadiographData
import RadiographImport

extension ComputedFinding.Kind: ExpressibleByArgument {}

/// Makes the datasets on which a classifier learns to separate computed findings from real ones.
struct ComputedFindingsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "computed-findings",
    abstract:
      "Make a dataset of real findings of a kind and as many computed ones, each image with its label Computed.",
    discussion: """
      docs/labels.md has the figures, and the commands by which a classifier separates the two. A kind is worth training on \
      where the area under its curve is at most 0.80.
      """)

  @Argument(help: "The dataset, as scripts/import-small makes it.", completion: .directory)
  var dataset: String

  @Argument(help: "The dataset that is made.", completion: .directory)
  var output: String

  @Option(help: "What is drawn.")
  var kind: ComputedFinding.Kind

  @Option(help: "Decides what is drawn.")
  var seed: UInt64 = 1

  func run() async throws {
    let dataset = try RadiographDataset.open(URL(fileURLWithPath: dataset))
    var options = ComputedSource.options
    options.imageSize = ComputedTrial.side
    let source = try ComputedTrial.source(of: kind, in: dataset, seed: seed)
    let summary = try DatasetImport(source, into: URL(fileURLWithPath: output), options: options).run()
    print("\(output): \(summary.imported) images")
  }
}
