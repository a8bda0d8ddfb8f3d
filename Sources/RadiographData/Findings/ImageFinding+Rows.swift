import GRDB
import RadiologyReports

extension DatasetSchema {
  /// What was marked in images. A dataset of an earlier version has no such table.
  package static let imageFindings = """
    CREATE TABLE IF NOT EXISTS image_findings (
      image_id INTEGER NOT NULL REFERENCES images(id),
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      origin TEXT NOT NULL,
      annotator TEXT NOT NULL,
      laterality TEXT,
      zones TEXT NOT NULL,
      size TEXT,
      cardiothoracic_ratio REAL,
      x REAL NOT NULL,
      y REAL NOT NULL,
      width REAL NOT NULL,
      height REAL NOT NULL,
      PRIMARY KEY (image_id, position)
    ) WITHOUT ROWID;
    """

  package static func insert(
    _ finding: ImageFinding, image: Int64, position: Int, in database: Database
  ) throws {
    try database.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO image_findings (image_id, position, name, origin, annotator, laterality, zones, size,
          cardiothoracic_ratio, x, y, width, height) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      image, position, finding.name, finding.origin.rawValue, finding.annotator, finding.side?.rawValue,
      finding.zones.map(\.rawValue).joined(separator: "|"), finding.size?.rawValue, finding.cardiothoracicRatio,
      finding.box.x, finding.box.y, finding.box.width, finding.box.height,
    ])
  }
}

extension RadiographDataset {
  /// What was marked in the images that a condition on `join` leaves, by image.
  static func imageFindings(
    _ database: Database, where condition: String, arguments: StatementArguments
  ) throws -> [Int64: [ImageFinding]] {
    guard try database.tableExists("image_findings") else { return [:] }
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT image_id, image_findings.name, origin, annotator, laterality, zones, size, cardiothoracic_ratio,
          x, y, image_findings.width, image_findings.height
        \(join) JOIN image_findings ON image_id = images.id WHERE \(condition) ORDER BY image_id, position
        """, arguments: arguments)
    var result: [Int64: [ImageFinding]] = [:]
    while let row = try rows.next() {
      // A finding of an origin that this program does not know is left out.
      guard let origin = ImageFinding.Origin(rawValue: try row.value(2)) else { continue }
      let side: String? = try row.value(4)
      let zones: String = try row.value(5)
      let size: String? = try row.value(6)
      result[try row.value(0), default: []].append(
        ImageFinding(
          name: try row.value(1), origin: origin, annotator: try row.value(3),
          side: side.flatMap(Laterality.init(rawValue:)),
          zones: zones.split(separator: "|").compactMap { ImageFinding.Zone(rawValue: String($0)) },
          size: size.flatMap(ImageFinding.Size.init(rawValue:)), cardiothoracicRatio: try row.value(7),
          box: ImageBox(x: try row.value(8), y: try row.value(9), width: try row.value(10), height: try row.value(11))))
    }
    return result
  }
}
