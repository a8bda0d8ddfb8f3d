import Foundation
import GRDB

/// The report of a study, as the dataset holds it.
public struct StudyText: Sendable, Equatable {
  public var source: String
  public var study: String
  /// In the report's order; empty if the study has none.
  public var sections: [TextSection]
}

extension RadiographDataset {
  /// The reports of all studies that go by a name: that of the study in its source, or the path of one of its images,
  /// with or without the extension.
  ///
  /// There are several if sources, or patients of a source that numbers each patient's visits, share the name.
  ///
  /// - Throws: `DatasetError` if the index cannot be read.
  public func texts(named name: String) throws(DatasetError) -> [StudyText] {
    // SQLite compares bytes, and accented letters are typed in one form and stored in another.
    let names = [name, name.precomposedStringWithCanonicalMapping, name.decomposedStringWithCanonicalMapping]
    let paths = names + names.flatMap { name in ["png", "jpg", "jpeg", "dcm"].map { "\(name).\($0)" } }
    do {
      return try database.read { database in
        let studies = try Row.fetchAll(
          database,
          sql: """
            SELECT studies.id, sources.name AS source, studies.key AS study
            FROM studies JOIN patients ON patients.id = patient_id JOIN sources ON sources.id = patients.source_id
            WHERE studies.key IN (SELECT value FROM json_each(:names)) OR studies.id IN (
              SELECT study_id FROM images WHERE path IN (SELECT value FROM json_each(:paths)))
            ORDER BY studies.id
            """, arguments: ["names": try Self.json(names), "paths": try Self.json(paths)])
        return try studies.map { row in
          let id: Int64 = try row.value("id")
          let sections = try Row.fetchAll(
            database, sql: "SELECT name, text FROM sections WHERE study_id = ? ORDER BY position", arguments: [id])
          return StudyText(
            source: try row.value("source"), study: try row.value("study"),
            sections: try sections.map { TextSection(name: try $0.value(0), text: try $0.value(1)) })
        }
      }
    } catch {
      throw .wrapping(error, path: url.path)
    }
  }

  private static func json(_ texts: [String]) throws -> String {
    String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)
  }
}
