import GRDB
import ImageFiles
import RadiographData

extension DatasetWriter {
  /// Reasons that a commit decides on; those of the listing stay as they are.
  static let decidedAtImport: Set<ImportExclusion.Reason> = [
    .unreadable, .synthetic, .duplicate, .nearDuplicate, .missingImage, .nonFrontal, .noText, .conflictingReport,
  ]

  /// Pixels first, then, in one transaction, everything that points to them.
  func commit(_ batch: [DecodedEntry]) throws -> DatasetImport.Summary {
    var slots: [String: Int] = [:]
    var isDuplicate = [Bool](repeating: false, count: batch.count)
    var slot = nextSlot
    if batch.contains(where: { $0.image != nil }) {
      if neighbours == nil, settings.splitRule == .stratified { neighbours = try database.read(SplitNeighbours.init) }
      let stored = try storedSlots(of: batch)
      for (position, decoded) in batch.enumerated() {
        guard let image = decoded.image else { continue }
        if let known = slots[image.contentHash] ?? stored[image.contentHash] {
          slots[image.contentHash] = known
          isDuplicate[position] = true
        } else {
          try shards.write(image.pixels.pixels, slot: slot)
          slots[image.contentHash] = slot
          slot += 1
        }
      }
      try shards.synchronize()
    }

    let summary = try database.write { database in
      var summary = DatasetImport.Summary()
      let rows = try RowWriter(database, sourceID: sourceID, reports: reports)
      for (position, decoded) in batch.enumerated() {
        try rows.clearExclusions(of: decoded.entry.path)
        var exclusions = exclusions(of: decoded, isDuplicate: isDuplicate[position])
        if decoded.isLeftOut {
          try record(exclusions, in: database, summary: &summary)
          continue
        }
        let patient = try rows.patient(decoded.entry)
        var isEligible = decoded.entry.isEligible(settings.sections) && !isDuplicate[position]
        // An autoencoder learns from images without a text as well.
        let isVisible = decoded.entry.isFrontal && !isDuplicate[position]
        let hash = isVisible ? decoded.image?.fingerprint.perceptualHash : nil
        let other = hash.flatMap { neighbours?.nearest(to: $0, outside: patient.split) }
        if let other {
          isEligible = false
          let path = try String.fetchOne(
            database, sql: "SELECT path FROM images WHERE id = ?", arguments: [other.id])
          exclusions.append(
            ImportExclusion(
              path: decoded.entry.path, reason: .nearDuplicate,
              detail: "\(path ?? ""), \(other.distance) of 255 bits differ"))
        }
        let slot = decoded.image.flatMap { slots[$0.contentHash] }
        if let slot, let image = decoded.image, !isDuplicate[position] {
          try DatasetSchema.insert(image.fingerprint, slot: slot, in: database)
        }
        let image = try rows.insert(decoded, patient: patient, slot: slot, isEligible: isEligible)
        for (position, finding) in decoded.findings.enumerated() {
          try DatasetSchema.insert(finding, image: image, position: position, in: database)
        }
        if rows.isApart {
          exclusions.append(
            ImportExclusion(
              path: decoded.entry.path, reason: .conflictingReport,
              detail: "another image of study \(decoded.entry.study) has another report; each keeps its own"))
        }
        if other == nil, let hash {
          neighbours?.insert(hash, image: image, split: patient.split)
        }
        try record(exclusions, in: database, summary: &summary)
        if decoded.image != nil { summary.imported += 1 }
      }
      return summary
    }
    nextSlot = slot
    return summary
  }

  private func record(
    _ exclusions: [ImportExclusion], in database: Database, summary: inout DatasetImport.Summary
  ) throws {
    for exclusion in exclusions { try insert(exclusion, in: database) }
    summary.excluded += exclusions
  }

  private func exclusions(of decoded: DecodedEntry, isDuplicate: Bool) -> [ImportExclusion] {
    let path = decoded.entry.path
    var result: [ImportExclusion] = []
    switch decoded.content {
    case .unreadable(let detail): return [ImportExclusion(path: path, reason: .unreadable, detail: detail)]
    case .synthetic: return [ImportExclusion(path: path, reason: .synthetic)]
    case .missing: result.append(ImportExclusion(path: path, reason: .missingImage))
    case .image(let image):
      if isDuplicate { result.append(ImportExclusion(path: path, reason: .duplicate, detail: image.contentHash)) }
    }
    if decoded.entry.attributes.view?.isFrontal == false {
      result.append(ImportExclusion(path: path, reason: .nonFrontal))
    }
    if !decoded.entry.hasText(settings.sections) { result.append(ImportExclusion(path: path, reason: .noText)) }
    return result
  }

  func insert(_ exclusion: ImportExclusion, in database: Database) throws {
    try database.cachedStatement(
      sql: "INSERT OR REPLACE INTO exclusions (source_id, path, reason, detail) VALUES (?, ?, ?, ?)"
    ).execute(arguments: [sourceID, exclusion.path, exclusion.reason.rawValue, exclusion.detail])
  }

  /// Slots of the batch's files that were stored before, by their hash.
  private func storedSlots(of batch: [DecodedEntry]) throws -> [String: Int] {
    try database.read { database in
      let statement = try database.cachedStatement(
        sql: "SELECT slot FROM images WHERE sha256 = ? AND slot IS NOT NULL ORDER BY id LIMIT 1")
      var result: [String: Int] = [:]
      for case let image? in batch.map(\.image) {
        result[image.contentHash] = try Int.fetchOne(statement, arguments: [image.contentHash])
      }
      return result
    }
  }
}
