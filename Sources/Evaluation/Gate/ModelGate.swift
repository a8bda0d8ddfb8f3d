import ImageFiles
import RadiographData

/// The gate before a model: samples of the prompts that its training images had, where copies are likeliest.
public struct ModelGate: Sendable {
  public struct Result: Sendable {
    public let report: GateReport
    public let pairs: GatePairs
  }

  let host: any ImageGenerator
  let dataset: RadiographDataset
  let extractors: [ExtractorChoice]
  let note: @Sendable (String) -> Void

  /// - Parameters:
  ///   - extractors: Networks in whose features images are compared, beside pixels and the model's latents.
  ///   - note: Called with a line about every part of the work.
  /// - Throws: ``MeasurementError/imageSize(dataset:model:)``.
  public init(
    host: any ImageGenerator, dataset: RadiographDataset, extractors: [ExtractorChoice],
    note: @escaping @Sendable (String) -> Void
  ) throws {
    try host.require(imageSize: dataset.imageSize)
    self.host = host
    self.dataset = dataset
    self.extractors = extractors
    self.note = note
  }

  /// Draws the samples and compares them with all training images.
  ///
  /// - Parameters:
  ///   - samples: How many samples, at least 1: prompts of training images spread over the dataset.
  ///   - folder: Where they are kept; nil keeps them in memory alone.
  /// - Throws: ``MeasurementError`` for too few images, or images that no prompt can be made of; what drawing throws; `DatasetError`, `TorchError`.
  public func run(samples: Int, seed: UInt64, folder: SampleFolder? = nil) async throws -> Result {
    let (training, gate) = try await Self.gate(
      dataset, spaces: GateSpaces(extractors: extractors, autoencoder: host), note: note)
    var source = SampleSource(host: host, folder: folder) { [note] count in
      if count % 20 == 0 { note("\(count) samples drawn") }
    }
    let writer = try CaptionWriter.standard()
    var items: [DrawnImages.Item] = []
    for index in 0..<min(samples, training.count) {
      let record = training.records[index * training.count / min(samples, training.count)]
      guard let prompt = writer.captions(of: record, count: 1, seed: seed).texts.first else { continue }
      let own = seed &+ UInt64(index)
      for sample in try await source.samples(of: prompt, seed: own, count: 1) {
        items.append(
          DrawnImages.Item(
            name: "sample \(index)", image: sample.image, facts: ImageFacts(prompt: prompt, seed: own)))
      }
    }
    guard !items.isEmpty else {
      throw MeasurementError.noLabels(
        path: dataset.url.path, wanted: "the training part, of which prompts can be made")
    }
    let drawn = DrawnImages(title: host.description.name, items: items)
    note("comparing \(drawn.count) samples with \(training.count) training images")
    let report = GateReport(try await gate.findings(drawn), gate: gate)
    return Result(report: report, pairs: try GatePairs(report, of: drawn, training: training))
  }

  /// The gate of a dataset: its training part, and thresholds from the parts that training did not see.
  ///
  /// - Parameters:
  ///   - avoiding: A part that is to be judged and so sets no threshold, if enough images remain.
  ///   - spaces: Where images are compared beside pixels.
  /// - Throws: ``MeasurementError`` for too few images; what describing images throws; `DatasetError`, `TorchError`.
  public static func gate(
    _ dataset: RadiographDataset, avoiding part: HeldOutPart? = nil, spaces: GateSpaces,
    note: @Sendable (String) -> Void
  ) async throws -> (training: DatasetImages, gate: CopyGate) {
    let records = try dataset.records(ofSource: nil)
    let training = try DatasetImages(
      dataset, records: records.filter { $0.split == .train }, title: "the training part")
    let calibration = try CalibrationImages(
      dataset, avoiding: part, minimum: CopyGate.calibrationMinimum
    ).images
    note("describing \(training.count) training images")
    let index = try GateIndex(training) { if $0 % 1000 == 0 { note("\($0) images described") } }
    let others = try await spaces.described(training, note: note)
    note("setting the thresholds with \(calibration.count) held-out images")
    let gate = try await CopyGate(index: index, others: others, calibration: calibration) {
      if $0 % 500 == 0 { note("\($0) images compared") }
    }
    return (training, gate)
  }
}
