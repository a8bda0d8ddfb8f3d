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

  /// - Parameters:
  ///   - texts: whether the stage sees what is known of an image beside its pixels.
  ///   - patients: whether it sees who an image shows.
  /// - Throws: `DatasetError` if the index cannot be read.
  init(training: RadiographRecords, validation: RadiographRecords, texts: Bool, patients: Bool = false) throws {
    var hash = RunningHash()
    for (part, records) in [("train", training), ("validation", validation)] {
      try records.forEach { _, record in
        let parts =
          [part, record.source, record.identity] + (texts ? Self.knowledge(of: record) : [])
          + (patients ? [record.patient] : [])
        for part in parts { hash.update(part: part) }
      }
    }
    self.hash = hash.hexadecimal
    (trainingImages, validationImages) = (training.count, validation.count)
  }

  static func knowledge(of record: RadiographRecord) -> [String] {
    let attributes = record.attributes
    let labels = attributes.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.rawValue)" }
    let age = attributes.age.map { "\($0.lower)-\($0.upper)" } ?? ""
    return record.sections.map { "\($0.name):\($0.text)" } + labels + attributes.vocabulary
      + [attributes.view?.rawValue ?? "", age, attributes.sex?.rawValue ?? ""] + attributes.findings.map(place)
  }

  /// What a text may say of a finding.
  private static func place(of finding: ImageFinding) -> String {
    let zones = finding.zones.map(\.rawValue).joined(separator: "+")
    return [finding.name, finding.side?.rawValue ?? "", zones, finding.size?.rawValue ?? ""].joined(separator: " ")
  }
}

/// The files in which a stage writes down what it was trained on.
struct RunDatasetFiles {
  let folder: RunFolder

  /// The record of ``RunDataset``.
  private var record: URL { folder.folder.appendingPathComponent("dataset.json") }
  /// The identities of all training images, one a line, and of their patients where they have one, behind the word patient.
  /// Those with computed findings are not named: what they were drawn into is there.
  var images: URL { folder.folder.appendingPathComponent("trained-on.txt") }

  /// Nil if the stage was not begun, or by the former version.
  ///
  /// - Throws: `FileAccessError`, ``TrainingError/unreadableConfiguration(path:reason:)``.
  func stored() throws -> RunDataset? {
    guard FileManager.default.fileExists(atPath: record.path) else { return nil }
    return try RunFolder.read(RunDataset.self, from: record)
  }

  /// Writes down what a stage that begins is trained on.
  ///
  /// - Throws: `FileAccessError`, `DatasetError`.
  func write(_ dataset: RunDataset, training: RadiographRecords) throws {
    let file = try AtomicFile(path: images.path)
    var patients: Set<String> = []
    try training.forEach { _, record in
      if record.isComputed { return }
      try file.write(Array("\(record.identity)\n".utf8))
      if let patient = record.patientIdentity, patients.insert(patient).inserted {
        try file.write(Array("patient \(patient)\n".utf8))
      }
    }
    try file.commit()
    try RunFolder.write(dataset, to: record)
  }

  /// Checks that a resumed stage has the images that it was begun with.
  ///
  /// - Throws: ``TrainingError/datasetChanged(path:begun:found:)``, `FileAccessError`.
  func require(_ dataset: RunDataset, path: String) throws {
    guard let begun = try stored(), begun != dataset else { return }
    throw TrainingError.datasetChanged(
      path: path, begun: [begun.trainingImages, begun.validationImages],
      found: [dataset.trainingImages, dataset.validationImages])
  }

  /// How many of some images the stage was trained on; 0 if it has not written them down.
  ///
  /// - Throws: `DatasetError` if the index cannot be read.
  func trainedOn(_ records: RadiographRecords) throws -> Int {
    guard let file = try? MappedFile(path: images.path) else { return 0 }
    // Of each image 8 bytes are held, not its name.
    var seen: Set<UInt64> = []
    for line in file.bytes.split(separator: UInt8(ascii: "\n")) {
      seen.insert(Self.fingerprint(String(decoding: line, as: UTF8.self)))
    }
    var count = 0
    try records.forEach { _, record in
      count += seen.contains(Self.fingerprint(record.identity)) ? 1 : 0
    }
    return count
  }

  private static func fingerprint(_ identity: String) -> UInt64 {
    var hash = RunningHash()
    hash.update(part: identity)
    return hash.halfDigest.0
  }
}
