import Foundation
import GRDB
import Support

/// An answer to the quiz or to a case.
struct TeachingAnswer: Sendable, Equatable {
  enum Kind: String, Sendable {
    case quiz
    case cases
  }

  var kind: Kind
  var account: String
  /// The quiz's round; empty for a case.
  var round = ""
  /// The picture's place in its round, or the case's in its file, from 0.
  var number: Int
  var truth: String
  var given: String
  /// Nil for a question without a right answer.
  var isRight: Bool?
  /// Since the picture was first seen; nil if that is not known.
  var seconds: Double?
  /// SHA-256 of the host's file, or of the picture that was drawn.
  var image = ""
  var prompt: String?
  var seed: UInt64?
}

/// All answers of students, in SQLite.
struct TeachingStore: Sendable {
  static let fileName = "teaching.sqlite"
  /// The most answers that are kept; the oldest go first.
  static let limit = 1_000_000

  private let database: DatabaseQueue
  private let clock: ServiceClock

  /// Opens the store in a service's folder, or makes it.
  ///
  /// - Throws: ``ServingError/state(folder:reason:)`` if that is not possible.
  init(state folder: StateFolder, clock: ServiceClock = ServiceClock()) throws(ServingError) {
    self.clock = clock
    database = try folder.database(Self.fileName) { database in
      try database.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS answers (
            id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, time REAL NOT NULL, account TEXT NOT NULL,
            round TEXT NOT NULL, number INTEGER NOT NULL, truth TEXT NOT NULL, given TEXT NOT NULL, is_right INTEGER,
            seconds REAL, image TEXT NOT NULL, prompt TEXT, seed TEXT
          ) STRICT
          """)
    }
  }

  /// Keeps an answer.
  func add(_ answer: TeachingAnswer) async throws {
    try await database.write { database in
      try database.execute(
        sql: """
          INSERT INTO answers (kind, time, account, round, number, truth, given, is_right, seconds, image, prompt, seed)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          answer.kind.rawValue, clock.now.timeIntervalSince1970, answer.account, answer.round, answer.number,
          answer.truth, answer.given, answer.isRight, answer.seconds, answer.image, answer.prompt,
          answer.seed.map { "\($0)" },
        ])
      try database.execute(
        sql: "DELETE FROM answers WHERE id <= ?", arguments: [database.lastInsertedRowID - Int64(Self.limit)])
    }
  }

  /// All answers of a kind as CSV, the oldest first.
  func csv(_ kind: TeachingAnswer.Kind) async throws -> String {
    try await database.read { database in
      let isQuiz = kind == .quiz
      var header = ["time", "account", "case", "answer", "given", "right", "seconds", "prompt", "seed"]
      if isQuiz { header = ["time", "account", "round", "picture"] + header[3..<7] + ["image"] + header[7...] }
      var lines = [CSVLine.of(header)]
      let rows = try Row.fetchCursor(
        database, sql: "SELECT * FROM answers WHERE kind = ? ORDER BY id", arguments: [kind.rawValue])
      while let row = try rows.next() { lines.append(CSVLine.of(Self.cells(row, isQuiz: isQuiz).map(CSVLine.typed))) }
      return lines.joined()
    }
  }

  private static func cells(_ row: Row, isQuiz: Bool) -> [String] {
    func text(_ name: String) -> String { row[name] as String? ?? "" }
    let number: Int = row["number"]
    let isRight: Bool? = row["is_right"]
    let seconds: Double? = row["seconds"]
    var cells = [AuditLog.text(Date(timeIntervalSince1970: row["time"])), text("account")]
    if isQuiz { cells.append(text("round")) }
    cells += ["\(number + 1)", text("truth"), text("given")]
    cells.append(isRight.map { "\($0)" } ?? "")
    cells.append(seconds.map { String(format: "%.1f", $0) } ?? "")
    if isQuiz { cells.append(text("image")) }
    return cells + [text("prompt"), text("seed")]
  }
}
