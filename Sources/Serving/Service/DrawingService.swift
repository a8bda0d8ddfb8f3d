import Diffusion
import Foundation
import Generation
import ImageOutput
import Logging
import Models
import Support

/// What all routes share: models, queue, accounts, jobs, records.
final class DrawingService: Sendable {
  let settings: ServiceSettings
  let models: ServedModels
  let queue: DrawingQueue
  let accounts: AccountStore
  let audit: AuditLog
  let jobs: JobRunner
  let metrics: ServiceMetrics
  let rates: RateLimiter
  /// The quiz over the host's images, if there is one.
  let quiz: QuizRounds?
  /// The host's cases, if there are some.
  let cases: TeachingCases?
  let answers: TeachingStore
  let logger: Logger
  private let lock: StateLock

  var limits: ServiceLimits { settings.limits }

  /// Opens the folder of state and finds the models. Nothing is loaded yet.
  ///
  /// - Throws: ``ServingError``; `ModelError` for a model that is not there; `FileAccessError` for a file of cases that
  ///   cannot be read.
  init(_ settings: ServiceSettings, catalog: ModelCatalog, clock: ServiceClock, logger: Logger) throws {
    let folder = try StateFolder(settings.state)
    accounts = try AccountStore(state: settings.state)
    do {
      try settings.check(hasAccounts: accounts.isRequired())
    } catch let error as ServingError {
      throw error
    } catch {
      throw ServingError.state(folder: settings.state, reason: StateFolder.reason(error))
    }
    models = try ServedModels(settings.models, catalog: catalog)
    lock = try folder.lock()
    audit = try AuditLog(state: folder, clock: clock)
    metrics = ServiceMetrics()
    queue = DrawingQueue(
      models: models, workers: settings.workers, limits: settings.limits, metrics: metrics)
    jobs = JobRunner(
      store: try JobStore(state: folder, clock: clock), queue: queue, audit: audit, retention: settings.retention,
      signingKey: settings.signingKey, judge: settings.judge, clock: clock, logger: logger)
    quiz = try settings.quiz.map { QuizRounds(folder: try QuizFolder($0)) }
    cases = try settings.cases.map { try TeachingCases(path: $0, limits: settings.limits) }
    answers = try TeachingStore(state: folder, clock: clock)
    rates = RateLimiter(perMinute: settings.limits.requestsPerMinute)
    self.settings = settings
    self.logger = logger
  }

  /// Whether the service draws.
  var isReady: Bool { models.isReady }

  /// An image in a format, with all that is known of it.
  struct File: Sendable {
    var bytes: [UInt8]
    var seed: UInt64
    var hash: String
    var drawn: DrawnImage
  }

  /// A drawing whose files are encoded and recorded.
  struct Drawing: Sendable {
    var order: DrawingOrder
    var files: [File]
  }

  /// Draws what a request asks for while its client waits, and records it.
  ///
  /// - Parameters:
  ///   - api: The route's name in the audit log.
  ///   - observe: Called with what happens, in order; nil if nobody looks before the images are there.
  /// - Throws: ``APIError``.
  func draw(
    _ request: DrawingRequest, as format: OutputFormat, _ context: ServingContext, api: String,
    observe: (@Sendable (DrawingQueue.ID, DrawingEvent) async throws -> Void)? = nil
  ) async throws -> Drawing {
    let order = try request.order(
      models, limits: limits, images: limits.images, account: context.caller.account)
    let ticket = try await queue.submit(order, tellsSteps: observe != nil)
    let files = try await context.whileClientWaits(limit: limits.time) { [self] in
      do {
        var files = [File?](repeating: nil, count: order.images.count)
        for try await event in ticket.events {
          if case .image(let index, let drawn) = event {
            let bytes = try drawn.image.encoded(as: format, signedBy: settings.signingKey)
            files[index] = File(
              bytes: bytes, seed: order.images[index].seed, hash: ContentHash.of(bytes), drawn: drawn)
          }
          try await observe?(ticket.id, event)
        }
        // A stream whose reader is cancelled ends as if all were done.
        try Task.checkCancellation()
        return files.compactMap { $0 }
      } catch let error as CancellationError {
        await queue.cancel(ticket.id)
        throw error
      } catch {
        await queue.cancel(ticket.id)
        throw report(error)
      }
    }
    guard files.count == order.images.count else { throw APIError.unexpected }
    try await audit.append(
      context.caller, action: api, request: OrderRecord(order, format: format), result: files.map(\.hash))
    return Drawing(order: order, files: files)
  }

  /// An error as a client may see it; what the client may not see goes to the log.
  func report(_ error: any Error) -> APIError {
    let answer = APIError(drawing: error)
    if answer == .unexpected, (error as? APIError) != .unexpected { logger.error("drawing failed: \(error)") }
    return answer
  }
}

/// What an order was, for the audit log and for jobs.
struct OrderRecord: Encodable, Sendable {
  /// Images of one prompt, whose seeds follow each other.
  struct Images: Encodable, Sendable {
    var prompt: String
    /// Of the first.
    var seed: UInt64
    var count: Int
  }

  var model: String
  var images: [Images]
  var steps: Int
  var guidance: Double
  var guidanceRescale: Double
  var guidanceInterval: String
  var guidanceFrom: String
  var sampler: String
  var eta: Double
  var negativePrompt: String?
  var stamp: Bool?
  var format: String?
  var cost: Double

  init(_ order: DrawingOrder, format: OutputFormat?) {
    model = order.model
    images = []
    for image in order.images {
      if let last = images.last, last.prompt == image.prompt, last.seed &+ UInt64(last.count) == image.seed {
        images[images.count - 1].count += 1
      } else {
        images.append(Images(prompt: image.prompt, seed: image.seed, count: 1))
      }
    }
    steps = order.sampling.steps
    guidance = order.sampling.guidance
    guidanceRescale = order.sampling.guidanceRescale
    guidanceInterval = "\(GuidanceInterval(order.sampling.guidanceInterval))"
    guidanceFrom = order.sampling.guidanceFrom.rawValue
    sampler = order.sampling.sampler.rawValue
    eta = order.sampling.eta
    negativePrompt = order.settings.negative
    stamp = order.isStamped ? true : nil
    self.format = format?.rawValue
    cost = order.cost
  }

  enum CodingKeys: String, CodingKey {
    case model, images, steps, guidance, sampler, eta, stamp, format, cost
    case guidanceRescale = "guidance_rescale"
    case guidanceInterval = "guidance_interval"
    case guidanceFrom = "guidance_from"
    case negativePrompt = "negative_prompt"
  }
}
