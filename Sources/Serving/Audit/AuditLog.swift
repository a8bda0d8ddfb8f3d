import Foundation
import GRDB
import Support
import SystemPackage

/// One entry of the audit log.
public struct AuditEntry: Equatable, Sendable, Codable {
  /// From 1, without gaps.
  public var number: Int
  /// UTC, ISO 8601 with milliseconds.
  public var time: String
  public var account: String
  public var address: String
  /// What was done, such as `draw`.
  public var action: String
  /// The request as JSON, keys in order.
  public var request: String
  /// SHA-256 of the result: of one file its own, of several that of their hashes in order; empty for none.
  public var result: String
  /// The hash of the entry before; of the first, 64 zeros.
  public var previous: String
  /// SHA-256 of all of the above.
  public var hash: String

  /// The hash that the entry must have.
  var expectedHash: String {
    ContentHash.of(parts: ["\(number)", time, account, address, action, request, result, previous])
  }
}

/// Who asked for what and when, and the hash of what came of it: a table in SQLite that is only ever appended to, in which
/// every entry holds the hash of the one before.
///
/// The chain shows an entry that was changed, removed or put in between. Entries cut off at the end show only against a
/// hash that was noted elsewhere, which ``verify(state:expecting:)`` takes.
public struct AuditLog: Sendable {
  static let fileName = "audit.sqlite"
  static let start = String(repeating: "0", count: 64)

  private let database: DatabaseQueue
  private let clock: ServiceClock

