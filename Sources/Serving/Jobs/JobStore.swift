import Foundation
import GRDB
import ImageOutput
import Support
import SystemPackage

/// Jobs in SQLite and their images in files beside it.
struct JobStore: Sendable {
  static let fileName = "jobs.sqlite"

  private let database: DatabaseQueue
  private let folder: FilePath
  private let clock: ServiceClock
  /// Jobs that an earlier process left in the middle, and whose they are.
  let interrupted: [(id: String, account: String)]

  /// Opens the store, and marks jobs that an earlier process left unfinished as interrupted.
  ///
  /// - Throws: ``ServingError/state(folder:reason:)`` if that is not possible.
  init(state folder: StateFolder, clock: ServiceClock = ServiceClock()) throws(ServingError) {
    self.clock = clock
    self.folder = FilePath(folder.path).appending("images")
    var found: [(id: String, account: String)] = []
    database = try folder.database(Self.fileName) { database in
      try database.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS jobs (
            id TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL, state TEXT NOT NULL, created REAL NOT NULL,
            started REAL, finished REAL, model TEXT NOT NULL, images INTEGER NOT NULL, request TEXT NOT NULL,
            table_json TEXT, error_code TEXT, error_message TEXT
          ) STRICT;
          CREATE INDEX IF NOT EXISTS jobs_by_account ON jobs (account, created);
          CREATE TABLE IF NOT EXISTS images (
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, number INTEGER NOT NULL, prompt TEXT NOT NULL,
            seed TEXT NOT NULL, hashes TEXT NOT NULL, truncation TEXT, bytes INTEGER NOT NULL,
            PRIMARY KEY (job, number)
          ) STRICT;
          """)
      found = try Row.fetchAll(
        database, sql: "SELECT id, account FROM jobs WHERE state IN ('waiting', 'running') ORDER BY created"
      ).map { (id: $0["id"], account: $0["account"]) }
      try database.execute(
        sql: "UPDATE jobs SET state = 'interrupted', finished = ? WHERE state IN ('waiting', 'running')",
        arguments: [clock.now.timeIntervalSince1970])
      // Where the clock was set back meanwhile, a job is kept no longer than if it had ended now.
      try database.execute(
        sql: "UPDATE jobs SET finished = ?1 WHERE finished > ?1", arguments: [clock.now.timeIntervalSince1970])
      let columns = try database.columns(in: "images").map(\.name)
      if !columns.contains("nearness") { try database.execute(sql: "ALTER TABLE images ADD COLUMN nearness TEXT") }
    }
    interrupted = found
    try removeStrays(state: folder.path)
  }

  /// Folders of images without a job: the process ended between the two.
  private func removeStrays(state: String) throws(ServingError) {
    do {
      let known = try database.read { Set(try String.fetchAll($0, sql: "SELECT id FROM jobs")) }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
      for name in names where !known.contains(name) { try? FileManager.default.removeItem(atPath: path(name)) }
    } catch {
      throw .state(folder: state, reason: StateFolder.reason(error))
    }
  }

  private func path(_ job: String) -> String { folder.appending(job).string }

  /// Keeps a new job.
  func insert(_ job: Job) async throws {
    try FileManager.default.createDirectory(atPath: path(job.id), withIntermediateDirectories: true)
    try await database.write { database in
      try database.execute(
        sql: "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          job.id, job.account, job.state.rawValue, job.created.timeIntervalSince1970,
          job.started?.timeIntervalSince1970, job.finished?.timeIntervalSince1970, job.model, job.images, job.request,
          job.table, job.errorCode, job.errorMessage,
        ])
    }
  }

  /// Records that a job has begun.
  func begin(_ id: String) async throws {
    try await database.write {
      try $0.execute(
        sql: "UPDATE jobs SET state = 'running', started = ? WHERE id = ? AND state = 'waiting'",
        arguments: [clock.now.timeIntervalSince1970, id])
    }
  }

  /// Records how a job ended.
  func end(_ id: String, _ state: JobState, _ error: APIError? = nil) async throws {
    try await database.write {
      try $0.execute(
        sql: """
          UPDATE jobs SET state = ?, finished = ?, error_code = ?, error_message = ?
          WHERE id = ? AND state IN ('waiting', 'running')
          """,
        arguments: [state.rawValue, clock.now.timeIntervalSince1970, error?.code.rawValue, error?.message, id])
    }
  }

  /// Writes an image's files, then its row.
  func add(_ image: JobImage, files: [(format: OutputFormat, bytes: [UInt8])], to job: String) async throws {
    for file in files {
      try AtomicFile.write(file.bytes, to: path(of: image.index, file.format, job: job))
    }
    let hashes = try ServiceJSON.text(image.hashes)
    let bytes = files.map(\.bytes.count).reduce(0, +)
    let nearness = try image.nearness.map { try ServiceJSON.text($0) }
    try await database.write {
      try $0.execute(
        sql: "INSERT OR REPLACE INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [job, image.index, image.prompt, "\(image.seed)", hashes, image.truncation, bytes, nearness])
    }
  }

  /// The file of an image.
  func path(of index: Int, _ format: OutputFormat, job: String) -> String {
    FilePath(path(job)).appending("\(index).\(format.pathExtension)").string
  }

  /// A job; nil if there is none.
  func job(_ id: String) async throws -> Job? {
    try await database.read {
      try Row.fetchOne($0, sql: "SELECT * FROM jobs WHERE id = ?", arguments: [id]).map(Self.job)
    }
  }

  /// The latest jobs of an account, or of all; the newest first.
  func jobs(of account: String?, limit: Int) async throws -> [Job] {
    try await database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM jobs WHERE ?1 IS NULL OR account = ?1 ORDER BY created DESC, id LIMIT ?2",
        arguments: [account, limit]
      ).map(Self.job)
    }
  }

  /// The images of a job, in order.
  func images(of id: String) async throws -> [JobImage] {
    try await database.read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM images WHERE job = ? ORDER BY number", arguments: [id]).map {
        row in
        JobImage(
          index: row["number"], prompt: row["prompt"], seed: UInt64(row["seed"] as String) ?? 0,
          hashes: (try? JSONDecoder().decode([String: String].self, from: Data((row["hashes"] as String).utf8))) ?? [:],
          truncation: row["truncation"],
          nearness: (row["nearness"] as String?).flatMap {
            try? JSONDecoder().decode(TrainingNearness.self, from: Data($0.utf8))
          })
      }
    }
  }

  /// Removes a job and its images.
  func remove(_ id: String) async throws {
    try await database.write { try $0.execute(sql: "DELETE FROM jobs WHERE id = ?", arguments: [id]) }
    try? FileManager.default.removeItem(atPath: path(id))
  }

  /// Removes finished jobs that are older than `retention` says, and then the oldest until the images fit.
  ///
  /// - Returns: The number of jobs removed.
  @discardableResult
  func sweep(_ retention: Retention, now: Date? = nil) async throws -> Int {
    let limit = (now ?? clock.now).timeIntervalSince1970 - retention.time.seconds
    var rows = try await database.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT id, finished, LENGTH(request) + IFNULL(LENGTH(table_json), 0)
            + (SELECT IFNULL(SUM(bytes), 0) FROM images WHERE job = id) AS bytes FROM jobs
          WHERE state NOT IN ('waiting', 'running') ORDER BY finished, id
          """
      ).map { (id: $0["id"] as String, finished: $0["finished"] as Double? ?? 0, bytes: $0["bytes"] as Int) }
    }
    // Those that are not finished count as well.
    var total = try await database.read {
      try Int.fetchOne(
        $0,
        sql: """
          SELECT (SELECT IFNULL(SUM(bytes), 0) FROM images)
            + (SELECT IFNULL(SUM(LENGTH(request) + IFNULL(LENGTH(table_json), 0)), 0) FROM jobs)
          """) ?? 0
    }
    var count = 0
    while let row = rows.first, row.finished < limit || total > retention.bytes {
      try await remove(row.id)
      total -= row.bytes
      count += 1
      rows.removeFirst()
    }
    return count
  }

  private static func job(_ row: Row) -> Job {
    func date(_ name: String) -> Date? { (row[name] as Double?).map { Date(timeIntervalSince1970: $0) } }
    return Job(
      id: row["id"], account: row["account"], state: JobState(rawValue: row["state"]) ?? .failed,
      created: date("created") ?? .distantPast, started: date("started"), finished: date("finished"),
      model: row["model"], images: row["images"], request: row["request"], table: row["table_json"],
      errorCode: row["error_code"], errorMessage: row["error_message"])
  }
}
