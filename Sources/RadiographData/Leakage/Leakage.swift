import Dispatch
import GRDB
import Synchronization

/// What of a dataset is on two sides of its split.
public struct Leakage: Sendable, Equatable, Encodable {
  /// Two eligible images that look the same and are in different splits.
  public struct NearDuplicate: Sendable, Equatable, Encodable {
    public var first: String
    public var firstSplit: DatasetSplit
    public var second: String
    public var secondSplit: DatasetSplit
    /// Of 255 bits of the perceptual hash, how many differ.
    public var distance: Int

    private enum CodingKeys: String, CodingKey {
      case first, second, distance
      case firstSplit = "first_split"
      case secondSplit = "second_split"
    }
  }

  /// Patients of one collection, by the name that its editions give them, in more than one split.
  public var patients: [String] = []
  /// Studies whose images are in more than one split.
  public var studies: [String] = []
  public var nearDuplicates: [NearDuplicate] = []

  private enum CodingKeys: String, CodingKey {
    case patients, studies
    case nearDuplicates = "near_duplicates"
  }

  public var isEmpty: Bool { patients.isEmpty && studies.isEmpty && nearDuplicates.isEmpty }

  /// Whether two importers read editions of one collection, in which a patient's name means the same person.
  package static func isSameCollection(_ kind: String, _ other: String) -> Bool {
    collection(kind) != nil && collection(kind) == collection(other)
  }

  /// Whether a study's name is the source's for one study, and not a number of visits that every patient has.
  package static func namesOneStudy(_ key: String) -> Bool {
    key.utf8.count > 3 || !key.utf8.allSatisfy { (48...57).contains($0) }
  }

  /// nil if sources of this kind have no patients in common.
  private static func collection(_ kind: String) -> String? {
    ["openi": "indiana", "kaggle": "indiana", "nih": "nih"][kind]
  }
}

extension RadiographDataset {
  /// Looks for patients, studies and near-duplicate images on two sides of the split, among eligible images.
  ///
  /// Near-duplicates need the hashes of version 2; in a dataset of version 1 none is found.
  ///
  /// - Throws: `DatasetError` if the index cannot be read.
  public func leakage() throws(DatasetError) -> Leakage {
    do {
      var result = Leakage()
      try database.read { database in
        result.patients = try Self.leakingPatients(database)
        result.studies = try Self.leakingStudies(database)
      }
      result.nearDuplicates = try nearDuplicates()
      return result
    } catch {
      throw .wrapping(error, path: url.path)
    }
  }

  /// The check that training makes before it starts.
  ///
  /// Under the rule `hash`, which lets near-duplicates stay eligible, they are returned; everything else is an error.
  ///
  /// - Throws: `DatasetError.leakage`, naming the first of what leaks.
  @discardableResult
  public func requireNoLeakage() throws(DatasetError) -> Leakage {
    let found = try leakage()
    let mayResemble = settings.splitRule == .hash
    guard !found.patients.isEmpty || !found.studies.isEmpty || !(found.nearDuplicates.isEmpty || mayResemble) else {
      return found
    }
    let pair = found.nearDuplicates.first.map { "\($0.first) and \($0.second)" }
    throw .leakage(
      path: url.path, patients: found.patients.count, studies: found.studies.count,
      nearDuplicates: found.nearDuplicates.count, first: found.patients.first ?? found.studies.first ?? pair ?? "")
  }

  private static func leakingPatients(_ database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: """
        SELECT CASE WHEN kind IN ('openi', 'kaggle') THEN 'indiana' WHEN kind = 'nih' THEN 'nih' ELSE sources.name END
          || '/' || patients.key AS person
        FROM patients JOIN sources ON sources.id = source_id
        WHERE EXISTS (
          SELECT 1 FROM studies JOIN images ON study_id = studies.id WHERE patient_id = patients.id AND eligible)
        GROUP BY person HAVING COUNT(DISTINCT split) > 1 ORDER BY person
        """)
  }

  /// A study is named by its source: two patients who share the name of one are one patient with two names, unless the
  /// name is a mere number of visits.
  private static func leakingStudies(_ database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: """
        SELECT sources.name || '/' || studies.key AS study
        FROM studies JOIN patients ON patients.id = patient_id JOIN sources ON sources.id = source_id
        WHERE (studies.key GLOB '*[^0-9]*' OR LENGTH(studies.key) > 3)
          AND EXISTS (SELECT 1 FROM images WHERE study_id = studies.id AND eligible)
        GROUP BY study HAVING COUNT(DISTINCT split) > 1 ORDER BY study
        """)
  }

  private struct Hashed: Sendable {
    let image: Int64
    let hash: PerceptualHash
    let split: DatasetSplit
  }

  private func nearDuplicates() throws -> [Leakage.NearDuplicate] {
    guard try database.read({ try $0.tableExists("pixels") }) else { return [] }
    let images = try database.read { database in
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT images.id, perceptual_hash, split FROM images JOIN pixels ON pixels.slot = images.slot
          JOIN studies ON studies.id = study_id JOIN patients ON patients.id = patient_id
          WHERE eligible AND perceptual_hash IS NOT NULL ORDER BY images.id
          """)
      var result: [Hashed] = []
      while let row = try rows.next() {
        guard let hash = PerceptualHash(bytes: try row.value(1)), let split = DatasetSplit(rawValue: try row.value(2))
        else { continue }
        result.append(Hashed(image: try row.value(0), hash: hash, split: split))
      }
      return result
    }
    // The images outside of the largest split are looked up among all: every pair across splits has one of them.
    let largest = DatasetSplit.allCases.max { one, other in
      images.count { $0.split == one } < images.count { $0.split == other }
    }
    let index = images.indices.reduce(into: NearDuplicateIndex()) { $0.insert(images[$1].hash, id: $1) }
    let queries = images.indices.filter { images[$0].split != largest }
    let pairs = Mutex<[(first: Int, second: Int, distance: Int)]>([])
    DispatchQueue.concurrentPerform(iterations: queries.count) { query in
      let one = queries[query]
      let matches = index.neighbours(of: images[one].hash).filter { match in
        let other = images[match.id]
        // A pair of two looked-up images is found from both sides, and kept from one.
        return other.split != images[one].split && (other.split == largest || one < match.id)
      }
      if matches.isEmpty { return }
      pairs.withLock { pairs in
        pairs += matches.map { (min(one, $0.id), max(one, $0.id), $0.distance) }
      }
    }
    let found = pairs.withLock { $0 }.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    return try database.read { database in
      func path(_ image: Int) throws -> String {
        try String.fetchOne(
          database,
          sql: """
            SELECT sources.name || '/' || path FROM images JOIN sources ON sources.id = source_id WHERE images.id = ?
            """, arguments: [images[image].image]) ?? ""
      }
      return try found.map { pair in
        Leakage.NearDuplicate(
          first: try path(pair.first), firstSplit: images[pair.first].split, second: try path(pair.second),
          secondSplit: images[pair.second].split, distance: pair.distance)
      }
    }
  }
}
