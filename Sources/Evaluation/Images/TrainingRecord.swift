import Foundation
import Models
import RadiographData
import Support

/// The images that a model was trained on, as `thorax export` writes them beside its weights.
public struct TrainingRecord: Sendable {
  /// The file's name in the model's folder: the identity of an image a line.
  public static let fileName = ModelFolder.trainingRecordName

  let identities: Set<String>

  /// - Parameter model: The model's folder.
  /// - Returns: nil if the model does not say.
  public init?(model: String) { self.init(URL(fileURLWithPath: model)) }

  /// The record of a network by `thorax train`, beside its file or, as a run has it, above the folder of checkpoints.
  ///
  /// - Returns: nil if there is none.
  init?(network path: String) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    self.init(folder.lastPathComponent == "checkpoints" ? folder.deletingLastPathComponent() : folder)
  }

  private init?(_ folder: URL) {
    let file = folder.appendingPathComponent(Self.fileName)
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
    identities = Set(text.split(separator: "\n").map(String.init))
  }

  /// - Parameter identities: The images, by their `RadiographRecord.identity`; nil for none.
  public init?(identities: some Collection<String>) {
    guard !identities.isEmpty else { return nil }
    self.identities = Set(identities)
  }

  /// Refuses a dataset whose training part lacks some of the images: what a model was trained on must be there for its
  /// samples to be compared with.
  ///
  /// - Throws: ``MeasurementError/trainedElsewhere(model:missing:images:)``, `DatasetError`.
  public func requireAll(in dataset: RadiographDataset, model: String) throws {
    let training = try dataset.records(matching: RecordFilter(split: .train, requiresText: false))
    let missing = identities.subtracting(training.map(\.identity)).count
    guard missing == 0 else {
      throw MeasurementError.trainedElsewhere(model: model, missing: missing, images: identities.count)
    }
  }

  /// Refuses networks that were trained on patients who are measured.
  ///
  /// - Parameters:
  ///   - networks: Files of `thorax train`.
  ///   - records: The images to measure on, and those that set thresholds.
  ///   - all: All images of the dataset.
  /// - Returns: A sentence for a report about each network that does not say what it was trained on.
  /// - Throws: As ``requireUnseen(_:all:model:)``.
  static func requireUnseen(
    by networks: [String], _ records: [RadiographRecord], all: [RadiographRecord]
  ) throws(MeasurementError) -> [String] {
    var notes: [String] = []
    for path in Set(networks).sorted() {
      if let record = TrainingRecord(network: path) {
        try record.requireUnseen(records, all: all, model: path)
      } else {
        let name = URL(fileURLWithPath: path).pathComponents.suffix(2).joined(separator: "/")
        notes.append(
          "The network \(name.onOneLine(limit: 120)) does not say which images it was trained on (\(fileName)): whether it "
            + "has seen patients who are measured could not be checked.")
      }
    }
    return notes
  }

  /// Refuses images of patients of whom training saw an image.
  ///
  /// - Parameters:
  ///   - records: The images to measure on.
  ///   - all: All images of the dataset, which say what else those patients have.
  /// - Throws: ``MeasurementError/trainedOn(model:images:patients:names:)`` with some of the patients' names.
  public func requireUnseen(
    _ records: [RadiographRecord], all: [RadiographRecord], model: String
  ) throws(MeasurementError) {
    let trained = Set(all.filter { identities.contains($0.identity) }.map(\.patient))
    let seen = records.filter { trained.contains($0.patient) }
    guard seen.isEmpty else {
      let patients = Set(seen.map(\.patient)).sorted()
      throw .trainedOn(
        model: model, images: seen.count, patients: patients.count, names: Array(patients.prefix(5)))
    }
  }
}
