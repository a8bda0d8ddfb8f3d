import ImageFiles
import RadiographData
import Support

/// How well the gate does on a dataset: altered copies of training images are judged, and held-out images that are none.
public struct GateTrial: Sendable {
  public struct Row: Sendable, Equatable, Encodable {
    /// A ``CopyAlteration``, or `autoencoder`.
    public var alteration: String
    public var planted: Int
    /// Those that the gate calls copies.
    public var caught: Int
    /// Those below the threshold of each space.
    public var caughtBySpace: [String: Int]
    /// Those of which the gate names the training image that they were made of.
    public var named: Int

    enum CodingKeys: String, CodingKey {
      case alteration, planted, caught, named
      case caughtBySpace = "caught_by_space"
    }
  }

  public struct Report: Sendable, Encodable {
    public var rows: [Row]
    /// Images of the test part that were judged, and those of them that the gate calls copies.
    public var heldOut: Int
    public var flagged: Int
    /// Those below the threshold of each space.
    public var flaggedBySpace: [String: Int]
    /// The spaces, pixels first.
    public var spaces: [String]
    /// In the order of ``spaces``.
    public var thresholds: [Double]
    /// Images of the validation part, which set the thresholds.
    public var calibration: Int
    public var training: Int
    public var seed: UInt64

    enum CodingKeys: String, CodingKey {
      case rows, flagged, spaces, thresholds, calibration, training, seed
      case heldOut = "held_out"
      case flaggedBySpace = "flagged_by_space"
    }

    /// The share of all planted copies that are caught.
    public var caughtShare: Double {
      Double(rows.reduce(0) { $0 + $1.caught }) / Double(max(rows.reduce(0) { $0 + $1.planted }, 1))
    }
    /// The share of the held-out images that are flagged.
    public var flaggedShare: Double { Double(flagged) / Double(max(heldOut, 1)) }
  }

  let dataset: RadiographDataset
  let spaces: GateSpaces
  let note: @Sendable (String) -> Void

  /// - Parameters:
  ///   - spaces: Where images are compared beside pixels. Copies go through the model's autoencoder too, if there is one.
  ///   - note: Called with a line about every part of the work.
  /// - Throws: ``MeasurementError/imageSize(dataset:model:)``.
  public init(
    dataset: RadiographDataset, spaces: GateSpaces = GateSpaces(), note: @escaping @Sendable (String) -> Void
  ) throws {
    try spaces.autoencoder?.require(imageSize: dataset.imageSize)
    (self.dataset, self.spaces, self.note) = (dataset, spaces, note)
  }

  /// Plants copies, and judges them and the test part.
  ///
  /// - Parameter count: Copies of each alteration: training images spread over the dataset.
  /// - Throws: ``MeasurementError/tooFewInSet(path:found:minimum:)`` for fewer than 40 images for validation or 20 for
  ///   training; what drawing throws; `DatasetError`, `ImageFileError`, `TorchError`.
  public func run(count: Int, seed: UInt64) async throws -> Report {
    let records = try dataset.records(ofSource: nil)
    let test = try DatasetImages(dataset, records: records.filter { $0.split == .test }, title: "the test part")
    // The gate takes all held-out images where there are too few for validation: then nothing is left to judge.
    try DatasetImages(dataset, records: records.filter { $0.split == .validation }, title: "the validation part")
      .require(CopyGate.calibrationMinimum)
    let (training, gate) = try await ModelGate.gate(dataset, avoiding: .test, spaces: spaces, note: note)
    let count = min(count, training.count)
    let places = (0..<count).map { $0 * training.count / count }
    var rows: [Row] = []
    for alteration in CopyAlteration.allCases {
      var random = SplitMix64(seed: seed)
      rows.append(
        try await row(alteration.rawValue, gate, training, places) { try alteration($0, random: &random) })
    }
    if let autoencoder = spaces.autoencoder {
      rows.append(try await row("autoencoder", gate, training, places) { try await autoencoder.reconstruct($0) })
    }
    note("judging \(test.count) held-out images")
    let real = try await gate.findings(test)
    return Report(
      rows: rows, heldOut: test.count, flagged: real.count { $0.verdict == .copy },
      flaggedBySpace: GateReport.copies(of: real, by: gate.spaceNames), spaces: gate.spaceNames,
      thresholds: gate.thresholds,
      calibration: gate.calibrationCount, training: gate.index.count, seed: seed)
  }

  private func row(
    _ name: String, _ gate: CopyGate, _ training: DatasetImages, _ places: [Int],
    change: (GrayscaleImage) async throws -> GrayscaleImage
  ) async throws -> Row {
    note("\(places.count) copies, altered: \(name)")
    var items: [DrawnImages.Item] = []
    for place in places {
      items.append(
        DrawnImages.Item(
          name: training.name(at: place), image: try await change(training.image(at: place)), facts: ImageFacts()))
    }
    let findings = try await gate.findings(DrawnImages(title: name, items: items))
    return Row(
      alteration: name, planted: findings.count, caught: findings.count { $0.verdict == .copy },
      caughtBySpace: GateReport.copies(of: findings, by: gate.spaceNames),
      named: zip(findings, places).count { $0.nearness.place == $1 })
  }
}
