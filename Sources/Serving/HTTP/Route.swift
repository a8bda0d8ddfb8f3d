import HTTPTypes
import Hummingbird

/// One route of the service: all APIs, and a page that joins them, are lists of these.
struct Route: Sendable {
  /// Who may use it.
  enum Access: Sendable, Equatable {
    /// Everyone, without a token.
    case open
    /// Accounts of this role or a higher one.
    case role(Role)
  }

  var method: HTTPRequest.Method
  /// With parameters in braces, such as `/api/jobs/{id}`.
  var path: String
  var access: Access
  /// Whether terms of use must have been accepted.
  var needsTerms = true
  var answer: Answer

  typealias Answer = @Sendable (Request, ServingContext) async throws -> Response

  static func get(_ path: String, _ answer: @escaping Answer, access: Access = .role(.draw), needsTerms: Bool = true)
    -> Route
  {
    Route(method: .get, path: path, access: access, needsTerms: needsTerms, answer: answer)
  }

  static func post(_ path: String, _ answer: @escaping Answer, access: Access = .role(.draw), needsTerms: Bool = true)
    -> Route
  {
    Route(method: .post, path: path, access: access, needsTerms: needsTerms, answer: answer)
  }

  static func delete(_ path: String, _ answer: @escaping Answer, access: Access = .role(.draw)) -> Route {
    Route(method: .delete, path: path, access: access, answer: answer)
  }
}

/// A list of routes over one service.
protocol RouteList {
  var routes: [Route] { get }
}
