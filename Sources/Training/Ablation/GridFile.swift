import Diffusion
import Foundation
import Support
import YAMLText
import Yams

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
    try Self.requireKnownKeys(of: yaml, named: name)
    if let sampling = try? YAMLDocument.decode(SamplingGrid.self, from: yaml) {
      guard !sampling.sampling.steps.isEmpty else {
        throw TrainingError.unreadableConfiguration(path: name, reason: "it has no steps: give one number or more")
      }
      guard sampling.sampling.steps.allSatisfy({ $0 >= 1 }),
        sampling.sampling.guidance?.allSatisfy(ClassifierFreeGuidance.scaleRange.contains) ?? true
      else {
        throw TrainingError.unreadableConfiguration(
          path: name, reason: "its steps have to be 1 or more, its guidance numbers from 0 to 100")
      }
      self = .sampling(sampling)
    } else {
      self = .trainings(try AblationGrid(yaml: yaml, named: name))
    }
  }

  /// Refuses a misspelt key, which would leave out what it says.
  private static func requireKnownKeys(of yaml: String, named name: String) throws(TrainingError) {
    let document: Node?
    do {
      document = try YAMLDocument.compose(yaml)
    } catch {
      throw .unreadableConfiguration(path: name, reason: "it is not YAML: \("\(error)".onOneLine(limit: 200))")
    }
    func check(_ node: Node?, _ known: [String]) throws(TrainingError) {
      guard let key = YAMLDocument.unknownKey(of: node, among: known) else { return }
      let meant = NearestName.of(key, among: known).map { "did you mean '\($0)'?" }
      throw .unreadableConfiguration(
        path: name,
        reason: "it has no use for '\(key.onOneLine(limit: 60))': "
          + (meant ?? "choose among \(known.joined(separator: ", "))"))
    }
    try check(document, ["title", "stage", "settings", "rows", "sampling"])
    try check(document?["sampling"], ["steps", "guidance", "claims"])
    guard let rows = document?["rows"]?.sequence else { return }
    for row in rows { try check(row, ["name", "settings", "networks", "claim"]) }
  }
}
