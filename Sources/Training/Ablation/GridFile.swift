import Foundation
import Support
import YAMLText

/// What `thorax ablate --grid` names: trainings that differ in settings, or settings that one model is drawn with.
public enum GridFile: Sendable {
  case trainings(AblationGrid)
  case sampling(SamplingGrid)

  /// The grids that come with the program.
  public static var names: [String] { files.map(\.name) }

  private static let files: [(name: String, yaml: [UInt8])] = [
    ("components", PackageResources.components_yaml), ("memory", PackageResources.memory_yaml),
    ("sampling", PackageResources.sampling_yaml),
  ]

  /// Reads a grid by its name or from a file.
  ///
  /// - Throws: `FileAccessError`, ``TrainingError/unreadableConfiguration(path:reason:)``.
  public init(named name: String) throws {
    let yaml: String
    if let file = Self.files.first(where: { $0.name == name }) {
      yaml = String(decoding: file.yaml, as: UTF8.self)
    } else {
      yaml = String(decoding: try BoundedFile.contents(of: name), as: UTF8.self)
    }
    if let sampling = try? YAMLDocument.decode(SamplingGrid.self, from: yaml) {
      guard !sampling.sampling.steps.isEmpty else {
        throw TrainingError.unreadableConfiguration(path: name, reason: "it has no steps: give one number or more")
      }
      self = .sampling(sampling)
    } else {
      self = .trainings(try AblationGrid(yaml: yaml, named: name))
    }
  }
}
