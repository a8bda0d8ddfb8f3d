import Foundation
import GRDB

/// What is in a dataset, as `thorax data inspect --json` prints it.
public struct DatasetSummary: Sendable, Equatable, Encodable {
  public struct Splits: Sendable, Equatable, Encodable {
    public var train = 0
    public var validation = 0
    public var test = 0
  }

  /// The number of words of a report, over all reports.
  public struct Words: Sendable, Equatable, Encodable {
    public var mean = 0.0
    public var min = 0
    public var max = 0
  }

  /// Studies whose report speaks of a finding.
  public struct ReportedFinding: Sendable, Equatable, Encodable {
    public var positive = 0
    public var negative = 0
    public var uncertain = 0
  }

  public struct Source: Sendable, Equatable, Encodable {
    public var name: String
    public var kind: String
    public var images: Int
    public var patients: Int
    public var licence: String
    public var attribution: String
  }

  /// Images with pixels.
  public var images = 0
  /// Listed images of each view, with pixels or without.
  public var frontal = 0
  public var lateral = 0
  /// Images that can be trained on: frontal, no copy of another, with the text that is asked for or labels that make
  /// one.
  public var eligible = 0
  public var patients = 0
  public var studies = 0
  /// Studies with text.
  public var reports = 0
  /// Eligible images by split.
  public var splits = Splits()
  /// Listed images that have the label.
  public var labels: [String: Int] = [:]
  /// What reports say, read off their text: studies by finding and state.
  public var reported: [String: ReportedFinding] = [:]
  /// What was left out, by reason.
  public var excluded: [String: Int] = [:]
  public var words = Words()
  /// The size of index and pixels on disk.
  public var bytes = 0
  public var views: [String: Int] = [:]
  public var sexes: [String: Int] = [:]
  /// Listed images by age in years, in bands of ten ("20-29"); an age that is known as a range counts by its middle.
  public var ages: [String: Int] = [:]
  public var sources: [Source] = []
  /// Eligible images by part and source.
  public var parts: [Part] = []
  /// What people or programs marked in the eligible images, by part, source and finding.
  public var marked: [MarkedFinding] = []
  public var settings: DatasetSettings
}

extension RadiographDataset {
  /// Counts what is in the dataset.
  ///
  /// - Throws: `DatasetError` if the index cannot be read.
  public func summary() throws(DatasetError) -> DatasetSummary {
    do {
      var summary = try database.read { database in
        var summary = DatasetSummary(settings: settings)
        try Self.countImages(database, into: &summary)
        try Self.countTexts(database, sections: settings.sections, into: &summary)
        try Self.listSources(database, into: &summary)
        summary.parts = try Self.parts(database)
        summary.marked = try Self.markedFindings(database)
        return summary
      }
      summary.bytes = try sizeOnDisk()
      return summary
    } catch {
      throw .wrapping(error, path: url.path)
    }
  }

  /// What was left out and why, in the order of source and path.
  ///
  /// - Throws: `DatasetError` if the index cannot be read.
  public func exclusions() throws(DatasetError) -> [ImportExclusion] {
    do {
      return try database.read { database in
        try Row.fetchAll(
          database, sql: "SELECT path, reason, detail FROM exclusions ORDER BY source_id, path, reason"
        ).compactMap { row in
          guard let reason = ImportExclusion.Reason(rawValue: try row.value(1)) else { return nil }
          return ImportExclusion(path: try row.value(0), reason: reason, detail: try row.value(2))
        }
      }
    } catch {
      throw .wrapping(error, path: url.path)
    }
  }

