import ArgumentParser
import Evaluation
import Foundation
import RadiographData
import Support
import Terminal

/// `thorax evaluate reference`.
struct EvaluateReferenceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference", abstract: "Compute the statistics of a dataset's real images and store them by hash.",
    discussion: """
      Of thumbnails, power spectra and the features of each network. 'thorax evaluate distance FOLDER FILE' takes such a file in \
      place of a folder, so that real images need not leave where they are.
      """)

  @OptionGroup var options: EvaluationOptions
  @OptionGroup var extractors: ExtractorOptions

  @Option(help: ArgumentHelp("Only images of this source of the dataset.", valueName: "name"))
  var source: String?

  @Option(help: ArgumentHelp("Folder to store the statistics in.", valueName: "dir"), completion: .directory)
  var output: String

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    let note = WorkNotes(common.console)
    let dataset = try RadiographDataset.open(URL(fileURLWithPath: options.data))
    let measurement = try ImagesMeasurement(
      dataset: dataset, part: options.split, source: source, extractors: extractors.choices(),
      seed: options.seed, note: { note($0) })
    let folder = try ResultFolder(output)
    let files = try measurement.storeReference(in: FeatureStatisticsStore(folder: folder.path))
    try Console.writeResult(files.joined(separator: "\n"))
  }
}
