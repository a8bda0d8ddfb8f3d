import Foundation
import Models
import Support
import YAMLText

/// Trainings that differ in a few settings, to be compared in one table.
public struct AblationGrid: Decodable, Sendable {
  /// One training.
  public struct Row: Decodable, Sendable {
    public var name: String
    /// What differs from the grid's settings, as `key: value`.
    public var settings: [String: SettingText]?
    /// What a publication says of it, to stand beside what is measured.
    public var claim: String?
  }

  /// A value of a setting as a YAML file has it: a word, a number, true or false.
  public struct SettingText: Decodable, Sendable, Equatable {
    public var text: String

    public init(from decoder: any Decoder) throws {
      text = try decoder.singleValueContainer().decode(String.self)
    }
  }

  public var title: String
  /// The stage that is trained.
  public var stage: TrainingStageName
  /// The settings of all rows.
  public var settings: [String: SettingText]?
  public var rows: [Row]

  /// The grids that come with the program.
  public static var names: [String] { ["memory"] }

  /// Reads a grid by its name or from a file.
  ///
  /// - Throws: `FileAccessError`, ``TrainingError/unreadableConfiguration(path:reason:)``.
  public init(named name: String) throws {
    let yaml: String
    if Self.names.contains(name) {
      yaml = String(decoding: PackageResources.memory_yaml, as: UTF8.self)
    } else {
      yaml = String(decoding: try BoundedFile.contents(of: name), as: UTF8.self)
    }
    do {
      self = try YAMLDocument.decode(AblationGrid.self, from: yaml)
    } catch {
      throw TrainingError.unreadableConfiguration(
        path: name, reason: "it is no grid: give title, stage, settings and rows with a name each")
    }
    guard !rows.isEmpty, Set(rows.map(\.name)).count == rows.count else {
      throw TrainingError.unreadableConfiguration(path: name, reason: "its rows need names that differ")
    }
  }

  /// The settings of a row as `key=value`, its own last.
  func settings(of row: Row) -> [String] {
    (settings ?? [:]).merging(row.settings ?? [:]) { $1 }.sorted { $0.key < $1.key }.map {
      "\($0.key)=\($0.value.text)"
    }
  }
}
