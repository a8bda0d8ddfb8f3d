import GRDB

/// The index's tables. `docs/dataset-format.md` describes them for other programs.
package enum DatasetSchema {
  /// Raised when a reader of the former version would misread the dataset.
  package static let version = 2

  package static func create(in database: Database) throws {
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

        \(imageFindings)

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
  package static let pixels = """
    CREATE TABLE pixels (
      slot INTEGER PRIMARY KEY,
      sha256 BLOB NOT NULL,
      perceptual_hash BLOB
    );
    """

  /// What the reports say, read off their text; a study without a row for a finding does not speak of it.
  package static let findings = """
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

  package static func insert(_ finding: StudyFinding, study: Int64, in database: Database) throws {
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

  package static func insert(_ fingerprint: PixelFingerprint, slot: Int, in database: Database) throws {
    try database.cachedStatement(sql: "INSERT INTO pixels (slot, sha256, perceptual_hash) VALUES (?, ?, ?)")
      .execute(arguments: [slot, fingerprint.sha256, fingerprint.perceptualHash?.bytes])
  }
}
