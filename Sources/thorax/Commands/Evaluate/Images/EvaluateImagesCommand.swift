import ArgumentParser
import Evaluation
import Foundation
import ImageFiles
import RadiographData
import Support
import Terminal

/// `thorax evaluate images`.
struct EvaluateImagesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "images", abstract: "Measure a folder of anybody's images against a dataset.",
    discussion: """
      Images are brought to the dataset's size: the largest centred square, grey values as they are. A table with the columns \
      prompt and img_savename (CheXGenBench's) says which images count and what each was asked to show: that of --prompts, or \
      prompt_INFO.csv in the folder. Without one, files of thorax generate say it themselves. A judge then says whether it is \
      there.
      """)

  @Argument(help: "Folder of PNG or JPEG images.", completion: .directory)
  var images: String

  @OptionGroup var options: EvaluationOptions
  @OptionGroup var extractors: ExtractorOptions
  @OptionGroup var patients: ReidentifierOptions
  @OptionGroup var anatomy: AnatomyOptions

  @Option(
    help: ArgumentHelp("Table of the images' prompts.", valueName: "file.csv"),
    completion: .file(extensions: ["csv"]))
  var prompts: String?

  @OptionGroup var judge: JudgeOptions

  @Option(help: ArgumentHelp("Only images of this source of the dataset.", valueName: "name"))
  var source: String?

  @Option(
    help: ArgumentHelp(
      "Folder for report.json, report.md, report.html, gate.json, nearest-pairs.png and readers.html.", valueName: "dir"
    ),
    completion: .directory)
  var output: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    let note = WorkNotes(common.console)
    let dataset = try RadiographDataset.open(URL(fileURLWithPath: options.data))
    let table = try PromptTable(ofFolder: images, given: prompts)
    let hasTexts = table.rows.contains { $0.facts.prompt != nil || $0.facts.labels != nil }
    let set = try FolderImages(path: images, table: hasTexts ? table : nil, size: dataset.imageSize)
    var remarks = try set.requireOneSize()
    if !hasTexts {
      remarks.append("Nothing says what the images were to show, so that no agreement is measured: give --prompts.")
    }
    remarks.forEach { note($0) }
    let folder = try output.map { try ResultFolder($0) }
    // Before the work is done.
    let stored = try folder.map { try StoredResults(in: $0.path, model: nil) } ?? StoredResults()
    let measurement = try ImagesMeasurement(
      dataset: dataset, part: options.split, source: source, extractors: extractors.choices(),
      judge: judge.path(), reidentifier: patients.choice(), anatomy: anatomy.path(), seed: options.seed,
      note: { note($0) })
    let result = try await measurement.run(set, remarks: remarks)
    try set.requireUnchanged()
    if let folder {
      try folder.write(PrettyJSON.data(result.report), to: "report.json")
      try folder.write(
        result.report.markdown + ArticleTables.section(result.report.figures) + stored.markdown, to: "report.md")
      try folder.write(PrettyJSON.data(result.report.gate), to: "gate.json")
      try folder.write(
        ReaderPage(samples: result.sets.images, real: result.sets.real, seed: options.seed).document(),
        to: "readers.html")
      try folder.write(Data(result.pairs.picture().pngBytes()), to: "nearest-pairs.png")
      var page = try EvaluationPage(images: result, program: "thorax \(ThoraxVersion.current)")
      page.stored = stored
      try folder.write(page.document(), to: "report.html")
    }
    if json {
      try Console.writeJSON(result.report)
    } else {
      try Console.writeResult(result.report.figures.map(\.line).joined(separator: "\n"))
    }
  }
}
