import ArgumentParser
import Foundation
import Generation
import ImageFiles
import RadiographData
import RadiographImport
import Support
import Terminal

/// `thorax data import`.
struct DataImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Bring radiographs into a dataset; the sources are never written to.",
    discussion: """
      The dataset is made, or added to. An import that was interrupted goes on where it stopped when the same command \
      is given again. Whole patients go to one split.

      openi     NLMCXR_reports.tgz, or the folder that holds it or its XML files; further SOURCEs hold images
      kaggle    the folder with indiana_reports.csv, indiana_projections.csv and the images
      nih       the folder with Data_Entry_2017*.csv, the image folders and, for --official-split, the two lists; several \
      SOURCEs are one source, whose patients may stand in more than one
      kermany   the folder with NORMAL and PNEUMONIA
      folder    images, with name.txt beside name.png, or with metadata.csv
      table     any CSV, TSV or JSON Lines, or the folder that holds it, with a --mapping
      dicom     any tree of DICOM files; patients, studies and paths become pseudonyms, dates an age

      Example: thorax data import nih CXR14 --output datasets/cxr --size 256 --split 80/10/10
      Example: thorax data import nih CXR14 CXR14-more --annotations chestx-det --output datasets/cxr
      Example: thorax data import table CheXpert-v1.0-small --mapping chexpert --output datasets/chexpert
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

  @Argument(help: "How the source is laid out: openi, kaggle, nih, kermany, folder, table or dicom.")
  var kind: Kind

  @Argument(help: "The folder of the source, as its publisher ships it.", completion: .file())
  var sources: [String]

  @Option(help: "The dataset's folder.", completion: .directory)
  var output: String

  @Option(
    parsing: .unconditional, help: "Width and height of the stored images (default: 256, or the dataset's).",
    transform: NumberText.whole)
  var size: Int?

  @Option(
    parsing: .unconditional, help: "Decides which patients go to which split (default: 0, or the dataset's).",
    transform: NumberText.whole)
  var seed: UInt64?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Shares of train, validation and test (default: 70/10/20, or the dataset's).", valueName: "a/b/c"))
  var split: String?

  @Option(
    help: ArgumentHelp(
      "stratified (default) meets the shares exactly and every label's nearly; hash looks at patients' names only.",
      valueName: "rule"))
  var splitBy: SplitRule?

  @Option(help: "Parts of a report that an image must have to be trained on (default: findings+impression).")
  var sections: String?

  @OptionGroup(title: "Images") var images: ImageOptions

  @OptionGroup(title: "DICOM") var dicom: DICOMOptions

  @Option(help: "fail on images that are listed and not there, or skip them.")
  var missingImages: DatasetImport.MissingImages = .fail

  @Option(
    help: ArgumentHelp(
      "What the columns of a table are: a YAML file, or \(TableMapping.shipped.joined(separator: ", ")), which ship.",
      valueName: "mapping"))
  var mapping: String?

  @Option(
    help: ArgumentHelp(
      "The source's name in the dataset (folder and nih; default: the folder's name, or nih).", valueName: "name"))
  var name: String?

  @Option(
    help: ArgumentHelp(
      "Boxes of findings that people drew (nih): BBox_List_2017.csv, a list of ChestX-Det, or a folder of these.",
      valueName: "path"))
  var annotations: [String] = []

  @Flag(help: "Take over the publisher's own split, where the source has one (nih, table).")
  var officialSplit = false

  @Flag(help: "Read what links out of a source's folder lead to.")
  var followLinks = false

  @Flag(help: "Take in images that say of themselves that a program has drawn them.")
  var allowSynthetic = false

  @Flag(help: "Print one JSON object that says what was imported.")
  var json = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    let console = common.console
    let options = try importOptions()
    let folder = URL(fileURLWithPath: output)
    var total = DatasetImport.Summary()
    var unfollowedLinks = 0
    var key: PatientKey?
    do {
      for listing in try listings(options, key: &key) {
        console.detail(
          "\(listing.root?.path ?? listing.name)\(listing.furtherRoots.isEmpty ? "" : " and others"): \(listing.entries.count.of("image")) listed"
        )
        let meter = console.meter("importing \(listing.name)", unit: "images", total: nil)
        let summary = try DatasetImport(listing, into: folder, options: options).run(
          willCommit: {
            guard let key, try key.store() else { return }
            console.note("the secret behind the pseudonyms is \(key.file.path): keep it, and apart from the dataset")
          }
        ) { progress in
          meter.update(progress.done, of: progress.total)
        }
        meter.finish()
        total += summary
        unfollowedLinks += listing.unfollowedLinks
      }
      try report(total, unfollowedLinks: unfollowedLinks, console: console)
    } catch {
      key?.withdraw(from: folder)
      throw error
    }
  }

  private func importOptions() throws -> DatasetImport.Options {
    var options = DatasetImport.Options()
    options.imageSize = size
    options.seed = seed
    options.split = try split.map { try SplitFractions($0) }
    options.splitRule = splitBy
    images.apply(to: &options)
    options.missingImages = missingImages
    options.allowsSynthetic = allowSynthetic
    options.sections = try sections.map { text in
      let names = text.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
      guard names.allSatisfy({ ["findings", "impression"].contains($0) }), Set(names).count == names.count else {
        throw DatasetError.invalidSections(text)
      }
      return names.sorted()
    }
    return options
  }

  /// What every source lists. All are listed before the first is imported, so that a mistake in the last costs no work.
  ///
  /// - Parameter key: set to what names the patients of DICOM files.
  private func listings(_ options: DatasetImport.Options, key: inout PatientKey?) throws -> [ImportSource] {
    if (kind == .table) != (mapping != nil) {
      throw DatasetError.mappingMismatch(
        reason: mapping == nil ? "a table needs a mapping" : "\(kind.rawValue) takes no mapping")
    }
    try dicom.check(isDICOM: kind == .dicom)
    if name != nil, kind != .folder, kind != .nih {
      throw RequestError.conflict(
        "--name is for folders and nih", remedy: "leave it out, \(kind.rawValue) has names of its own")
    }
    if !annotations.isEmpty, kind != .nih {
      throw RequestError.conflict(
        "--annotations is for nih", remedy: "leave it out, images of \(kind.rawValue) have no boxes")
    }
    if officialSplit, kind != .nih, kind != .table { throw DatasetError.noOfficialSplit(kind.rawValue) }
    let official = officialSplit ? try official(options) : nil
    let urls = sources.map { URL(fileURLWithPath: $0) }
    let links: SourceLinks = followLinks ? .followed : .inside
    switch kind {
    case .openi:
      try urls.forEach { try checkApart($0) }
      return [try OpenISource.list(urls, links: links)]
    case .kaggle: return try urls.map { try KaggleSource.list($0, links: links) }
    case .nih:
      return [
        try NIHSource.list(
          urls, name: name ?? "nih", annotations: annotations.map { URL(fileURLWithPath: $0) }, official: official,
          links: links)
      ]
    case .kermany: return try urls.map { try KermanySource.list($0, links: links) }
    case .folder: return try folders(urls, links: links)
    case .table:
      let mapping = try TableMapping(named: mapping ?? "")
      return try urls.map { try TableSource.list($0, mapping: mapping, official: official, links: links) }
    case .dicom:
      let drawn = try dicom.key(ofDataset: URL(fileURLWithPath: output))
      key = drawn
      return try urls.map {
        try dicom.list(
          $0, key: drawn, links: links, allowsSynthetic: allowSynthetic, console: common.console)
      }
    }
  }

  /// Folders of one name would become one source.
  private func folders(_ urls: [URL], links: SourceLinks) throws -> [ImportSource] {
    if name != nil, urls.count > 1 {
      throw RequestError.conflict("--name and \(urls.count) folders are given", remedy: "import one at a time")
    }
    let sources = try urls.map { try FolderSource.list($0, name: name, links: links) }
    for (index, source) in sources.enumerated() {
      let place = urls[index].resolvingSymlinksInPath().path
      let others = zip(urls, sources).prefix(index).filter { $0.1.name == source.name }.map(\.0)
      if let other = others.first(where: { $0.resolvingSymlinksInPath().path != place }) {
        throw DatasetError.sourceName(name: source.name, reason: "\(other.path) and \(urls[index].path)")
      }
    }
    return sources
  }

  /// `DatasetImport` takes a single root of a source; here there are several.
  private func checkApart(_ source: URL) throws {
    let paths = [source, URL(fileURLWithPath: output)].map {
      $0.resolvingSymlinksInPath().standardizedFileURL.path + "/"
    }
    if paths[0].hasPrefix(paths[1]) || paths[1].hasPrefix(paths[0]) {
      throw DatasetError.sourceInsideOutput(source: source.path, output: output)
    }
  }

  /// With the seed and the shares of the dataset that is there, unless others are given.
  private func official(_ options: DatasetImport.Options) throws -> OfficialSplit {
    let index = URL(fileURLWithPath: output).appendingPathComponent("index.sqlite")
    let isThere = FileManager.default.fileExists(atPath: index.path)
    let stored = isThere ? try RadiographDataset.open(URL(fileURLWithPath: output)).settings : DatasetSettings()
    return OfficialSplit(seed: options.seed ?? stored.seed, split: options.split ?? stored.split)
  }

  private struct Report: Encodable {
    var dataset: String
    var imported: Int
    var alreadyThere: Int
    var excluded: [String: Int]
    var unfollowedLinks: Int
    var synthetic: Int

    enum CodingKeys: String, CodingKey {
      case dataset, imported, excluded, synthetic
      case alreadyThere = "already_there"
      case unfollowedLinks = "unfollowed_links"
    }
  }

  private func report(_ summary: DatasetImport.Summary, unfollowedLinks: Int, console: Console) throws {
    do {
      try summary.requireImages(in: URL(fileURLWithPath: output))
    } catch {
      // The error names the commonest reason on its one line; the list is for who asks for more.
      for exclusion in summary.excluded { console.detail("\(exclusion)".onOneLine()) }
      throw error
    }
    if summary.synthetic > 0 {
      console.note(
        "\(summary.synthetic.of("image")) \(summary.synthetic == 1 ? "was" : "were") drawn by a program: a model that is trained "
          + "on \(output) learns from what a model made")
    }
    if !json { note(summary.excluded, unfollowedLinks: unfollowedLinks, console: console) }
    let excluded = Dictionary(grouping: summary.excluded, by: \.reason.rawValue).mapValues(\.count)
    if json {
      try Console.writeJSON(
        Report(
          dataset: output, imported: summary.imported, alreadyThere: summary.alreadyThere, excluded: excluded,
          unfollowedLinks: unfollowedLinks, synthetic: summary.synthetic))
      return
    }
    let reasons = ImportExclusion.Reason.allCases.compactMap { reason -> String? in
      guard let count = excluded[reason.rawValue] else { return nil }
      let isLinks = reason == .outsideSource && unfollowedLinks > 0
      return "\(count) \(reason.words)" + (isLinks ? " (--follow-links reads \(unfollowedLinks.of("link")))" : "")
    }
    try Console.writeResult(
      "\(output): \(summary.imported.of("image")) imported, \(summary.alreadyThere) there before"
        + (reasons.isEmpty ? "" : "; \(reasons.joined(separator: ", "))"))
  }

  private func note(_ excluded: [ImportExclusion], unfollowedLinks: Int, console: Console) {
    for exclusion in excluded.prefix(20) { console.note("\(exclusion)".onOneLine()) }
    if excluded.count > 20 {
      console.note("and \(excluded.count - 20) more: see 'thorax data inspect \(output)'")
    }
    if unfollowedLinks > 0 {
      console.note(
        "\(unfollowedLinks.of("link")) out of the source \(unfollowedLinks == 1 ? "was" : "were") left out: --follow-links "
          + "reads what is there")
    }
  }
}

extension SplitRule: ExpressibleByArgument {}
extension DatasetImport.MissingImages: ExpressibleByArgument {}
