import Diffusion
import Foundation
import HTTPTypes
import Hummingbird
import ImageFiles
import ImageOutput
import Models
import Support

/// What the service says of itself: health, readiness, metrics, what it can do, its terms, its audit log.
struct InformationRoutes: RouteList {
  let service: DrawingService

  var routes: [Route] {
    [
      .get("/healthz", health, access: .open), .get("/readyz", readiness, access: .open),
      .get("/metrics", metrics, access: .role(.admin)), .get("/openapi.json", description, access: .open),
      .get("/api/capabilities", capabilities, needsTerms: false), .get("/api/terms", terms, needsTerms: false),
      .post("/api/terms", acceptTerms, needsTerms: false), .get("/api/audit", audit, access: .role(.admin)),
    ]
  }

  private func health(_ request: Request, _ context: ServingContext) async throws -> Response {
    try .json(["status": "ok"])
  }

  private func readiness(_ request: Request, _ context: ServingContext) async throws -> Response {
    struct Answer: Encodable {
      var ready: Bool
      var models: [String: String]
    }
    let isStopping = await service.queue.isStopping
    let isReady = service.isReady && !isStopping
    let names = service.models.models.map { ($0.name, service.models.status(of: $0.name).name) }
    return try .json(
      Answer(ready: isReady, models: Dictionary(uniqueKeysWithValues: names)),
      status: isReady ? .ok : .serviceUnavailable)
  }

  private func metrics(_ request: Request, _ context: ServingContext) async throws -> Response {
    Response(
      bytes: Array(service.metrics.text(models: service.models).utf8), type: "text/plain; version=0.0.4; charset=utf-8")
  }

  private func description(_ request: Request, _ context: ServingContext) async throws -> Response {
    Response(bytes: PackageResources.openapi_json, type: "application/json")
  }

  private struct Capabilities: Encodable {
    struct Model: Encodable {
      struct Settings: Encodable {
        var steps: Int
        var guidance: Double
        var guidance_rescale: Double
        var guidance_interval: String
        var guidance_from: String
        var sampler: String
        var eta: Double

        init(_ sampling: SamplingSettings) {
          steps = sampling.steps
          guidance = sampling.guidance
          guidance_rescale = sampling.guidanceRescale
          guidance_interval = "\(GuidanceInterval(sampling.guidanceInterval))"
          guidance_from = sampling.guidanceFrom.rawValue
          sampler = sampling.sampler.rawValue
          eta = sampling.eta
        }
      }

      var name: String
      var status: String
      var sha256: String?
      var width: Int
      var height: Int
      var licence: String
      var most_steps: Int
      /// What a request without settings is drawn with, and one of `quality` best.
      var defaults: Settings
      var best: Settings
      var cautions: [ModelCaution]
    }

    struct Limits: Encodable {
      var body_bytes: Int
      var prompt_bytes: Int
      var images: Int
      var job_images: Int
      var steps: Int
      var seconds: Int
      var queue: Int
      var cost: Double
      var requests_per_minute: Int
      var guidance: [Double]
      var job_hours: Double
      var job_bytes: Int
    }

    struct Account: Encodable {
      var name: String
      var role: Role
    }

    struct Teaching: Encodable {
      /// Whether there is a quiz over the host's images.
      var quiz: Bool
      /// The number of the host's cases.
      var cases: Int
      /// Prompts for drawn pictures of a quiz.
      var prompts: [String]
    }

    struct Format: Encodable {
      var name: String
      var `extension`: String
      var media_type: String
    }

    let name = "thorax"
    var version: String
    let notice = Provenance.notice
    var models: [Model]
    var samplers: [String]
    var formats: [Format]
    var limits: Limits
    var account: Account
    var terms: String?
    var teaching: Teaching
    /// Whether images are compared with the training images.
    var gate: Bool
    var error_codes: [String]
  }

  private func capabilities(_ request: Request, _ context: ServingContext) async throws -> Response {
    let limits = service.limits
    let models = service.models.models.map { model in
      let side = model.description.architecture.imageSide
      return Capabilities.Model(
        name: model.name, status: service.models.status(of: model.name).name,
        sha256: service.models.host(of: model.name, worker: 0)?.hash, width: side, height: side,
        licence: model.description.licence,
        most_steps: min(limits.steps, model.description.scheduler.schedule.trainTimesteps),
        defaults: .init(model.description.sampling), best: .init(model.description.sampling(at: .best)),
        cautions: model.cautions)
    }
    let range = ClassifierFreeGuidance.scaleRange
    return try .json(
      Capabilities(
        version: ThoraxVersion.current, models: models, samplers: SamplerKind.allCases.map(\.rawValue),
        formats: OutputFormat.allCases.map {
          .init(name: $0.rawValue, extension: $0.pathExtension, media_type: $0.mediaType)
        },
        limits: .init(
          body_bytes: limits.bodyBytes, prompt_bytes: limits.promptBytes, images: limits.images,
          job_images: limits.jobImages, steps: limits.steps, seconds: Int(limits.time.seconds), queue: limits.queue,
          cost: limits.cost, requests_per_minute: limits.requestsPerMinute,
          guidance: [range.lowerBound, range.upperBound], job_hours: service.settings.retention.time.seconds / 3600,
          job_bytes: service.settings.retention.bytes),
        account: .init(name: context.caller.account, role: context.caller.role), terms: service.settings.terms,
        teaching: .init(
          quiz: service.quiz != nil, cases: service.cases?.cases.count ?? 0, prompts: QuizRounds.prompts),
        gate: service.settings.judge != nil,
        error_codes: APIError.Code.allCases.map(\.rawValue)))
  }

  // MARK: Terms of use

  private struct TermsAnswer: Encodable {
    var terms: String?
    var sha256: String?
    /// Whether the account has accepted them.
    var accepted: Bool
  }

  private func terms(_ request: Request, _ context: ServingContext) async throws -> Response {
    let terms = service.settings.terms
    var isAccepted = true
    do {
      try await Gate(service: service).checkTerms(request, context.caller)
    } catch let error as APIError where error.code == .termsNotAccepted {
      isAccepted = false
    }
    return try .json(
      TermsAnswer(terms: terms, sha256: terms.map { ContentHash.of($0.utf8) }, accepted: isAccepted))
  }

  /// Accepts the terms by their hash, so that no one accepts others than were read.
  private func acceptTerms(_ request: Request, _ context: ServingContext) async throws -> Response {
    var fields = try await request.fields(service.limits)
    let hash = try fields.text("sha256")
    try fields.refuseUnread()
    guard let terms = service.settings.terms, context.caller.hasToken else {
      throw APIError(.conflict, "there are no terms to accept")
    }
    let expected = ContentHash.of(terms.utf8)
    guard hash == expected else {
      throw APIError(.conflict, "sha256 is not that of the terms: read GET /api/terms again", field: "sha256")
    }
    try await service.audit.append(context.caller, action: "terms", request: ["sha256": expected])
    do {
      try await service.accounts.accept(terms: expected, account: context.caller.account)
    } catch {
      throw APIError(storage: error)
    }
    return try .json(TermsAnswer(terms: terms, sha256: expected, accepted: true))
  }

  // MARK: Audit

  private func audit(_ request: Request, _ context: ServingContext) async throws -> Response {
    struct Answer: Encodable {
      var entries: [AuditEntry]
    }
    do {
      return try .json(Answer(entries: try await service.audit.latest(100)))
    } catch {
      throw APIError(storage: error)
    }
  }
}
