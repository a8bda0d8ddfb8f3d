import Foundation
import Models
import RadiographData
import Support

/// The images that a model was trained on, as `thorax export` writes them beside its weights.
public struct TrainingRecord: Sendable {
  /// The file's name in the model's folder: the identity of an image or, behind the word patient, of a patient a line.
  public static let fileName = ModelFolder.trainingRecordName

  /// Of images.
  let identities: Set<String>
  /// Of patients of public collections, whose images have other identities as other files.
  let patients: Set<String>

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
    self.init(lines: text.split(separator: "\n").map(String.init))
  }

  /// - Parameter lines: The lines of the file; nil for none.
  public init?(lines: some Collection<String>) {
    guard !lines.isEmpty else { return nil }
    let mark = "patient "
    patients = Set(lines.lazy.filter { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count)) })
    identities = Set(lines.lazy.filter { !$0.hasPrefix(mark) })
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
    let trained = Set(
      all.filter { record in
        identities.contains(record.identity) || record.patientIdentity.map(patients.contains) == true
      }.map(\.patient))
    let seen = records.filter { trained.contains($0.patient) }
    guard seen.isEmpty else {
      let patients = Set(seen.map(\.patient)).sorted()
      throw .trainedOn(
        model: model, images: seen.count, patients: patients.count, names: Array(patients.prefix(5)))
    }
  }
}
