import GRDB

/// How often labels are positive: by part of the dataset, and together with one another.
struct LabelStatistics: Sendable, Equatable {
  /// Eligible images of each part.
  var images: [DatasetSplit: Int] = [:]
  /// Eligible images of each part that have the label.
  var positives: [String: [DatasetSplit: Int]] = [:]
  /// Listed images for which the source is in doubt.
  var uncertain: [String: Int] = [:]
  /// The commonest labels, in the order of their counts, and how many listed images have both of two.
  var names: [String] = []
  var together: [[Int]] = []

  /// Labels that the table of pairs has at most.
  private static let nameLimit = 24

  init(_ dataset: RadiographDataset) throws(DatasetError) {
    do {
      try dataset.database.read { try read($0) }
    } catch {
      throw .wrapping(error, path: dataset.url.path)
    }
  }

  private mutating func read(_ database: Database) throws {
    let splits = "JOIN studies ON studies.id = images.study_id JOIN patients ON patients.id = patient_id"
    for row in try Row.fetchAll(
      database, sql: "SELECT split, COUNT(*) FROM images \(splits) WHERE eligible GROUP BY split")
    {
      if let split = DatasetSplit(rawValue: row[0]) { images[split] = row[1] }
    }
    for row in try Row.fetchAll(
      database,
      sql: """
        SELECT labels.name, split, COUNT(*) FROM labels JOIN images ON images.id = image_id \(splits)
        WHERE state = 1 AND eligible GROUP BY labels.name, split
        """)
    {
      if let split = DatasetSplit(rawValue: row[1]) { positives[row[0], default: [:]][split] = row[2] }
    }
    for row in try Row.fetchAll(database, sql: "SELECT name, COUNT(*) FROM labels WHERE state = -1 GROUP BY name") {
      uncertain[row[0]] = row[1]
    }
    let pairs = try Row.fetchAll(
      database,
      sql: """
        SELECT one.name, other.name, COUNT(*) FROM labels AS one JOIN labels AS other USING (image_id)
        WHERE one.state = 1 AND other.state = 1 GROUP BY one.name, other.name
        """
    ).map { row -> (one: String, other: String, count: Int) in (row[0], row[1], row[2]) }
    let alone = pairs.filter { $0.one == $0.other }.sorted { ($1.count, $0.one) < ($0.count, $1.one) }
    names = alone.prefix(Self.nameLimit).map(\.one)
    let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0.element, $0.offset) })
    together = names.map { _ in Array(repeating: 0, count: names.count) }
    for pair in pairs {
      if let row = places[pair.one], let column = places[pair.other] { together[row][column] = pair.count }
    }
  }
}