  private static func countImages(_ database: Database, into summary: inout DatasetSummary) throws {
    func count(_ sql: String) throws -> Int { try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM " + sql) ?? 0 }
    func counts(_ sql: String) throws -> [String: Int] {
      let rows = try Row.fetchAll(database, sql: sql)
      return try Dictionary(rows.map { row -> (String, Int) in (try row.value(0), try row.value(1)) }) { $0 + $1 }
    }
    summary.images = try count("images WHERE slot IS NOT NULL")
    summary.frontal = try count("images WHERE frontal")
    summary.lateral = try count("images WHERE NOT frontal")
    summary.eligible = try count("images WHERE eligible")
    // A patient none of whose images could be read is in the plan, and not here.
    summary.patients = try Int.fetchOne(database, sql: "SELECT COUNT(DISTINCT patient_id) FROM studies") ?? 0
    summary.studies = try count("studies")
    let splits = try counts(
      """
      SELECT split, COUNT(*) FROM images JOIN studies ON studies.id = study_id
      JOIN patients ON patients.id = patient_id WHERE eligible GROUP BY split
      """)
    summary.splits = DatasetSummary.Splits(
      train: splits["train"] ?? 0, validation: splits["validation"] ?? 0, test: splits["test"] ?? 0)
    summary.labels = try counts("SELECT name, COUNT(*) FROM labels WHERE state = 1 GROUP BY name")
    summary.reported = try reportedFindings(database)
    summary.excluded = try counts("SELECT reason, COUNT(*) FROM exclusions GROUP BY reason")
    summary.views = try counts("SELECT IFNULL(view, 'unknown'), COUNT(*) FROM images GROUP BY 1")
    summary.sexes = try counts(
      "SELECT IFNULL(sex, 'unknown'), COUNT(*) FROM images JOIN studies ON studies.id = study_id GROUP BY 1")
    let decades = try Row.fetchAll(
      database,
      sql: """
        SELECT CAST((age_lower + age_upper) / 20 AS INTEGER), COUNT(*)
        FROM images JOIN studies ON studies.id = study_id GROUP BY 1
        """)
    for row in decades {
      let decade: Int? = try row.value(0)
      summary.ages[decade.map { "\($0 * 10)-\($0 * 10 + 9)" } ?? "unknown"] = try row.value(1)
    }
  }

  /// Empty for a dataset of version 1, which holds none.
  private static func reportedFindings(_ database: Database) throws -> [String: DatasetSummary.ReportedFinding] {
    guard try database.tableExists("findings") else { return [:] }
    let rows = try Row.fetchAll(database, sql: "SELECT name, state, COUNT(*) FROM findings GROUP BY name, state")
    var result: [String: DatasetSummary.ReportedFinding] = [:]
    for row in rows {
      let name: String = try row.value(0)
      let count: Int = try row.value(2)
      switch LabelState(rawValue: try row.value(1)) {
      case .positive: result[name, default: .init()].positive = count
      case .negative: result[name, default: .init()].negative = count
      case .uncertain: result[name, default: .init()].uncertain = count
      case nil: break
      }
    }
    return result
  }

  private static func countTexts(
    _ database: Database, sections: [String], into summary: inout DatasetSummary
  ) throws {
    let rows = try Row.fetchCursor(database, sql: "SELECT study_id, name, text FROM sections ORDER BY study_id")
    var study: Int64?
    var inStudy = 0
    var total = 0
    var (least, most) = (Int.max, 0)
    func finishStudy() {
      guard study != nil else { return }
      summary.reports += 1
      total += inStudy
      least = min(least, inStudy)
      most = max(most, inStudy)
      inStudy = 0
    }
    while let row = try rows.next() {
      let next: Int64 = try row.value(0)
      if next != study { finishStudy() }
      study = next
      let name: String = try row.value(1)
      if name == "caption" || sections.contains(name) { inStudy += words(try row.value(2)) }
    }
    finishStudy()
    guard summary.reports > 0 else { return }
    let mean = Double(total) / Double(summary.reports)
    summary.words = DatasetSummary.Words(mean: (mean * 100).rounded() / 100, min: least, max: most)
  }

  /// Runs of anything but white space. Byte by byte if the text is ASCII, as nearly every report is.
  static func words(_ text: String) -> Int {
    var text = text
    let ascii = text.withUTF8 { bytes -> Int? in
      var count = 0
      var isInside = false
      for byte in bytes {
        if byte >= 0x80 { return nil }
        let isSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
        if !isSpace, !isInside { count += 1 }
        isInside = !isSpace
      }
      return count
    }
    return ascii ?? text.split(whereSeparator: \.isWhitespace).count
  }

  private static func listSources(_ database: Database, into summary: inout DatasetSummary) throws {
    summary.sources = try Row.fetchAll(
      database,
      sql: """
        SELECT name, kind, licence, attribution,
          (SELECT COUNT(*) FROM images WHERE source_id = sources.id) AS images,
          (SELECT COUNT(DISTINCT patient_id) FROM studies JOIN patients ON patients.id = patient_id
            WHERE source_id = sources.id) AS patients
        FROM sources ORDER BY id
        """
    ).map { row in
      DatasetSummary.Source(
        name: try row.value("name"), kind: try row.value("kind"), images: try row.value("images"),
        patients: try row.value("patients"), licence: try row.value("licence"),
        attribution: try row.value("attribution"))
    }
  }

  private func sizeOnDisk() throws -> Int {
    let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
    return try names.reduce(0) { sum, name in
      let path = url.appendingPathComponent(name).path
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
      return sum + (size ?? 0)
    }
  }
}
