import Crypto
import Foundation
import GRDB
import Support
import SystemPackage

/// An account's token, without its secret.
public struct Token: Equatable, Sendable, Codable {
  public var name: String
  public var role: Role
  public var created: Date
  /// Nil while it is valid.
  public var revoked: Date?
  /// When it was last used, to the minute; nil if it never was.
  public var used: Date?
}

/// The tokens of a service. Only SHA-256 hashes are kept: a token is 256 random bits, which no one can guess from a hash,
/// so that no slow hash is needed.
public struct AccountStore: Sendable {
  static let fileName = "accounts.sqlite"
  private static let prefix = "thx_"

  private let database: DatabaseQueue

  /// Opens the store in a service's folder, or makes it.
  ///
  /// - Throws: ``ServingError/state(folder:reason:)`` if that is not possible.
  public init(state folder: String) throws(ServingError) {
    database = try StateFolder(folder).database(Self.fileName) { database in
      try database.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS tokens (
            name TEXT NOT NULL, hash TEXT NOT NULL PRIMARY KEY, role TEXT NOT NULL, created REAL NOT NULL, revoked REAL,
            used REAL, terms TEXT
          ) STRICT
          """)
    }
  }

  /// Makes an account and its token, which is returned this once.
  ///
  /// - Throws: ``ServingError`` for a name that cannot be, or that has a valid token.
  public func add(name: String, role: Role) async throws -> String {
    let letters = name.unicodeScalars
    let isName = letters.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || "0123456789.-_@".unicodeScalars.contains($0))
    }
    guard isName, (1...64).contains(letters.count) else { throw ServingError.tokenName(name: name) }
    let secret = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    let token = Self.prefix + secret.hexadecimal
    try await database.write { database in
      let isTaken = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM tokens WHERE name = ? AND revoked IS NULL)", arguments: [name])
      if isTaken == true { throw ServingError.tokenExists(name: name) }
      try database.execute(
        sql: "INSERT INTO tokens (name, hash, role, created) VALUES (?, ?, ?, ?)",
        arguments: [name, ContentHash.of(token.utf8), role.rawValue, Date().timeIntervalSince1970])
    }
    return token
  }

  /// All tokens, in the order of their making.
  public func tokens() async throws -> [Token] {
    try await database.read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM tokens ORDER BY created").map(Self.token)
    }
  }

  /// Makes the token of an account invalid from the next request on.
  ///
  /// - Throws: ``ServingError/noToken(name:)``.
  public func revoke(name: String) async throws {
    let count = try await database.write { database in
      try database.execute(
        sql: "UPDATE tokens SET revoked = ? WHERE name = ? AND revoked IS NULL",
        arguments: [Date().timeIntervalSince1970, name])
      return database.changesCount
    }
    if count == 0 { throw ServingError.noToken(name: name) }
  }

  /// Whether a token was ever made: from then on every request needs one.
  public func isRequired() throws -> Bool {
    try database.read { try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM tokens)") ?? false }
  }

  /// What a secret is worth.
  enum Answer: Sendable {
    /// No token was ever made.
    case notRequired
    case refused
    /// `terms` is the hash of the terms that the account has accepted.
    case accepted(name: String, role: Role, terms: String?)
  }

  /// Looks up a secret; nil for a request without one.
  func check(secret: String?) async throws -> Answer {
    let hash = secret.map { ContentHash.of($0.utf8) }
    let now = Date().timeIntervalSince1970
    let (answer, isStale) = try await database.read { database -> (Answer, Bool) in
      let isRequired = try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM tokens)") ?? false
      guard isRequired else { return (.notRequired, false) }
      guard let hash,
        let row = try Row.fetchOne(
          database, sql: "SELECT name, role, used, terms FROM tokens WHERE hash = ? AND revoked IS NULL",
          arguments: [hash]), let role = Role(rawValue: row["role"])
      else { return (.refused, false) }
      let used: Double? = row["used"]
      return (.accepted(name: row["name"], role: role, terms: row["terms"]), abs(now - (used ?? 0)) > 60)
    }
    if isStale, let hash {
      // Not worth refusing a request on a full disk.
      try? await database.write {
        try $0.execute(sql: "UPDATE tokens SET used = ? WHERE hash = ?", arguments: [now, hash])
      }
    }
    return answer
  }

  /// Records that an account accepts terms of use.
  func accept(terms hash: String, account: String) async throws {
    try await database.write {
      try $0.execute(
        sql: "UPDATE tokens SET terms = ? WHERE name = ? AND revoked IS NULL", arguments: [hash, account])
    }
  }

  private static func token(_ row: Row) -> Token {
    func date(_ name: String) -> Date? { (row[name] as Double?).map { Date(timeIntervalSince1970: $0) } }
    return Token(
      name: row["name"], role: Role(rawValue: row["role"]) ?? .draw, created: date("created") ?? .distantPast,
      revoked: date("revoked"), used: date("used"))
  }
}
