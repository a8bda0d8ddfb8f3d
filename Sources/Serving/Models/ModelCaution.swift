import Foundation
import Support
import YAMLText

/// What a model cannot do, for whoever asks for it: an entry of `cautions.yaml` in the model's folder.
struct ModelCaution: Codable, Sendable, Equatable {
  /// Beginnings of words in a prompt, in small letters, to which it applies.
  var words: [String]
  /// What to say then.
  var note: String

  static let fileName = "cautions.yaml"

  /// The entries of a model's folder; none if it has no such file.
  ///
  /// - Throws: ``ServingError/malformedConfiguration(path:reason:)`` for a file that holds something else.
  static func all(in folder: String) throws -> [ModelCaution] {
    let path = URL(fileURLWithPath: folder).appendingPathComponent(fileName).path
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    do {
      let text = String(decoding: try BoundedFile.contents(of: path, limit: 1 << 20), as: UTF8.self)
      let cautions = try YAMLDocument.decode([ModelCaution].self, from: text)
      // What the page makes a pattern of is letters alone.
      guard cautions.allSatisfy({ $0.words.allSatisfy { $0.allSatisfy { $0.isLetter || $0 == " " || $0 == "-" } } })
      else { throw ServingError.malformedConfiguration(path: path, reason: "its words have other signs than letters") }
      return cautions
    } catch let error as ServingError {
      throw error
    } catch {
      throw ServingError.malformedConfiguration(path: path, reason: StateFolder.reason(error))
    }
  }
}
