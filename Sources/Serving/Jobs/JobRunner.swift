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
  /// Jobs whose end could not be written, on a full disk for one; written later.
  private var unrecorded: [String: End] = [:]

  private struct End {
    var caller: Caller
    var state: JobState
    var error: APIError?
    var hashes: [String]
    /// Whether the log has it already.
    var isRecorded = false
  }

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
      try await audit.append(
        caller, action: "job begun", request: JobRecord(job: job.id, order: OrderRecord(order, format: nil)))
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
      for id in unrecorded.keys { try await write(id) }
      try await store.sweep(retention)
    } catch is CancellationError {
    } catch {
      logger.error("old jobs cannot be removed: \(StateFolder.reason(error))")
    }
  }

  private func follow(_ job: Job, _ ticket: DrawingQueue.Ticket, _ order: DrawingOrder, _ caller: Caller) async {
    var hashes = [String](repeating: "", count: order.images.count)
    var end = End(caller: caller, state: .finished, hashes: [])
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
          // What is not in the log cannot be fetched.
          try await audit.append(
            caller, action: "job image",
            request: JobImageRecord(job: job.id, image: index, sha256: image.hashes),
            result: [image.hashes[OutputFormat.png.rawValue] ?? ""])
          try await store.add(image, files: files, to: job.id)
          hashes[index] = image.hashes[OutputFormat.png.rawValue] ?? ""
        }
      }
    } catch is CancellationError {
      end.state = .cancelled
    } catch let error as APIError where error.code == .shuttingDown {
      (end.state, end.error) = (.interrupted, error)
    } catch {
      await queue.cancel(ticket.id)
      logger.error("job \(job.id) failed: \(StateFolder.reason(error))")
      let isStorage = error is DatabaseError || error is FileAccessError || error is CocoaError
      (end.state, end.error) = (.failed, isStorage ? APIError(storage: error) : APIError(drawing: error))
    }
    end.hashes = hashes.filter { !$0.isEmpty }
    unrecorded[job.id] = end
    do {
      try await write(job.id)
    } catch {
      logger.error("job \(job.id) cannot be recorded as \(end.state.rawValue): \(StateFolder.reason(error))")
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

  /// Writes how a job ended, into the log and then into the store.
  private func write(_ id: String) async throws {
    guard let end = unrecorded[id] else { return }
    if !end.isRecorded {
      // The entry of its beginning has the order.
      try await audit.append(
        end.caller, action: "job \(end.state.rawValue)", request: JobRecord(job: id), result: end.hashes)
      unrecorded[id]?.isRecorded = true
    }
    try await store.end(id, end.state, end.error)
    unrecorded[id] = nil
  }

  /// Ends a job if it is not over, and removes it with its images.
  ///
  /// - Parameter caller: Who has it removed.
  /// - Throws: ``APIError`` if that cannot be recorded; `DatabaseError`.
  func remove(_ id: String, _ caller: Caller) async throws {
    try await audit.append(caller, action: "job removed", request: JobRecord(job: id))
    await cancel(id)
    try await store.remove(id)
  }

  /// Records the jobs that an earlier process left in the middle.
  ///
  /// - Throws: ``APIError`` if that cannot be recorded.
  func recordInterrupted() async throws {
    for job in store.interrupted {
      try await audit.append(
        Caller(account: job.account, role: .draw, address: ""), action: "job interrupted",
        request: JobRecord(job: job.id))
    }
  }

  private struct JobRecord: Encodable, Sendable {
    var job: String
    var order: OrderRecord?
  }

  private struct JobImageRecord: Encodable, Sendable {
    var job: String
    var image: Int
    /// Of each file, by format.
    var sha256: [String: String]
  }
}
