import ArgumentParser
import Evaluation
import Foundation
import Generation
import ImageFiles
import Models
import RadiographData
import Support
import SystemPackage
import Terminal

/// `thorax evaluate gate`.
struct EvaluateGateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate", abstract: "Say of each image whether it is a copy of a training image.",
    discussion: """
      Judges the images of a folder, or with --model samples of a model. The dataset's training part is what a copy could be \
      of; its other parts set the thresholds, so that of real images fewer than 1 in 100 are flagged. Images are compared \
      by their pixels, in the features of a network, and with --model in the latents of its autoencoder.

      --trial says how well the gate does on the dataset: it judges altered copies of training images, and images of the \
      test part, the thresholds set by the validation part.

      --save-gate writes what 'thorax serve --gate' needs to compare images by their pixels without the dataset.
      """)

  @Argument(help: "Folder of PNG or JPEG images (default: samples of --model).", completion: .directory)
  var images: String?

  @Option(help: ArgumentHelp("Dataset that was trained on.", valueName: "dataset"), completion: .directory)
  var data: String

  @Option(
    help: ArgumentHelp(
      "Model whose samples are judged; with --trial, whose autoencoder copies go through too.", valueName: "name|dir"))
  var model: String?

  @OptionGroup var extractors: ExtractorOptions

  @Flag(help: "Plant altered copies of training images, and say how many are caught.")
  var trial = false

  @Option(
    parsing: .unconditional, help: "Samples of the model; with --trial, copies of each alteration (default: 100).",
    transform: NumberText.whole)
  var samples: Int?

  @Option(
    parsing: .unconditional, help: "Seed of the samples, or of the copies (default: 0).", transform: NumberText.whole)
  var seed: UInt64?

  @Option(
    help: ArgumentHelp("Folder for gate.json and pairs.png, the nearest pairs.", valueName: "dir"),
    completion: .directory)
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Write the gate itself and judge nothing; it holds a reduced picture of every training image.",
      valueName: "file.safetensors"), completion: .file(extensions: ["safetensors"]))
  var saveGate: String?

  @Flag(help: "Replace a gate that exists.")
  var overwrite = false

  @Flag(help: "Print one JSON object: a verdict for each image.")
  var json = false

  @OptionGroup var common: CommonOptions

  private static let samples = 100

  func run() async throws {
    try common.check()
    try EvaluationOptions.check("samples", samples ?? 1, 1...1_000_000)
    if saveGate != nil {
      guard !trial, images == nil, model == nil, output == nil, !json, samples == nil, seed == nil else {
        throw RequestError.conflict(
          "--save-gate judges nothing",
          remedy: "leave the folder, --model, --trial, --samples, --seed, --output and --json out")
      }
      return try await save()
    }
    if trial, images != nil {
      throw RequestError.conflict(
        "a folder and --trial are both given", remedy: "--trial makes its own images: leave the folder out")
    }
    guard trial || (images == nil) != (model == nil) else {
      throw RequestError.conflict(
        images == nil ? "there is nothing to judge" : "a folder and --model are both given",
        remedy: "give a folder of images, or --model")
    }
    if images != nil, samples != nil || seed != nil {
      throw RequestError.conflict(
        "the images of a folder are judged as they are", remedy: "leave --samples and --seed out, or give --model")
    }
    let note = WorkNotes(common.console)
    let dataset = try RadiographDataset.open(URL(fileURLWithPath: data))
    let folder = try output.map { try ResultFolder($0) }
    if trial { return try await runTrial(dataset, note: note, folder: folder) }
    let (report, pairs) = try await judge(dataset, note: note, folder: folder)
    if let folder {
      try folder.write(PrettyJSON.data(report), to: "gate.json")
      try folder.write(Data(pairs.picture().pngBytes()), to: "pairs.png")
    }
    if json { try Console.writeJSON(report) } else { try Console.writeResult(Self.table(report)) }
    if report.refused {
      throw MeasurementError.refused(copies: report.copies, images: report.n, allowed: report.allowed)
    }
  }

  private func save() async throws {
    guard let saveGate else { return }
    try FilePath(saveGate).checkReplaceable(overwrite: overwrite)
    let note = WorkNotes(common.console)
    let dataset = try RadiographDataset.open(URL(fileURLWithPath: data))
    // By pixels alone, whose threshold then has the whole share of held-out images to itself.
    let gate = try await ModelGate.gate(dataset, spaces: GateSpaces()) { note($0) }.gate
    try FilePath(saveGate).folder.makeWritableFolder()
    try GateFile.write(gate, to: saveGate, overwrite: overwrite)
    try Console.writeResult(saveGate)
  }

  private func runTrial(_ dataset: RadiographDataset, note: WorkNotes, folder: ResultFolder?) async throws {
    var host: ModelHost?
    if let model { host = try await ModelHost.load(model, threads: common.threads) }
    let report = try await GateTrial(
      dataset: dataset, spaces: GateSpaces(extractors: extractors.choices(), autoencoder: host)
    ) { note($0) }.run(count: samples ?? Self.samples, seed: seed ?? 0)
    try folder?.write(PrettyJSON.data(report), to: "gate-trial.json")
    if json { return try Console.writeJSON(report) }
    func cells(_ counts: [String: Int]) -> [String] { report.spaces.map { "\(counts[$0] ?? 0)" } }
    let rows = report.rows.map { row in
      [row.alteration, "\(row.planted)", "\(row.caught)"] + cells(row.caughtBySpace) + ["\(row.named)"]
    }
    let flagged = ["held-out images", "\(report.heldOut)", "\(report.flagged)"] + cells(report.flaggedBySpace) + [""]
    let table = TextTable(
      title: "altered by", heads: ["planted", "caught"] + report.spaces.map { "by \($0)" } + ["of the right image"],
      rows: rows + [flagged])
    func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }
    try Console.writeResult(
      (table.lines() + [
        "\(percent(report.caughtShare)) of the copies are caught; of \(report.heldOut) held-out images "
          + "\(report.flagged) are flagged (\(percent(report.flaggedShare)))"
      ]).joined(separator: "\n"))
  }

  private func judge(
    _ dataset: RadiographDataset, note: WorkNotes, folder: ResultFolder?
  ) async throws -> (GateReport, GatePairs) {
    if let images {
      let set = try FolderImages(path: images, size: dataset.imageSize)
      try set.requireOneSize().forEach { note($0) }
      let (training, gate) = try await ModelGate.gate(
        dataset, spaces: GateSpaces(extractors: extractors.choices())
      ) { note($0) }
      let report = GateReport(try await gate.findings(set), gate: gate)
      try set.requireUnchanged()
      return (report, try GatePairs(report, of: set, training: training))
    }
    let name = model ?? ModelCatalog.defaultName
    let source = try ModelSource(path: ModelCatalog.standard().path(for: name))
    try TrainingRecord(model: source.path)?.requireAll(in: dataset, model: name)
    let host = try await ModelHost.load(source, threads: common.threads)
    let kept = try folder.map {
      try SampleFolder(path: $0.path("samples"), origin: SampleFolder.Origin(host))
    }
    let result = try await ModelGate(
      host: host, dataset: dataset, extractors: extractors.choices()
    ) { note($0) }
    .run(samples: samples ?? Self.samples, seed: seed ?? 0, folder: kept)
    return (result.report, result.pairs)
  }

  private static func table(_ report: GateReport) -> String {
    let rows = report.nearest.prefix(20).map {
      [
        $0.path, $0.verdict.rawValue, $0.nearness.space, String(format: "%.3f", $0.nearness.distance),
        $0.nearness.nearest,
      ]
    }
    let table = TextTable(
      title: "nearest first", heads: ["verdict", "space", "distance", "training image"], rows: rows)
    return (table.lines() + [report.summary]).joined(separator: "\n")
  }
}
