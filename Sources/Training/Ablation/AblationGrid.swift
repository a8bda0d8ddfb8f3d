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
    /// What differs in the networks.
    public var networks: NetworkChange?
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

  /// Reads a grid from the text of a file.
  ///
  /// - Parameter name: The grid's name or file, for errors.
  /// - Throws: ``TrainingError/unreadableConfiguration(path:reason:)``.
  init(yaml: String, named name: String) throws {
    do {
      self = try YAMLDocument.decode(AblationGrid.self, from: yaml)
    } catch {
      throw TrainingError.unreadableConfiguration(
        path: name,
        reason: "it is no grid: give title, stage, settings and rows with a name each, or title and sampling with steps"
          + (Self.isNetworks(error) ? "; networks has latentChannels, autoencoderAttention, unetWidth, text" : ""))
    }
    guard !rows.isEmpty, Set(rows.map(\.name)).count == rows.count else {
      throw TrainingError.unreadableConfiguration(path: name, reason: "its rows need names that differ")
    }
  }

  private static func isNetworks(_ error: any Error) -> Bool {
    guard let error = error as? DecodingError else { return false }
    let path =
      switch error {
      case .dataCorrupted(let context): context.codingPath
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context):
        context.codingPath
      @unknown default: [any CodingKey]()
      }
    return path.contains { $0.stringValue == "networks" }
  }

  /// The settings of a row as `key=value`, its own last.
  func settings(of row: Row) -> [String] {
    (settings ?? [:]).merging(row.settings ?? [:]) { $1 }.sorted { $0.key < $1.key }.map {
      "\($0.key)=\($0.value.text)"
    }
  }
}
