import Foundation
import HTTPTypes
import Hummingbird

/// An answer that is no success: a code that programs can rely on, and a line for people.
public struct APIError: Error, Equatable, Sendable {
  /// What is wrong. The raw values are part of the service's contract and never change.
  public enum Code: String, CaseIterable, Sendable {
    case invalidJSON = "invalid_json"
    case invalidBody = "invalid_body"
    case invalidField = "invalid_field"
    case unknownField = "unknown_field"
    case outOfRange = "out_of_range"
    case emptyPrompt = "empty_prompt"
    case conflict
    case tooCostly = "too_costly"
    case invalidTable = "invalid_table"
    case unauthorized
    case forbidden
    case originRefused = "origin_refused"
    case hostRefused = "host_refused"
    case termsNotAccepted = "terms_not_accepted"
    case notFound = "not_found"
    case modelNotFound = "model_not_found"
    case methodNotAllowed = "method_not_allowed"
    case bodyTimeout = "body_timeout"
    case notFinished = "not_finished"
    case bodyTooLarge = "body_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case queueFull = "queue_full"
    case accountLimit = "account_limit"
    case rateLimited = "rate_limited"
    case clientLeft = "client_left"
    case `internal`
    case loading
    case shuttingDown = "shutting_down"
    case modelUnavailable = "model_unavailable"
    case outOfMemory = "out_of_memory"
    case timeLimit = "time_limit"
    case auditUnavailable = "audit_unavailable"
    case storageFull = "storage_full"
    case quizUnavailable = "quiz_unavailable"

    /// The status of an answer with this code.
    public var status: HTTPResponse.Status {
      switch self {
      case .invalidJSON, .invalidBody, .invalidField, .unknownField, .outOfRange, .emptyPrompt, .conflict, .tooCostly,
        .invalidTable:
        .badRequest
      case .unauthorized: .unauthorized
      case .forbidden, .originRefused, .hostRefused, .termsNotAccepted: .forbidden
      case .notFound, .modelNotFound: .notFound
      case .methodNotAllowed: .methodNotAllowed
      case .bodyTimeout: .requestTimeout
      case .notFinished: .conflict
      case .bodyTooLarge: .contentTooLarge
      case .unsupportedMediaType: .unsupportedMediaType
      case .queueFull, .accountLimit, .rateLimited: .tooManyRequests
      case .clientLeft: .init(code: 499, reasonPhrase: "Client Closed Request")
      case .internal: .internalServerError
      case .loading, .shuttingDown, .modelUnavailable, .outOfMemory, .timeLimit, .auditUnavailable,
        .quizUnavailable:
        .serviceUnavailable
      case .storageFull: .init(code: 507, reasonPhrase: "Insufficient Storage")
      }
    }

    /// The kind of error, as OpenAI's clients read it.
    var kind: String {
      switch status.kind {
      case .clientError where status == .tooManyRequests: "rate_limit_error"
      case .clientError where status == .unauthorized: "authentication_error"
      case .clientError where status == .forbidden: "permission_error"
      case .clientError: "invalid_request_error"
      default: "server_error"
      }
    }
  }

  public var code: Code
  /// What is wrong, and after a colon what to do.
  public var message: String
  /// The field of the request that is at fault.
  public var field: String?
  /// Seconds after which the same request may be tried again.
  public var retryAfter: Int?
  /// The methods that the path has, for a method that it has not.
  public var allowed: String?

  public init(
    _ code: Code, _ message: String, field: String? = nil, retryAfter: Int? = nil, allowed: String? = nil
  ) {
    self.code = code
    self.message = message
    self.field = field
    self.retryAfter = retryAfter
    self.allowed = allowed
  }

  /// The body of the answer. `error` has the form of OpenAI's, `detail` is where clients of AUTOMATIC1111 look.
  struct Body: Encodable {
    struct Fault: Encodable {
      var code: String
      var message: String
      var type: String
      var param: String?
    }

    var error: Fault
    var detail: String
  }

  var body: Body {
    Body(
      error: .init(code: code.rawValue, message: message, type: code.kind, param: field), detail: message)
  }
}

extension APIError: HTTPResponseError {
  public var status: HTTPResponse.Status { code.status }

  public func response(from request: Request, context: some RequestContext) throws -> Response {
    var response = try Response.json(body, status: status)
    if let retryAfter { response.headers[.retryAfter] = "\(retryAfter)" }
    if let allowed { response.headers[.allow] = allowed }
    if code == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer realm=\"thorax\"" }
    return response
  }
}
