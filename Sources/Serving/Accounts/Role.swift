/// What an account may do; each role includes those before it.
public enum Role: String, CaseIterable, Comparable, Sendable, Codable {
  /// Draws, and sees its jobs.
  case draw
  /// Sees the jobs of all accounts.
  case teach
  /// Sees metrics and the audit log, and ends the jobs of all accounts.
  case admin

  public static func < (left: Role, right: Role) -> Bool {
    allCases.firstIndex(of: left).map { $0 < allCases.firstIndex(of: right) ?? 0 } ?? false
  }
}

/// Who sent a request.
struct Caller: Sendable, Equatable {
  /// By whom turns, limits and jobs are counted: the account's name, or the address where there are no accounts.
  var account: String
  var role: Role
  /// The client's address, as far as it is known.
  var address: String
  /// Whether the account proved itself with a token.
  var hasToken = false

  static let nobody = Caller(account: "", role: .draw, address: "")
}
