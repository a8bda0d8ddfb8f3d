import Foundation
import RadiographData
import Support
import TensorFiles

/// What a stage was trained on, as it is written down in the run: a dataset that has grown or whose parts were divided
/// again is another, whatever its folder is called.
struct RunDataset: Codable, Equatable {
  /// SHA-256 of what the stage sees of each image of its training and its validation part.
  var hash: String
  var trainingImages: Int
  var validationImages: Int

  /// - Parameter texts: whether the stage sees what is known of an image beside its pixels.
  init(training: [RadiographRecord], validation: [RadiographRecord], texts: Bool) {
    hash = ContentHash.of(
      parts: [("train", training), ("validation", validation)].flatMap { part, records in
        records.flatMap { record in
          [part, record.source, Self.identity(of: record)] + (texts ? Self.knowledge(of: record) : [])
        }
      })
    (trainingImages, validationImages) = (training.count, validation.count)
  }

  /// The hash of an image's file, or its place if the dataset has none.
  static func identity(of record: RadiographRecord) -> String {
    record.contentHash ?? "\(record.source)/\(record.path)"
  }

  private static func knowledge(of record: RadiographRecord) -> [String] {
    let attributes = record.attributes
    let labels = attributes.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.rawValue)" }
    let age = attributes.age.map { "\($0.lower)-\($0.upper)" } ?? ""
    return record.sections.map { "\($0.name):\($0.text)" } + labels + attributes.vocabulary
      + [attributes.view?.rawValue ?? "", age, attributes.sex?.rawValue ?? ""]
  }
}

/// The files in which a stage writes down what it was trained on.
struct RunDatasetFiles {
  let folder: RunFolder

  /// The record of ``RunDataset``.
  private var record: URL { folder.folder.appendingPathComponent("dataset.json") }
  /// The identities of all training images, one a line.
  private var images: URL { folder.folder.appendingPathComponent("trained-on.txt") }

  /// Nil if the stage was not begun, or by the former version.
  ///
  /// - Throws: `FileAccessError`, ``TrainingError/unreadableConfiguration(path:reason:)``.
  func stored() throws -> RunDataset? {
    guard FileManager.default.fileExists(atPath: record.path) else { return nil }
    return try RunFolder.read(RunDataset.self, from: record)
  }

  /// Writes down what a stage that begins is trained on.
  ///
  /// - Throws: `FileAccessError`.
  func write(_ dataset: RunDataset, training: [RadiographRecord]) throws {
    let lines = training.map { RunDataset.identity(of: $0) + "\n" }.joined()
    try AtomicFile.write(Array(lines.utf8), to: images.path)
    try RunFolder.write(dataset, to: record)
  }

  /// Holds a stage that goes on to the images that it was begun with.
  ///
  /// - Throws: ``TrainingError/datasetChanged(path:begun:found:)``, `FileAccessError`.
  func require(_ dataset: RunDataset, path: String) throws {
    guard let begun = try stored(), begun != dataset else { return }
    throw TrainingError.datasetChanged(
      path: path, begun: [begun.trainingImages, begun.validationImages],
      found: [dataset.trainingImages, dataset.validationImages])
  }

  /// How many of some images the stage was trained on; 0 if it has not written them down.
  func trainedOn(_ records: [RadiographRecord]) -> Int {
    guard let text = try? String(contentsOf: images, encoding: .utf8) else { return 0 }
    let seen = Set(text.split(separator: "\n"))
    return records.count { seen.contains(Substring(RunDataset.identity(of: $0))) }
  }
}
