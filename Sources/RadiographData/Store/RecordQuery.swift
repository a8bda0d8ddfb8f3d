import GRDB

/// Which records of a dataset are wanted.
public struct RecordFilter: Sendable, Equatable {
  public var split: DatasetSplit?
  public var source: String?
  /// Frontal, not a copy of another image, and with text or labels to make text of.
  public var eligibleOnly: Bool
  /// Whether eligible images need text or labels. Without, `eligibleOnly` leaves those that are frontal, have pixels, are
  /// no copy of another image and were not found to look like one of another split.
  public var requiresText: Bool
  public var withPixelsOnly: Bool
  /// Only these, by ``RadiographRecord/id``.
  public var images: [Int64]?

  public init(
    split: DatasetSplit? = nil, source: String? = nil, eligibleOnly: Bool = true, requiresText: Bool = true,
    withPixelsOnly: Bool = true, images: [Int64]? = nil
  ) {
    self.split = split
    self.source = source
    self.eligibleOnly = eligibleOnly
    self.requiresText = requiresText
    self.withPixelsOnly = withPixelsOnly
    self.images = images
  }

  /// Every row of the index, also those without pixels.
  public static let everything = RecordFilter(eligibleOnly: false, withPixelsOnly: false)
}

extension RadiographDataset {
  /// The eligible records with pixels of one split, or of all, in the order of import.
  ///
  /// - Parameter requiresText: false takes images without text or labels too, which an autoencoder can be trained on.
  /// - Throws: `DatasetError` if the index cannot be read.
  public func records(
    split: DatasetSplit? = nil, requiresText: Bool = true
  ) throws(DatasetError) -> [RadiographRecord] {
    try records(matching: RecordFilter(split: split, requiresText: requiresText))
  }

  /// The records that a filter leaves, in the order of import.
  ///
  /// - Throws: `DatasetError` if the index cannot be read.
  public func records(matching filter: RecordFilter) throws(DatasetError) -> [RadiographRecord] {
    do {
      return try database.read { try Self.fetch(filter, from: $0) }
    } catch {
      throw .wrapping(error, path: url.path)
    }
  }

  static let join = """
    FROM images JOIN studies ON studies.id = images.study_id JOIN patients ON patients.id = studies.patient_id
    JOIN sources ON sources.id = images.source_id
    """

  /// What a filter asks of the rows of `join`.
  static func condition(_ filter: RecordFilter) -> (sql: String, arguments: StatementArguments) {
    var conditions = ["1"]
    var arguments: StatementArguments = []
    if let split = filter.split {
      conditions.append("patients.split = ?")
      arguments += [split.rawValue]
    }
    if let source = filter.source {
      conditions.append("sources.name = ?")
      arguments += [source]
    }
    if filter.eligibleOnly { conditions.append(filter.requiresText ? "images.eligible" : visible) }
    if filter.withPixelsOnly { conditions.append("images.slot IS NOT NULL") }
    if let images = filter.images {
      // Numbers need no placeholders, of which SQLite takes only so many.
      conditions.append("images.id IN (\(images.map { String($0) }.joined(separator: ", ")))")
    }
    return (conditions.joined(separator: " AND "), arguments)
  }

  /// Eligible but for the text. Of two images of the same bytes the one imported later is the copy.
  package static let visible = """
    (images.eligible OR (images.frontal AND images.slot IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM exclusions WHERE exclusions.source_id = images.source_id AND exclusions.path = images.path
        AND reason IN ('\(ImportExclusion.Reason.duplicate.rawValue)', '\(ImportExclusion.Reason.nearDuplicate.rawValue)'))))
    """

  private static func fetch(_ filter: RecordFilter, from database: Database) throws -> [RadiographRecord] {
    let (condition, arguments) = condition(filter)
    let labels = try labelsByImage(
      Row.fetchCursor(
        database,
        sql: "SELECT image_id, labels.name, state \(join) JOIN labels ON image_id = images.id WHERE \(condition)",
        arguments: arguments))
    let sections = try sectionsByStudy(
      Row.fetchCursor(
        database,
        sql: """
          SELECT DISTINCT sections.study_id, position, sections.name, text \(join)
          JOIN sections ON sections.study_id = studies.id WHERE \(condition) ORDER BY sections.study_id, position
          """, arguments: arguments))
    let vocabularies = try vocabularyBySource(database)
    let findings = try imageFindings(database, where: condition, arguments: arguments)
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT images.id, images.study_id, images.source_id, sources.name AS source, images.path, patients.key AS patient,
          studies.key AS study, split, view, age_lower, age_upper, sex, width, height, sha256, slot
        \(join) WHERE \(condition) ORDER BY images.id
        """, arguments: arguments)
    var records: [RadiographRecord] = []
    while let row = try rows.next() {
      records.append(
        try record(row, labels: labels, sections: sections, vocabularies: vocabularies, findings: findings))
    }
    return records
  }

  private static func record(
    _ row: Row, labels: [Int64: [String: LabelState]], sections: [Int64: [TextSection]],
    vocabularies: [Int64: [String]],
    findings: [Int64: [ImageFinding]]
  ) throws -> RadiographRecord {
    let id: Int64 = try row.value("id")
    let studyID: Int64 = try row.value("study_id")
    let sourceID: Int64 = try row.value("source_id")
    let source: String = try row.value("source")
    let patient: String = try row.value("patient")
    let lower: Double? = try row.value("age_lower")
    let upper: Double? = try row.value("age_upper")
    let width: Int? = try row.value("width")
    let height: Int? = try row.value("height")
    let split: String = try row.value("split")
    let view: String? = try row.value("view")
    let sex: String? = try row.value("sex")
    return RadiographRecord(
      id: id, source: source, path: try row.value("path"), patient: "\(source)/\(patient)",
      study: try row.value("study"),
      // The table's CHECK leaves no other value.
      split: DatasetSplit(rawValue: split) ?? .test,
      attributes: RadiographAttributes(
        labels: labels[id] ?? [:], vocabulary: vocabularies[sourceID] ?? [],
        view: view.flatMap(ViewPosition.init(rawValue:)),
        age: lower.flatMap { lower in upper.map { AgeRange(lower, $0) } }, sex: sex.flatMap(PatientSex.init(rawValue:)),
        findings: findings[id] ?? []),
      sections: sections[studyID] ?? [], originalSize: width.flatMap { width in height.map { (width, $0) } },
      contentHash: try row.value("sha256"), slot: try row.value("slot"))
  }

  private static func labelsByImage(_ rows: RowCursor) throws -> [Int64: [String: LabelState]] {
    var result: [Int64: [String: LabelState]] = [:]
    while let row = try rows.next() {
      let image: Int64 = try row.value(0)
      let name: String = try row.value(1)
      let state: Int = try row.value(2)
      result[image, default: [:]][name] = LabelState(rawValue: state)
    }
    return result
  }

  private static func sectionsByStudy(_ rows: RowCursor) throws -> [Int64: [TextSection]] {
    var result: [Int64: [TextSection]] = [:]
    while let row = try rows.next() {
      let study: Int64 = try row.value(0)
      result[study, default: []].append(TextSection(name: try row.value(2), text: try row.value(3)))
    }
    return result
  }

  private static func vocabularyBySource(_ database: Database) throws -> [Int64: [String]] {
    let rows = try Row.fetchAll(database, sql: "SELECT id, vocabulary FROM sources")
    var result: [Int64: [String]] = [:]
    for row in rows {
      let vocabulary: String = try row.value("vocabulary")
      result[try row.value("id")] = vocabulary.split(separator: "|").map(String.init)
    }
    return result
  }
}
