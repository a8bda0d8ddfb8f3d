import GRDB
import ImageFiles
import WebPages

/// A few images of every label of every source, as a page shows them.
struct ContactSheetPictures {
  /// Images of one label.
  struct Group {
    var title: String
    var records: [RadiographRecord]
  }

  private static let perGroup = 6
  private static let groupLimit = 60
  private static let thumbnailSize = 160

  let dataset: RadiographDataset
  let writer: CaptionWriter

  /// By source and label, the commonest first. Which images represent a label is decided by their hash, so that it is
  /// not those that the source happens to list first.
  func groups() throws -> [Group] {
    let rows = try dataset.database.read { database in
      try Row.fetchAll(
        database,
        sql: """
          WITH labelled AS (
            SELECT images.id, images.source_id, sha256, IFNULL(labels.name, '') AS label FROM images
            LEFT JOIN labels ON image_id = images.id AND state = 1 WHERE eligible AND slot IS NOT NULL
          ), ranked AS (
            SELECT id, source_id, label, COUNT(*) OVER (PARTITION BY source_id, label) AS frequency,
              ROW_NUMBER() OVER (PARTITION BY source_id, label ORDER BY sha256, id) AS rank FROM labelled
          )
          SELECT ranked.id, sources.name, label, frequency FROM ranked JOIN sources ON sources.id = source_id
          WHERE rank <= ? ORDER BY source_id, frequency DESC, label, rank
          """, arguments: [Self.perGroup]
      ).map { row -> (image: Int64, source: String, label: String, count: Int) in (row[0], row[1], row[2], row[3]) }
    }
    let records = Dictionary(
      try dataset.records(matching: RecordFilter(images: Array(Set(rows.map(\.image))))).map { ($0.id, $0) },
      uniquingKeysWith: { first, _ in first })
    var groups: [Group] = []
    for row in rows {
      let label = row.label.isEmpty ? "no label" : row.label
      let title = "\(row.source): \(label) (\(NumberText.count(row.count)))"
      if groups.last?.title != title { groups.append(Group(title: title, records: [])) }
      if let record = records[row.image] { groups[groups.count - 1].records.append(record) }
    }
    return Array(groups.prefix(Self.groupLimit))
  }

  /// The image with its labels as the alternative, and a text to train it on below.
  func picture(_ record: RadiographRecord) throws -> EmbeddedPicture {
    let labels = record.attributes.positives
    let text = writer.captions(of: record, count: 1, seed: 0).texts.first ?? ""
    return try picture(
      record, alternative: "Radiograph \(record.path), \(labels.isEmpty ? "no label" : labels.joined(separator: ", "))",
      caption: Self.shortened(text))
  }

  func picture(_ record: RadiographRecord, alternative: String, caption: String) throws -> EmbeddedPicture {
    let size = min(Self.thumbnailSize, dataset.imageSize)
    let image = try GrayPlane(dataset.image(of: record)).resized(width: size, height: size).grayscale
    return EmbeddedPicture(
      bytes: try image.jpegBytes(quality: 80), mediaType: .jpeg, width: size, height: size, alternative: alternative,
      caption: "\(caption)")
  }

  /// A report would push the next row of pictures off the screen.
  private static func shortened(_ text: String) -> String {
    text.count <= 160 ? text : String(text.prefix(159)) + "\u{2026}"
  }
}
