import ArgumentParser
import Foundation
import ImageFiles
import RadiographData

/// `thorax data import`.
struct DataImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Bring radiographs into a dataset; the sources are never written to.",
    discussion: """
      The dataset is made, or added to. An import that was interrupted goes on where it stopped when the same command \
      is given again. Whole patients go to one split.

      Example: thorax data import nih CXR14 --output datasets/cxr --size 256 --split 80/10/10
      """)

  /// The importers of the command line's contract.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case openi
    case kaggle
    case nih
    case kermany
    case folder
    case table
    case dicom
  }

  @Argument(help: "How the source is laid out: nih, kermany or folder.")
  var kind: Kind

  @Argument(help: "The folder of the source, as its publisher ships it.", completion: .directory)
  var sources: [String]

  @Option(help: "The dataset's folder.", completion: .directory)
  var output: String

  @Option(help: "Width and height of the stored images (default: 256, or the dataset's).")
  var size: Int?

  @Option(help: "Decides which patients go to which split (default: 0, or the dataset's).")
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      "Shares of train, validation and test (default: 70/10/20, or the dataset's).", valueName: "a/b/c"))
  var split: String?

  @Option(help: "Parts of a report that an image must have to be trained on (default: findings+impression).")
  var sections: String?

  @Option(help: "crop or pad an image that is not square (default: crop, or the dataset's).")
  var fit: SquareFit?

  @Option(help: "fail on images that are listed and not there, or skip them.")
  var missingImages: DatasetImport.MissingImages = .fail

  @Flag(help: "Print one JSON object that says what was imported.")
  var json = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    let console = common.console
    let options = try importOptions()
    let folder = URL(fileURLWithPath: output)
    var total = DatasetImport.Summary()
    for source in sources {
      let listing = try list(URL(fileURLWithPath: source))
      console.detail("\(source): \(listing.entries.count) images listed")
      let summary = try DatasetImport(listing, into: folder, options: options).run { progress in
        console.progress("\(listing.name): \(progress.completed) of \(progress.total) images")
      }
      console.clearProgress()
      total.imported += summary.imported
      total.alreadyThere += summary.alreadyThere
      total.excluded += summary.excluded
    }
    try report(total, console: console)
  }

  private func importOptions() throws -> DatasetImport.Options {
    var options = DatasetImport.Options()
    options.imageSize = size
    options.seed = seed
    options.split = try split.map { try SplitFractions($0) }
    options.fit = fit
    options.missingImages = missingImages
    options.sections = try sections.map { text in
      let names = text.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
      guard names.allSatisfy({ ["findings", "impression"].contains($0) }), Set(names).count == names.count else {
        throw DatasetError.invalidSections(text)
      }
      return names.sorted()
    }
    return options
  }

  private func list(_ root: URL) throws -> ImportSource {
    switch kind {
    case .nih: try NIHSource.list(root)
    case .kermany: try KermanySource.list(root)
    case .folder: try FolderSource.list(root)
    case .openi, .kaggle, .table, .dicom: throw DatasetError.importerUnavailable(kind.rawValue)
    }
  }

  private struct Report: Encodable {
    var dataset: String
    var imported: Int
    var alreadyThere: Int
    var excluded: [String: Int]

    enum CodingKeys: String, CodingKey {
      case dataset, imported, excluded
      case alreadyThere = "already_there"
    }
  }

  private func report(_ summary: DatasetImport.Summary, console: Console) throws {
    let excluded = Dictionary(grouping: summary.excluded, by: \.reason.rawValue).mapValues(\.count)
    if json {
      try Console.writeJSON(
        Report(
          dataset: output, imported: summary.imported, alreadyThere: summary.alreadyThere, excluded: excluded))
      return
    }
    for exclusion in summary.excluded.prefix(20) {
      console.note(
        "\(exclusion.reason.rawValue): \(exclusion.path)" + (exclusion.detail.isEmpty ? "" : " (\(exclusion.detail))"))
    }
    if summary.excluded.count > 20 {
      console.note("and \(summary.excluded.count - 20) more: see 'thorax data inspect \(output)'")
    }
    let reasons = excluded.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    try Console.writeResult(
      "\(output): \(summary.imported) images imported, \(summary.alreadyThere) there before"
        + (reasons.isEmpty ? "" : "; \(reasons.joined(separator: ", "))"))
  }
}

extension SquareFit: ExpressibleByArgument {}
extension DatasetImport.MissingImages: ExpressibleByArgument {}
