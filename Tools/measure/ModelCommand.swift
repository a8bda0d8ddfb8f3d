import ArgumentParser
import Evaluation
import Foundation
import Generation
import ImageFiles
import Models
import RadiographData
import Support
import TensorFiles
import Training

/// Measures a model against radiographs that its training never saw.
struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Measure a model against held-out radiographs.",
    discussion: """
      docs/model.md holds the figures of the model that ships.

      Writes figures.json, figures.md, contact-sheet.png, nearest-pairs.png and the classifier that judges the samples \
      (classifier.safetensors, used again by the next call) into the output folder.
      """)

  @Option(help: ArgumentHelp("Model to measure: a name, or a model folder.", valueName: "name|dir"))
  var model: String = ModelCatalog.defaultName

  @Option(help: ArgumentHelp("Dataset with adults (nih) and children (kermany).", valueName: "dataset"))
  var data: String

  @Option(help: ArgumentHelp("Folder to write to.", valueName: "dir"))
  var output: String

  @Option(help: "Samples of hand-written prompts.")
  var samples: Int = 400

  @Option(help: "Seed of everything that is drawn.")
  var seed: UInt64 = 0

  @Option(help: "Processor threads to compute with (default: one for each core).")
  var threads: Int?

  @Flag(help: "Print figures.json instead of the table.")
  var json = false

  func run() async throws {
    let start = Date()
    let note: @Sendable (String) -> Void = { text in
      let seconds = Int(Date().timeIntervalSince(start))
      FileHandle.standardError.write(Data("[\(seconds) s] \(text)\n".utf8))
    }
    let folder = URL(fileURLWithPath: output)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    let dataset = try RadiographDataset.open(URL(fileURLWithPath: data))
    let host = try await ModelHost.load(model, threads: threads)
    var options = ModelMeasurement.Options()
    options.samples = samples
    options.seed = seed
    let file = ClassifierFile(path: path("classifier.safetensors"))
    let measurement = try ModelMeasurement(
      host: host, dataset: dataset, options: options,
      classifier: { examples in
        let images = examples.images
        let data = try ClassifierData(
          pixels: images.pixels, height: images.height, width: images.width, kinds: examples.kinds)
        return try file.classifier(for: data) { step, loss in
          if step % 50 == 0 { note("classifier, step \(step), loss \(String(format: "%.3g", loss))") }
        }
      }, note: note)
    let result = try await measurement.run()

    let table = result.report.markdown
    let figures = try result.report.json()
    try AtomicFile.write([UInt8](figures), to: path("figures.json"))
    try AtomicFile.write([UInt8](table.utf8), to: path("figures.md"))
    let name = "\(host.description.name) \(host.hash.prefix(12))"
    let sheet = ImageText(
      "Description",
      "Synthetic radiographs, not for diagnosis: \(name); rows: "
        + ModelMeasurement.contactSheetPrompts.joined(separator: " / ") + "; seeds 0 to 7")
    try AtomicFile.write(
      result.contactSheet.pngBytes(metadata: [sheet], compressionLevel: 9), to: path("contact-sheet.png"))
    let pairs = ImageText(
      "Description", "Synthetic radiographs (above, \(name)) and the training images nearest to them (below)")
    try AtomicFile.write(
      result.nearestPairs.pngBytes(metadata: [pairs], compressionLevel: 9), to: path("nearest-pairs.png"))
    note("done: \(folder.path)")
    print(json ? String(decoding: figures, as: UTF8.self) : table, terminator: "")
  }
}
