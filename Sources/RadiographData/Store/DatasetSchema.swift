import GRDB

/// The index's tables. `docs/dataset-format.md` describes them for other programs.
enum DatasetSchema {
  /// Raised when a reader of the former version would misread the dataset.
  static let version = 2

  static func create(in database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE settings (
          key TEXT PRIMARY KEY NOT NULL,
          value TEXT NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE sources (
          id INTEGER PRIMARY KEY,
          name TEXT NOT NULL UNIQUE,
          kind TEXT NOT NULL,
          licence TEXT NOT NULL,
          attribution TEXT NOT NULL,
          vocabulary TEXT NOT NULL
        );

        CREATE TABLE patients (
          id INTEGER PRIMARY KEY,
          source_id INTEGER NOT NULL REFERENCES sources(id),
          key TEXT NOT NULL,
          split TEXT NOT NULL CHECK (split IN ('train', 'validation', 'test')),
          UNIQUE (source_id, key)
        );

        CREATE TABLE studies (
          id INTEGER PRIMARY KEY,
          patient_id INTEGER NOT NULL REFERENCES patients(id),
          key TEXT NOT NULL,
          age_lower REAL,
          age_upper REAL,
          sex TEXT,
          UNIQUE (patient_id, key)
        );

        CREATE TABLE images (
          id INTEGER PRIMARY KEY,
          study_id INTEGER NOT NULL REFERENCES studies(id),
          source_id INTEGER NOT NULL REFERENCES sources(id),
          path TEXT NOT NULL,
          view TEXT,
          frontal INTEGER NOT NULL,
          eligible INTEGER NOT NULL,
          width INTEGER,
          height INTEGER,
          sha256 TEXT,
          slot INTEGER,
          UNIQUE (source_id, path)
        );
        CREATE INDEX images_by_hash ON images(sha256) WHERE sha256 IS NOT NULL;
        CREATE INDEX images_by_study ON images(study_id);

        \(pixels)

        \(findings)

        CREATE TABLE labels (
          image_id INTEGER NOT NULL REFERENCES images(id),
          name TEXT NOT NULL,
          state INTEGER NOT NULL CHECK (state IN (-1, 0, 1)),
          PRIMARY KEY (image_id, name)
        ) WITHOUT ROWID;

        CREATE TABLE sections (
          study_id INTEGER NOT NULL REFERENCES studies(id),
          position INTEGER NOT NULL,
          name TEXT NOT NULL,
          text TEXT NOT NULL,
          PRIMARY KEY (study_id, position)
        ) WITHOUT ROWID;

        CREATE TABLE exclusions (
          source_id INTEGER NOT NULL REFERENCES sources(id),
          path TEXT NOT NULL,
          reason TEXT NOT NULL,
          detail TEXT NOT NULL,
          PRIMARY KEY (source_id, path, reason)
        ) WITHOUT ROWID;

        PRAGMA user_version = \(version);
        """)
  }

  /// What is known of every stored image's pixels.
  private static let pixels = """
    CREATE TABLE pixels (
      slot INTEGER PRIMARY KEY,
      sha256 BLOB NOT NULL,
      perceptual_hash BLOB
    );
    """

  /// What the reports say, read off their text; a study without a row for a finding does not speak of it.
  private static let findings = """
    CREATE TABLE findings (
      study_id INTEGER NOT NULL REFERENCES studies(id),
      name TEXT NOT NULL,
      state INTEGER NOT NULL CHECK (state IN (-1, 0, 1)),
      laterality TEXT,
      severity TEXT,
      change TEXT,
      locations TEXT NOT NULL,
      PRIMARY KEY (study_id, name)
    ) WITHOUT ROWID;
    """

  /// Brings a version 1 up to this one: its pixels gain checksums and perceptual hashes, its reports findings; no row
  /// changes.
  ///
  /// - Parameter fingerprint: of the image in a slot.
  static func migrate(
    in database: Database, reports: ReportReader, fingerprint: (_ slot: Int) throws -> PixelFingerprint
  ) throws {
    try database.execute(sql: pixels)
    try database.execute(sql: findings)
    let studies = try Int64.fetchAll(database, sql: "SELECT DISTINCT study_id FROM sections ORDER BY study_id")
    for study in studies {
      let sections = try Row.fetchAll(
        database, sql: "SELECT name, text FROM sections WHERE study_id = ? ORDER BY position", arguments: [study]
      ).map { TextSection(name: try $0.value(0), text: try $0.value(1)) }
      for finding in reports.findings(in: sections) { try insert(finding, study: study, in: database) }
    }
    let count = try Int.fetchOne(database, sql: "SELECT IFNULL(MAX(slot) + 1, 0) FROM images") ?? 0
    for slot in 0..<count { try insert(fingerprint(slot), slot: slot, in: database) }
    try database.execute(sql: "PRAGMA user_version = \(version)")
  }

  static func insert(_ finding: StudyFinding, study: Int64, in database: Database) throws {
    try database.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO findings (study_id, name, state, laterality, severity, change, locations)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      study, finding.name, finding.state.rawValue, finding.laterality, finding.severity, finding.change,
      finding.locations.joined(separator: "|"),
    ])
  }

  static func insert(_ fingerprint: PixelFingerprint, slot: Int, in database: Database) throws {
    try database.cachedStatement(sql: "INSERT INTO pixels (slot, sha256, perceptual_hash) VALUES (?, ?, ?)")
      .execute(arguments: [slot, fingerprint.sha256, fingerprint.perceptualHash?.bytes])
  }
}
