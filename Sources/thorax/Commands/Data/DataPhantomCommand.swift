import ArgumentParser
import Foundation
import Generation
import RadiographData
import RadiographImport
import Support
import SystemPackage
import Terminal

/// `thorax data phantom`.
struct DataPhantomCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "phantom",
    abstract: "Draw schematic chests with their reports, and read pictures of them exactly.",
    discussion: """
      A model that is trained on phantoms can be tried: prompts that no phantom has are drawn, and a reader that sees \
      only pixels says how many pictures show what was asked for. Phantom i of a seed is the same however many are drawn.

      Example: thorax data phantom --count 10000 --seed 1 --output phantoms
      Example: thorax data phantom --prompts try.jsonl --count 500 --seed 1
               thorax generate --model mine --prompts try.jsonl --output pictures/
               thorax data phantom --check try.jsonl pictures
      Example: thorax data phantom --read pictures/cxr-000.png --json
      """)

  @Option(
    parsing: .unconditional, help: "How many phantoms, or prompts, to draw: 1 to 100000.", transform: NumberText.whole)
  var count: Int?

  @Option(parsing: .unconditional, help: "Decides which phantoms are drawn (default: 0).", transform: NumberText.whole)
  var seed: UInt64 = 0

  @Option(help: "The dataset's folder, which is made or added to.", completion: .directory)
  var output: String?

  @Option(
    help: ArgumentHelp("Write PNG files, reports and truth.jsonl into this folder.", valueName: "dir"),
    completion: .directory)
  var export: String?

  @Option(
    parsing: .unconditional, help: "Width and height of the pictures: a multiple of 8, 32 to 512 (default: 64).",
    transform: NumberText.whole)
  var size: Int = Phantom.standardSize

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Shares of train, validation and test (default: 70/10/20).", valueName: "a/b/c"))
  var split: String?

  @Flag(help: "Say what is in each IMAGE, which may be a folder, from its pixels alone.")
  var read = false

  @Option(
    help: ArgumentHelp(
      "Write prompts that no phantom has, with their truth, into this file.", valueName: "file.jsonl"),
    completion: .file(extensions: ["jsonl"]))
  var prompts: String?

  @Option(
    help: ArgumentHelp(
      "Say how many of the IMAGEs, in the order of this file's prompts, show what was asked for.",
      valueName: "file.jsonl"),
    completion: .file(extensions: ["jsonl"]))
  var check: String?

  @Argument(help: "Pictures, or folders of them, for --read and --check.", completion: .file())
  var images: [String] = []

  @Flag(help: "Replace files of --export and --prompts that exist.")
  var overwrite = false

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    try checkPurpose()
    if read {
      try readImages()
    } else if let check {
      try compare(with: check)
    } else if let prompts {
      try writePrompts(to: prompts)
    } else {
      try draw()
    }
  }

  private func checkPurpose() throws {
    let purposes = [read, check != nil, prompts != nil, output != nil || export != nil].count { $0 }
    guard purposes == 1 else {
      throw RequestError.conflict(
        purposes == 0 ? "there is nothing to do" : "only one thing can be done at a time",
        remedy: "give --output and --export, or one of --prompts, --read and --check")
    }
    if read || check != nil {
      guard !images.isEmpty else {
        throw RequestError.conflict("there is no image", remedy: "name files or folders")
      }
      guard count == nil, split == nil, !overwrite else {
        throw RequestError.conflict(
          "--count, --split and --overwrite belong to what is drawn", remedy: "leave them out to read pictures")
      }
    } else {
      guard images.isEmpty else {
        throw RequestError.conflict("images are given", remedy: "give --read or --check too, or leave them out")
      }
      guard output != nil || split == nil else {
        throw RequestError.conflict("--split belongs to a dataset", remedy: "give --output too, or leave it out")
      }
    }
  }

  private func wantedCount() throws -> Int {
    guard let count else {
      throw RequestError.conflict("--count is missing", remedy: "say how many to draw")
    }
    try Phantom.checkCount(count)
    return count
  }

  // MARK: Drawing

  private struct Drawn: Encodable {
    var dataset: String?
    var imported = 0
    var alreadyThere = 0
    var export: String?
    var exported = 0

    enum CodingKeys: String, CodingKey {
      case dataset, imported, export, exported
      case alreadyThere = "already_there"
    }
  }

  private func draw() throws {
    let count = try wantedCount()
    var options = try PhantomSource.options(size: size)
    options.split = try split.map { try SplitFractions($0) }
    if let output, let export, FilePath(output).lexicallyNormalized() == FilePath(export).lexicallyNormalized() {
      throw RequestError.conflict("--output and --export are one folder", remedy: "give each its own")
    }
    let files = try export.map { try PhantomExport(to: $0, seed: seed, count: count, size: size) }
    try files?.check(overwrite: overwrite)
    var drawn = Drawn(dataset: output, export: export)
    if let output {
      // A new dataset divides patients by the seed; one that is there goes on as it was begun.
      if !FilePath(output).appending("index.sqlite").exists { options.seed = seed }
      let meter = common.console.meter("drawing phantoms", unit: "images", total: count)
      let summary = try DatasetImport(
        PhantomSource.list(count: count, seed: seed), into: URL(fileURLWithPath: output), options: options
      ).run { meter.update($0.done, of: $0.total) }
      meter.finish()
      (drawn.imported, drawn.alreadyThere) = (summary.imported, summary.alreadyThere)
    }
    if let files {
      let meter = common.console.meter("writing phantoms", unit: "images", total: count)
      try files.run { meter.update($0) }
      meter.finish()
      drawn.exported = count
    }
    if json {
      try Console.writeJSON(drawn)
      return
    }
    if let output {
      try Console.writeResult("\(output): \(drawn.imported.of("image")) imported, \(drawn.alreadyThere) there before")
    }
    if let export {
      try Console.writeResult(
        "\(export): \(count.of("image")) with \(count == 1 ? "its report" : "their reports"), truth.jsonl")
    }
  }

  // MARK: Prompts

  private struct Written: Encodable {
    var path: String
    var prompts: Int
    var kinds: [String: Int]
  }

  private func writePrompts(to path: String) throws {
    let count = try wantedCount()
    try FilePath(path).checkReplaceable(overwrite: overwrite)
    let prompts = try PhantomPrompt.list(count: count, seed: seed)
    try PhantomPromptsFile.write(prompts, to: path)
    let kinds = Dictionary(grouping: prompts, by: \.kind.rawValue).mapValues(\.count)
    if json {
      try Console.writeJSON(Written(path: path, prompts: count, kinds: kinds))
    } else {
      try Console.writeResult(path)
    }
  }

  // MARK: Reading

  private func readImages() throws {
    let paths = try PhantomImages.paths(images)
    let readings = Array(zip(paths, try PhantomImages.read(paths)))
    if json {
      try Console.writeJSON(["images": readings.map { PhantomTables.Image(path: $0.0, reading: $0.1) }])
    } else {
      try Console.writeResult(PhantomTables.readings(readings))
    }
  }

  private func compare(with path: String) throws {
    let prompts = try PhantomPromptsFile.read(path)
    let paths = try PhantomImages.paths(images)
    try PhantomCheck.checkCounts(prompts: prompts.count, images: paths.count)
    let readings = try PhantomImages.read(paths)
    let found = try PhantomCheck(prompts, images: Array(zip(paths, readings)))
    if json {
      try Console.writeJSON(found)
    } else {
      try Console.writeResult(PhantomTables.check(found))
    }
  }
}
