import Foundation
import GRDB
import Generation
import ImageOutput
import Logging
import Support

/// Runs jobs: takes their images from the queue and keeps them, whether a client waits or not.
actor JobRunner {
  private struct Running {
    var ticket: DrawingQueue.ID
    var task: Task<Void, Never>
    var progress: JobProgress
  }

  nonisolated let store: JobStore
  private let queue: DrawingQueue
  private let audit: AuditLog
  private let retention: Retention
  private let signingKey: SigningKey?
  private let judge: (any TrainingNearnessJudge)?
  private let clock: ServiceClock
  private let logger: Logger
  private var running: [String: Running] = [:]
  /// How jobs ended whose end could not be written, on a full disk for one; written later.
  private var unrecorded: [String: (state: JobState, error: APIError?)] = [:]

  init(
    store: JobStore, queue: DrawingQueue, audit: AuditLog, retention: Retention, signingKey: SigningKey?,
    judge: (any TrainingNearnessJudge)?, clock: ServiceClock, logger: Logger
  ) {
    self.store = store
    self.queue = queue
    self.audit = audit
    self.retention = retention
    self.signingKey = signingKey
    self.judge = judge
    self.clock = clock
    self.logger = logger
  }

  /// Takes a job and returns at once.
  ///
  /// - Parameter table: The columns of a batch's table, as JSON.
  /// - Throws: ``APIError`` if the queue does not take it or it cannot be kept.
  func start(_ order: DrawingOrder, _ caller: Caller, table: String?) async throws -> Job {
    let ticket = try await queue.submit(order, outlastsStop: false)
    let job = Job(
      id: RandomName.make(), account: caller.account, state: .waiting, created: clock.now, model: order.model,
      images: order.images.count, request: try ServiceJSON.text(OrderRecord(order, format: nil)), table: table)
    do {
      try await store.insert(job)
    } catch {
      await queue.cancel(ticket.id)
      logger.error("a job cannot be kept: \(StateFolder.reason(error))")
      throw APIError(storage: error)
    }
    do {
      try await record(job, order, caller, "begun")
    } catch {
      await queue.cancel(ticket.id)
      try? await store.remove(job.id)
      throw error
    }
    let task = Task { await self.follow(job, ticket, order, caller) }
    running[job.id] = Running(ticket: ticket.id, task: task, progress: JobProgress(steps: order.sampling.steps))
    return job
  }

  /// How far a job has come; nil if it is over.
  func progress(of id: String) async -> JobProgress? {
    guard let entry = running[id] else { return nil }
    let position = await queue.position(of: entry.ticket)
    var progress = running[id]?.progress ?? entry.progress
    progress.position = position
    return progress
  }

  /// A job with its end, also where that could not be written yet.
  func current(_ job: Job) -> Job {
    guard let end = unrecorded[job.id] else { return job }
    var job = job
    job.state = end.state
    (job.errorCode, job.errorMessage) = (end.error?.code.rawValue, end.error?.message)
    return job
  }

  /// Ends a job that waits or runs.
  func cancel(_ id: String) async {
    guard let entry = running[id] else { return }
    await queue.cancel(entry.ticket)
    await entry.task.value
  }

  /// Waits until no job runs; the queue has been stopped before.
  func finish() async {
    for entry in running.values { await entry.task.value }
  }

  /// Removes what is kept no longer.
  func sweep() async {
    do {
      for (id, end) in unrecorded {
        try await store.end(id, end.state, end.error)
        unrecorded[id] = nil
      }
      try await store.sweep(retention)
    } catch is CancellationError {
    } catch {
      logger.error("old jobs cannot be removed: \(StateFolder.reason(error))")
    }
  }

  private func follow(_ job: Job, _ ticket: DrawingQueue.Ticket, _ order: DrawingOrder, _ caller: Caller) async {
    var hashes = [String](repeating: "", count: order.images.count)
    var end: (JobState, APIError?) = (.finished, nil)
    do {
      for try await event in ticket.events {
        switch event {
        case .begun: try await store.begin(job.id)
        case .step(let image, let step, let steps):
          running[job.id]?.progress.image = image
          running[job.id]?.progress.step = step
          running[job.id]?.progress.steps = steps
        case .preview(_, let step, let preview):
          running[job.id]?.progress.preview = (step, try preview.encoded(as: .png))
        case .image(let index, let drawn):
          let formats = OutputFormat.allCases
          let files = zip(formats, try drawn.image.drawn.encoded(as: formats, signedBy: signingKey))
            .map { (format: $0, bytes: $1) }
          let image = JobImage(
            index: index, prompt: order.images[index].prompt, seed: order.images[index].seed,
            hashes: Dictionary(uniqueKeysWithValues: files.map { ($0.format.rawValue, ContentHash.of($0.bytes)) }),
            truncation: drawn.truncation, nearness: await nearness(of: drawn))
          try await store.add(image, files: files, to: job.id)
          hashes[index] = image.hashes[OutputFormat.png.rawValue] ?? ""
        }
      }
    } catch is CancellationError {
      end = (.cancelled, nil)
    } catch let error as APIError where error.code == .shuttingDown {
      end = (.interrupted, error)
    } catch {
      await queue.cancel(ticket.id)
      logger.error("job \(job.id) failed: \(StateFolder.reason(error))")
      let isStorage = error is DatabaseError || error is FileAccessError || error is CocoaError
      end = (.failed, isStorage ? APIError(storage: error) : APIError(drawing: error))
    }
    do {
      // Images that were drawn before an end of another kind could be fetched, and are recorded as well.
      try await record(job, order, caller, end.0.rawValue, hashes.filter { !$0.isEmpty })
      try await store.end(job.id, end.0, end.1)
    } catch {
      unrecorded[job.id] = end
      logger.error("job \(job.id) cannot be recorded as \(end.0.rawValue): \(StateFolder.reason(error))")
    }
    running[job.id] = nil
    await sweep()
  }

  /// An image is not lost because it could not be compared.
  private func nearness(of drawn: DrawnImage) async -> TrainingNearness? {
    do {
      return try await judge?.nearness(of: drawn.image.image)
    } catch {
      logger.error("an image cannot be compared with the training images: \(error)")
      return nil
    }
  }

  private func record(
    _ job: Job, _ order: DrawingOrder, _ caller: Caller, _ event: String, _ result: [String] = []
  ) async throws {
    try await audit.append(
      caller, action: "job \(event)", request: JobRecord(job: job.id, order: OrderRecord(order, format: nil)),
      result: result)
  }

  private struct JobRecord: Encodable, Sendable {
    var job: String
    var order: OrderRecord
  }
}
