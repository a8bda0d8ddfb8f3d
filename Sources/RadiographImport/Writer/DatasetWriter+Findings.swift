import GRDB
import ImageFiles
import RadiographData

extension DatasetWriter {
  /// Stores what people marked in images that were imported before without it, from the pixels that are stored; their
  /// labels become those of `entries`.
  ///
  /// - Throws: `DatasetError`, `CancellationError`.
  func addFindings(to entries: [ImportEntry]) throws {
    guard !entries.isEmpty else { return }
    let waiting = try database.read { database in try self.waiting(entries, database) }
    guard !waiting.isEmpty else { return }
    let stored = try MappedShards(folder: folder, settings: settings, imageCount: nextSlot)
    var findings: [[ImageFinding]] = []
    for image in waiting {
      try Task.checkCancellation()
      let square = try GrayscaleImage(
        width: settings.imageSize, height: settings.imageSize, pixels: Array(stored[image.slot]))
      findings.append(
        BoxPlacement.findings(
          image.entry.boxes, in: square, width: image.width, height: image.height, fit: settings.fit))
    }
    try database.write { database in
      for (image, findings) in zip(waiting, findings) {
        for (position, finding) in findings.enumerated() {
          try DatasetSchema.insert(finding, image: image.id, position: position, in: database)
        }
        try database.execute(sql: "DELETE FROM labels WHERE image_id = ?", arguments: [image.id])
        for (name, state) in image.entry.attributes.labels.sorted(by: { $0.key < $1.key }) {
          try database.execute(
            sql: "INSERT INTO labels (image_id, name, state) VALUES (?, ?, ?)",
            arguments: [image.id, name, state.rawValue])
        }
      }
    }
  }

  private struct Waiting {
    let entry: ImportEntry
    let id: Int64
    let slot: Int
    let width: Int
    let height: Int
  }

  private func waiting(_ entries: [ImportEntry], _ database: Database) throws -> [Waiting] {
    let statement = try database.cachedStatement(
      sql: """
        SELECT id, slot, width, height FROM images WHERE source_id = ? AND path = ? AND slot IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM image_findings WHERE image_id = images.id)
        """)
    return try entries.compactMap { entry in
      guard let row = try Row.fetchOne(statement, arguments: [sourceID, entry.path]) else { return nil }
      return Waiting(
        entry: entry, id: try row.value(0), slot: try row.value(1), width: try row.value(2), height: try row.value(3))
    }
  }
}
