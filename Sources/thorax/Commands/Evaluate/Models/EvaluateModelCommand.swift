import ArgumentParser
import Evaluation
import Foundation
import Generation
import ImageFiles
import Models
import RadiographData
import Support
import Terminal
import Training

/// `thorax evaluate --model M --data D --output DIR`.
struct EvaluateModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Measure a model: all figures that apply (what evaluate does by itself).",
    discussion: """
      Writes report.json, report.md, report.html, contact-sheet.png, nearest-pairs.png, readers.html, the samples, and the \
      classifier that judges them into the output folder. A call that was interrupted goes on where it was.
      """)

  @Option(
    help: ArgumentHelp(
      "Model to measure: a name, a model folder, or a checkpoint (.pt) of the article's author.",
      valueName: "name|dir"))
  var model: String = ModelCatalog.defaultName

  @OptionGroup var options: EvaluationOptions
  @OptionGroup var extractors: ExtractorOptions
  @OptionGroup var patients: ReidentifierOptions
  @OptionGroup var anatomy: AnatomyOptions

  @Option(help: ArgumentHelp("Folder to write to.", valueName: "dir"), completion: .directory)
  var output: String

  @OptionGroup var judge: JudgeOptions
  @OptionGroup var perceptual: PerceptualOptions
  @OptionGroup var drawing: DrawingOptions

  @Option(parsing: .unconditional, help: "Samples of hand-written prompts.", transform: NumberText.whole)
  var samples: Int = 400

  @Option(
    help: ArgumentHelp(
      "What the figures should be (default: targets.yaml in the model's folder, if it is there).",
      valueName: "file.yaml"), completion: .file(extensions: ["yaml"]))
  var targets: String?

  @Flag(help: "Print one JSON object: the article's tables, each figure with value, n, interval and how.")
  var json = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try common.check()
    try EvaluationOptions.check("samples", samples, 1...1_000_000)
    let dataset = try RadiographDataset.open(URL(fileURLWithPath: options.data))
    let source = try ModelSource(path: ModelCatalog.standard().path(for: model))
    var settings = ModelMeasurement.Options()
    (settings.samples, settings.seed, settings.part) = (samples, options.seed, options.split)
    settings.targets =
      try targets.map { path in
        guard FileManager.default.fileExists(atPath: path) else { throw MeasurementError.missing(path: path) }
        return try FigureTargets(contentsOf: path)
      } ?? FigureTargets(model: source.path)
    settings.extractors = try extractors.choices()
    settings.judge = try judge.path()
    settings.perceptual = try perceptual.files()
    settings.reidentifier = try patients.choice()
    settings.anatomy = try anatomy.path()
    settings.training = TrainingRecord(model: source.path)
    let folder = try ResultFolder(output)
    let note = WorkNotes(common.console)
    let host = try await drawing.host(source, threads: common.threads)
    // Before hours are spent on the rest.
    let stored = try StoredResults(in: folder.path, model: host.hash)
    let kept = try SampleFolder(path: folder.path("samples"), origin: SampleFolder.Origin(host))
    if await kept.found > 0 { note("\(await kept.found) samples are there already") }

    let file = ClassifierFile(path: folder.path("classifier.safetensors"))
    let measurement = try ModelMeasurement(
      host: host, dataset: dataset, options: settings, folder: kept,
      classifier: { examples in
        let images = examples.images
        let data = try ClassifierData(
          pixels: images.pixels, height: images.height, width: images.width, kinds: examples.kinds)
        return try file.classifier(for: data) { step, loss in
          if step % 50 == 0 { note("classifier, step \(step), loss \(String(format: "%.3g", loss))") }
        }
      }, note: { note($0) })
    var result = try await measurement.run()
    if settings.training == nil {
      let text =
        "The model does not say which images it was trained on (\(TrainingRecord.fileName)): whether it has seen the "
        + "\(options.split.rawValue) part of this dataset could not be checked."
      result.report.notes.append(text)
      common.console.note("note: \(text)")
    }
    try await kept.writeTable()
    try write(result, stored, to: folder, host: host)
    note("done: \(folder.path)")
    try Console.writeResult(
      json ? String(decoding: result.report.json().dropLast(), as: UTF8.self) : result.report.markdown)
  }

  private func write(
    _ result: ModelMeasurement.Result, _ stored: StoredResults, to folder: ResultFolder, host: ModelHost
  ) throws {
    let name = "\(host.description.name) \(host.hash.prefix(12))"
    try folder.write(result.report.json(), to: "report.json")
    try folder.write(
      result.report.markdown + ArticleTables.section(result.report.figures) + stored.markdown, to: "report.md")
    try folder.write(PrettyJSON.data(result.gate), to: "gate.json")
    let sheet = ImageText(
      "Description",
      "Synthetic radiographs, not for diagnosis: \(name); rows: "
        + ModelMeasurement.contactSheetPrompts.joined(separator: " / ") + "; seeds 0 to 7")
    let pairs = ImageText(
      "Description", "Synthetic radiographs (above, \(name)) and the training images nearest to them (below)")
    try folder.write(
      Data(result.contactSheet.pngBytes(metadata: [sheet])), to: "contact-sheet.png")
    try folder.write(
      Data(result.pairs.picture().pngBytes(metadata: [pairs])), to: "nearest-pairs.png")
    var page = try EvaluationPage(
      evaluation: result, name: host.description.name, program: "thorax \(ThoraxVersion.current)")
    page.stored = stored
    try folder.write(page.document(), to: "report.html")
    let readers = try ReaderPage(samples: result.samples, real: result.real, seed: options.seed)
    try folder.write(readers.document(), to: "readers.html")
  }
}
