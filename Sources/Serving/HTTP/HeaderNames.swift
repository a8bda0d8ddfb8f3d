import HTTPTypes

/// Header fields that the service uses and HTTPTypes has no name for. None of these texts can fail to be a name.
extension HTTPField.Name {
  static let retryAfter = known("Retry-After")
  static let serverTiming = known("Server-Timing")
  static let forwardedFor = known("X-Forwarded-For")
  static let forwardedHost = known("X-Forwarded-Host")
  static let forwardedProto = known("X-Forwarded-Proto")
  static let fetchSite = known("Sec-Fetch-Site")
  static let referrerPolicy = known("Referrer-Policy")
  static let frameOptions = known("X-Frame-Options")
  static let resourcePolicy = known("Cross-Origin-Resource-Policy")
  static let openerPolicy = known("Cross-Origin-Opener-Policy")
  static let host = known("Host")
  static let allowOrigin = known("Access-Control-Allow-Origin")
  static let allowMethods = known("Access-Control-Allow-Methods")
  static let allowHeaders = known("Access-Control-Allow-Headers")
  static let exposeHeaders = known("Access-Control-Expose-Headers")
  static let maxAge = known("Access-Control-Max-Age")
  static let requestMethod = known("Access-Control-Request-Method")
  static let seed = known("Thorax-Seed")
  static let imageHash = known("Thorax-SHA256")
  static let note = known("Thorax-Note")

  private static func known(_ name: StaticString) -> Self {
    guard let name = Self("\(name)") else { preconditionFailure("a header's name is a token") }
    return name
  }
}
