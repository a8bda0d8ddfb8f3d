import Support

/// Why a service cannot start, or cannot be reached.
public enum ServingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A number or a text that cannot be meant. `allowed` reads on from "choose".
  case setting(what: String, value: String, allowed: String)
  case malformedConfiguration(path: String, reason: String)
  case halfTLS
  case openWithoutAccounts(host: String)
  case openWithoutTLS(host: String)
  case unusableTLS(path: String, reason: String)
  case addressInUse(address: String)
  case cannotListen(address: String, reason: String)
  /// A file that is no socket is where the socket should be.
  case notASocket(path: String)
  case socketTooLong(path: String, limit: Int)
  case duplicateModel(name: String)
  /// A folder that is no quiz.
  case quiz(path: String, reason: String)
  /// A file that holds no cases.
  case cases(path: String, reason: String)
  case stateInUse(folder: String)
  case state(folder: String, reason: String)
  case noToken(name: String)
  case tokenName(name: String)
  case tokenExists(name: String)
  /// No service listens at a socket.
  case unreachable(path: String, reason: String)
  /// The service answered with an error; `code` is its own.
  case refused(code: String, message: String)
  case unexpectedAnswer(path: String, reason: String)
  case noLog(path: String)
  case brokenLog(path: String, entry: Int, reason: String)

  public var description: String {
    switch self {
    case .setting(let what, let value, let allowed):
      "\(what) is \(value.onOneLine(limit: 80)): choose \(allowed)"
    case .malformedConfiguration(let path, let reason):
      "'\(path.onOneLine(limit: 160))' cannot be used (\(reason.onOneLine(limit: 200))): see docs/serving.md"
    case .halfTLS: "a certificate and its key belong together: give both, or neither"
    case .openWithoutAccounts(let host):
      "\(host.onOneLine(limit: 80)) can be reached from other machines, and there are no accounts: make one with "
        + "'thorax serve tokens add NAME', or listen on 127.0.0.1"
    case .openWithoutTLS(let host):
      "\(host.onOneLine(limit: 80)) can be reached from other machines, and tokens would travel in the clear: give "
        + "--certificate and --key, or --trusted-proxy if a proxy adds TLS"
    case .unusableTLS(let path, let reason):
      "'\(path.onOneLine(limit: 160))' cannot be used for TLS (\(reason.onOneLine(limit: 200))): give PEM files of a "
        + "certificate and its key"
    case .addressInUse(let address):
      "\(address.onOneLine(limit: 160)) is in use: stop what listens there, or choose another"
    case .cannotListen(let address, let reason):
      "cannot listen on \(address.onOneLine(limit: 160)) (\(reason.onOneLine(limit: 200))): choose another"
    case .notASocket(let path):
      "'\(path.onOneLine(limit: 160))' is there already and is no socket: choose another path"
    case .socketTooLong(let path, let limit):
      "the path of the socket has \(path.utf8.count) bytes: choose one of at most \(limit)"
    case .duplicateModel(let name):
      "two models are called '\(name.onOneLine(limit: 80))': serve one of them, or rename it in its model.json"
    case .quiz(let path, let reason):
      "'\(path.onOneLine(limit: 160))' cannot be used for the quiz (\(reason.onOneLine(limit: 200))): give a folder of at "
        + "least two radiographs"
    case .cases(let path, let reason):
      "'\(path.onOneLine(limit: 160))' cannot be used as cases (\(reason.onOneLine(limit: 300))): give a CSV file with the "
        + "columns prompt and question, and if wanted answer, choices and seed"
    case .stateInUse(let folder):
      "'\(folder.onOneLine(limit: 160))' is used by another service: stop it, or give this one a folder with --state"
    case .state(let folder, let reason):
      "'\(folder.onOneLine(limit: 160))' cannot keep the service's state (\(reason.onOneLine(limit: 200))): give a "
        + "folder that can be written with --state"
    case .noToken(let name):
      "there is no token '\(name.onOneLine(limit: 80))': see 'thorax serve tokens list'"
    case .tokenName(let name):
      "'\(name.onOneLine(limit: 80))' is no name of an account: give 1 to 64 letters, digits, dots, hyphens or @"
    case .tokenExists(let name):
      "the account '\(name.onOneLine(limit: 80))' has a token: revoke it first, or choose another name"
    case .unreachable(let path, let reason):
      "no service answers at '\(path.onOneLine(limit: 160))' (\(reason.onOneLine(limit: 120))): start one with "
        + "'thorax serve --unix PATH'"
    case .refused(_, let message): message.onOneLine(limit: 400)
    case .unexpectedAnswer(let path, let reason):
      "what answers at '\(path.onOneLine(limit: 160))' is no service of Thorax (\(reason.onOneLine(limit: 120))): give "
        + "the path of 'thorax serve --unix PATH'"
    case .noLog(let path):
      "'\(path.onOneLine(limit: 160))' does not exist: give the folder of a service with --state"
    case .brokenLog(let path, let entry, let reason):
      "the audit log '\(path.onOneLine(limit: 160))' is broken at entry \(entry) (\(reason)): compare it with a copy"
    }
  }
}