  /// Opens the log in a service's folder, or makes it. If the clock was set back since its last entry, an entry says so.
  ///
  /// - Throws: ``ServingError/state(folder:reason:)`` if that is not possible.
  init(state folder: StateFolder, clock: ServiceClock = ServiceClock()) throws(ServingError) {
    self.clock = clock
    database = try folder.database(Self.fileName, isDurable: true) { database in
      try database.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS entries (
            number INTEGER PRIMARY KEY, time TEXT NOT NULL, account TEXT NOT NULL, address TEXT NOT NULL,
            action TEXT NOT NULL, request TEXT NOT NULL, result TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
          ) STRICT;
          CREATE TRIGGER IF NOT EXISTS entries_stay BEFORE UPDATE ON entries
            BEGIN SELECT RAISE(ABORT, 'the log is appended to alone'); END;
          CREATE TRIGGER IF NOT EXISTS entries_are_kept BEFORE DELETE ON entries
            BEGIN SELECT RAISE(ABORT, 'the log is appended to alone'); END;
          """)
      let now = Self.text(clock.now)
      let last = try String.fetchOne(database, sql: "SELECT time FROM entries ORDER BY number DESC LIMIT 1")
      if let last, last > now {
        try Self.append(
          AuditEntry(
            number: 0, time: now, account: "", address: "", action: "clock",
            request: ServiceJSON.text(["before": last]),
            result: "", previous: "", hash: ""), to: database)
      }
    }
  }

  /// Appends an entry, whose number and hashes are made here.
  private static func append(_ entry: AuditEntry, to database: Database) throws {
    let last = try Row.fetchOne(database, sql: "SELECT number, hash FROM entries ORDER BY number DESC LIMIT 1")
    var entry = entry
    entry.number = (last?["number"] ?? 0) + 1
    entry.previous = last?["hash"] ?? start
    entry.hash = entry.expectedHash
    try database.execute(
      sql: "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      arguments: [
        entry.number, entry.time, entry.account, entry.address, entry.action, entry.request, entry.result,
        entry.previous, entry.hash,
      ])
  }

  /// Appends an entry.
  ///
  /// - Throws: ``APIError`` with `audit_unavailable` or `storage_full`: what cannot be recorded is not to happen.
  func append(
    _ caller: Caller, action: String, request: some Encodable & Sendable, result: [String] = []
  ) async throws {
    do {
      let text = try ServiceJSON.text(request)
      try await database.write { database in
        // The time is taken here, where entries are one after another.
        try Self.append(
          AuditEntry(
            number: 0, time: Self.text(clock.now), account: caller.account, address: caller.address, action: action,
            request: text, result: result.count > 1 ? ContentHash.of(parts: result) : result.first ?? "", previous: "",
            hash: ""), to: database)
      }
    } catch {
      throw APIError(storage: error, code: .auditUnavailable)
    }
  }

  /// The latest entries, the last first.
  ///
  /// - Parameters:
  ///   - count: The most entries.
  ///   - bytes: The most bytes of their requests; at least one entry is given.
  func latest(_ count: Int, bytes: Int = 4 << 20) async throws -> [AuditEntry] {
    try await database.read { database in
      var entries: [AuditEntry] = []
      var left = bytes
      let rows = try Row.fetchCursor(
        database, sql: "SELECT * FROM entries ORDER BY number DESC LIMIT ?", arguments: [count])
      while let entry = try rows.next().map(Self.entry) {
        left -= entry.request.utf8.count
        if left < 0, !entries.isEmpty { break }
        entries.append(entry)
      }
      return entries
    }
  }

  /// What is left of a check: the number of entries, and the hash of the last.
  public struct Verification: Equatable, Sendable, Codable {
    public var entries: Int
    public var last: String
  }

  /// Reads a whole log and checks the chain.
  ///
  /// - Parameter expected: A hash that an entry must have, noted from an earlier check; nil for none.
  /// - Throws: ``ServingError/brokenLog(path:entry:reason:)`` with the first entry that does not fit;
  ///   ``ServingError/noLog(path:)``; ``ServingError/state(folder:reason:)`` for a file that cannot be read.
  public static func verify(state folder: String, expecting expected: String? = nil) throws -> Verification {
    let path = FilePath(folder).appending(fileName).string
    guard FilePath(path).exists else { throw ServingError.noLog(path: path) }
    func broken(_ entry: Int, _ reason: String) -> ServingError { .brokenLog(path: path, entry: entry, reason: reason) }
    do {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(10)
      return try DatabaseQueue(path: path, configuration: configuration).read { database in
        // What is called so and is no table may have rows without an end.
        let kind = try String.fetchOne(database, sql: "SELECT type FROM sqlite_schema WHERE name = 'entries'")
        guard kind == "table" else { throw broken(1, "the file has no table of entries") }
        var result = Verification(entries: 0, last: start)
        var isExpected = expected == nil || expected == start
        let rows = try Row.fetchCursor(database, sql: "SELECT * FROM entries ORDER BY number")
        while let row = try rows.next() {
          let entry = Self.entry(row)
          guard entry.number == result.entries + 1 else {
            throw broken(result.entries + 1, "it is missing, entry \(entry.number) follows")
          }
          guard entry.previous == result.last else { throw broken(entry.number, "it does not follow the one before") }
          guard entry.hash == entry.expectedHash else { throw broken(entry.number, "it was changed") }
          result = Verification(entries: entry.number, last: entry.hash)
          if entry.hash == expected { isExpected = true }
        }
        guard isExpected else { throw broken(result.entries + 1, "no entry has the hash that is expected") }
        return result
      }
    } catch let error as DatabaseError {
      throw ServingError.state(folder: folder, reason: "\(fileName): \(StateFolder.reason(error))")
    }
  }

  /// The file may have been written by anybody: what is not of its type is empty, and then breaks the chain.
  private static func entry(_ row: Row) -> AuditEntry {
    func text(_ name: String) -> String { String.fromDatabaseValue(row[name] as DatabaseValue? ?? .null) ?? "" }
    return AuditEntry(
      number: Int.fromDatabaseValue(row["number"] as DatabaseValue? ?? .null) ?? 0, time: text("time"),
      account: text("account"), address: text("address"), action: text("action"), request: text("request"),
      result: text("result"), previous: text("previous"), hash: text("hash"))
  }

  /// A moment as the log has it.
  static func text(_ time: Date) -> String {
    time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }
}
