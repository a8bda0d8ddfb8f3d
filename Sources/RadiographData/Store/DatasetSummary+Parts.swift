import GRDB

extension DatasetSummary {
  /// The eligible images of one source in one part of the dataset.
  public struct Part: Sendable, Equatable, Encodable {
    public var source: String
    public var split: DatasetSplit
    public var images: Int
    public var patients: Int
    /// Images with each label.
    public var labels: [String: Int]
  }

  /// What was marked of one finding in one part of the dataset.
  public struct MarkedFinding: Sendable, Equatable, Encodable {
    public var source: String
    public var split: DatasetSplit
    public var finding: String
    public var images: Int
    /// Rectangles; those below are of some of them.
    public var boxes: Int
    public var right: Int
    public var left: Int
    /// A box may count in two zones.
    public var upper: Int
    public var middle: Int
    public var lower: Int
  }
}

extension RadiographDataset {
  /// By source and part, in the order of import.
  static func parts(_ database: Database) throws -> [DatasetSummary.Part] {
    let labels = try Row.fetchAll(
      database,
      sql: """
        SELECT images.source_id, split, labels.name, COUNT(*) \(join) JOIN labels ON image_id = images.id
        WHERE eligible AND state = 1 GROUP BY 1, 2, 3
        """)
    return try Row.fetchAll(
      database,
      sql: """
        SELECT images.source_id AS source_id, sources.name AS source, split, COUNT(*) AS images,
          COUNT(DISTINCT patients.id) AS patients
        \(join) WHERE eligible GROUP BY 1, 3
        """
    ).compactMap { row in
      let source: Int64 = try row.value("source_id")
      let split: String = try row.value("split")
      guard let part = DatasetSplit(rawValue: split) else { return nil }
      var counts: [String: Int] = [:]
      for label in labels where try label.value(0) == source && label.value(1) == split {
        counts[try label.value(2)] = try label.value(3)
      }
      return DatasetSummary.Part(
        source: try row.value("source"), split: part, images: try row.value("images"),
        patients: try row.value("patients"), labels: counts)
    }.sorted { (order($0.split), $0.source) < (order($1.split), $1.source) }
  }

  /// Empty for a dataset of an earlier version, which holds none.
  static func markedFindings(_ database: Database) throws -> [DatasetSummary.MarkedFinding] {
    guard try database.tableExists("image_findings") else { return [] }
    func zone(_ name: String) -> String { "SUM('|' || zones || '|' LIKE '%|\(name)|%')" }
    return try Row.fetchAll(
      database,
      sql: """
        SELECT sources.name, split, image_findings.name, COUNT(DISTINCT images.id), COUNT(*),
          SUM(IFNULL(laterality, '') = 'right'), SUM(IFNULL(laterality, '') = 'left'),
          \(zone("upper")), \(zone("middle")), \(zone("lower"))
        \(join) JOIN image_findings ON image_id = images.id WHERE eligible GROUP BY 1, 2, 3
        """
    ).compactMap { row in
      guard let split = DatasetSplit(rawValue: try row.value(1)) else { return nil }
      return DatasetSummary.MarkedFinding(
        source: try row.value(0), split: split, finding: try row.value(2), images: try row.value(3),
        boxes: try row.value(4), right: try row.value(5), left: try row.value(6), upper: try row.value(7),
        middle: try row.value(8), lower: try row.value(9))
    }.sorted { (order($0.split), $0.source, $0.finding) < (order($1.split), $1.source, $1.finding) }
  }

  private static func order(_ split: DatasetSplit) -> Int { DatasetSplit.allCases.firstIndex(of: split) ?? 0 }
}
