import ImageFiles
import RadiographData
import Support

/// The images of a dataset that are not for training, by the part that they are taken from.
public enum HeldOutPart: String, Sendable, CaseIterable {
  case test
  case validation
  /// Both.
  case heldOut = "held-out"

  public func contains(_ split: DatasetSplit) -> Bool {
    switch self {
    case .test: split == .test
    case .validation: split == .validation
    case .heldOut: split != .train
    }
  }
}

/// Some images of a dataset.
public struct DatasetImages: ImageSet {
  public let title: String
  public let contentHash: String
  public let records: [RadiographRecord]
  private let dataset: RadiographDataset
  private let captions: [String?]

  public var count: Int { records.count }

  /// - Parameter captions: Whether each image gets the prompt that the grammar makes of what is known of it.
  /// - Throws: `DatasetError` for a grammar that cannot be read.
  public init(
    _ dataset: RadiographDataset, records: [RadiographRecord], title: String, captions: Bool = false, seed: UInt64 = 0
  ) throws {
    self.dataset = dataset
    self.records = records
    self.title = title
    let writer = captions ? try CaptionWriter.standard() : nil
    self.captions = records.map { record in
      writer.flatMap { $0.captions(of: record, count: 1, seed: seed).texts.first }
    }
    contentHash = ContentHash.of(parts: records.flatMap { [$0.source, $0.path, $0.identity] })
  }

  /// Some of the images, without captions; a record may stand there more than once.
  func selecting(_ records: [RadiographRecord]) throws -> DatasetImages {
    try DatasetImages(dataset, records: records, title: title)
  }

  public func name(at index: Int) -> String { "\(records[index].source)/\(records[index].path)" }

  public func facts(at index: Int) -> ImageFacts {
    let record = records[index]
    let attributes = record.attributes
    let isKnown = !attributes.labels.isEmpty || !attributes.vocabulary.isEmpty
    return ImageFacts(
      prompt: captions[index], labels: isKnown ? attributes.positives : nil, patient: record.patient)
  }

  public func image(at index: Int) throws -> GrayscaleImage { try dataset.image(of: records[index]) }
}
