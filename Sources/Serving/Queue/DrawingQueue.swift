import Foundation
import Generation
import Support

/// The bounded queue of all drawing. A worker draws one image at a time, so that no request waits for all images of
/// another: image k of an order is the image of its seed whatever is drawn between.
actor DrawingQueue {
  typealias ID = UInt64

  /// How an order goes on.
  struct Ticket: Sendable {
    var id: ID
    var events: AsyncThrowingStream<DrawingEvent, any Error>
  }

  /// What the queue holds, for metrics and progress.
  struct Load: Sendable {
    var waiting = 0
    var running = 0
    var cost = 0.0
  }

  private struct Entry {
    var order: DrawingOrder
    var continuation: AsyncThrowingStream<DrawingEvent, any Error>.Continuation
    var next = 0
    var drawing = 0
    var finished = 0
    /// Whether it is finished when the service stops, once it has begun.
    var outlastsStop: Bool
    var tellsSteps: Bool
    var hasBegun: Bool { next > 0 }
  }

  private let models: ServedModels
  private let limits: ServiceLimits
  private let metrics: ServiceMetrics
  private var entries: [ID: Entry] = [:]
  private var fair = FairQueue<String, ID>()
  private var free: [Int]
  private var work: [Int: (id: ID, task: Task<Void, Never>)] = [:]
  private var costs: [String: Double] = [:]
  private var lastID: ID = 0
  /// Seconds that a cost of 1 takes, a moving mean.
  private var pace = 1.0
  private(set) var isStopping = false
  private var idleWaiters: [CheckedContinuation<Void, Never>] = []

  init(models: ServedModels, workers: Int, limits: ServiceLimits, metrics: ServiceMetrics) {
    self.models = models
    self.limits = limits
    self.metrics = metrics
    free = Array((0..<workers).reversed())
  }

  /// Takes an order.
  ///
  /// - Parameters:
  ///   - outlastsStop: Whether an order that has begun is finished when the service stops; otherwise it ends after the image
  ///     that is being drawn.
  ///   - tellsSteps: Whether steps are among the events; reading each takes time from the drawing.
  /// - Throws: ``APIError`` if the service stops or loads, the order costs too much, or the queue or the account's share of
  ///   it is full.
  func submit(
    _ order: DrawingOrder, outlastsStop: Bool = true, tellsSteps: Bool = true
  ) throws(APIError) -> Ticket {
    if isStopping { throw Self.stopping }
    switch models.status(of: order.model) {
    case .loading: throw APIError(.loading, "the model is being loaded: try again", retryAfter: 2)
    case .failed:
      throw APIError(.modelUnavailable, "the model could not be loaded: choose another, or see the service's log")
    case .ready: break
    }
    guard order.cost <= limits.cost else {
      throw APIError(
        .tooCostly,
        "the request costs \(Self.text(order.cost)) images: ask for fewer images or steps, at most "
          + "\(Self.text(limits.cost))")
    }
    guard entries.count < limits.queue else {
      throw APIError(
        .queueFull, "\(entries.count) requests wait or are drawn: try again later", retryAfter: retryAfter())
    }
    let own = entries.values.count { $0.order.account == order.account }
    guard own < limits.queueOfAccount || own == 0 else {
      throw APIError(
        .accountLimit, "\(own) requests of the account wait or are drawn: try again later", retryAfter: retryAfter())
    }
    let held = costs[order.account] ?? 0
    guard held + order.cost <= limits.cost else {
      throw APIError(
        .accountLimit,
        "the account has \(Self.text(held)) images' worth of work: wait for it, at most "
          + "\(Self.text(limits.cost)) are taken", retryAfter: retryAfter(cost: held))
    }
    lastID += 1
    let id = lastID
    let (events, continuation) = AsyncThrowingStream<DrawingEvent, any Error>.makeStream()
    continuation.onTermination = { [weak self] reason in
      guard case .cancelled = reason else { return }
      Task { await self?.cancel(id) }
    }
    entries[id] = Entry(order: order, continuation: continuation, outlastsStop: outlastsStop, tellsSteps: tellsSteps)
    costs[order.account, default: 0] += order.cost
    fair.append(id, of: order.account)
    dispatch()
    return Ticket(id: id, events: events)
  }

  /// Ends an order and nothing else: what waits is dropped, what is drawn stops at its next step.
  func cancel(_ id: ID) { end(id, with: CancellationError()) }

  /// Begins what can be begun; called when a model has become ready.
  func dispatch() {
    while let worker = free.last {
      let id = fair.next { id in
        guard let entry = entries[id] else { return false }
        return models.host(of: entry.order.model, worker: worker) != nil
      }
      guard let id, let entry = entries[id], let host = models.host(of: entry.order.model, worker: worker) else {
        break
      }
      free.removeLast()
      begin(id, host: host, worker: worker)
    }
    updateMetrics()
  }

  /// The number of orders whose turn comes before this one's; nil for an order that has begun or is not there.
  func position(of id: ID) -> Int? {
    guard let entry = entries[id], !entry.hasBegun else { return nil }
    return fair.order.firstIndex(of: id)
  }

  var load: Load {
    Load(
      waiting: entries.values.count { !$0.hasBegun }, running: work.count, cost: costs.values.reduce(0, +))
  }

  /// Refuses new orders and those that have not begun, and waits until the others are finished, `grace` at most; then
  /// stops them too.
  func stop(grace: Duration) async {
    isStopping = true
    for (id, entry) in entries where !entry.hasBegun { end(id, with: Self.stopping) }
    for (id, entry) in entries where !entry.outlastsStop {
      fair.remove(id, of: entry.order.account)
      if entry.drawing == 0 { end(id, with: Self.stopping) }
    }
    let timer = Task {
      try await Task.sleep(for: grace)
      self.endAll()
    }
    if !entries.isEmpty || !work.isEmpty { await withCheckedContinuation { idleWaiters.append($0) } }
    timer.cancel()
  }

  private func endAll() { for id in entries.keys { end(id, with: Self.stopping) } }

  // MARK: Drawing

  private func begin(_ id: ID, host: ModelHost, worker: Int) {
    guard var entry = entries[id] else { return }
    let index = entry.next
    let order = entry.order
    if index == 0 { entry.continuation.yield(.begun) }
    entry.next += 1
    entry.drawing += 1
    if entry.next == order.images.count { fair.remove(id, of: order.account) }
    entries[id] = entry
    let (continuation, tellsSteps) = (entry.continuation, entry.tellsSteps)
    let request = GenerationRequest(
      prompt: order.images[index].prompt, seed: order.images[index].seed, settings: order.settings,
      previewInterval: order.previewInterval)
    let task = Task { [weak self] in
      let clock = ContinuousClock()
      let start = clock.now
      let result: Result<DrawnImage, any Error>
      do {
        let drawn = try await host.generate(request) { event in
          switch event {
          case .step(_, let step, let steps):
            if tellsSteps { continuation.yield(.step(image: index, step: step, steps: steps)) }
          case .preview(let step, let preview): continuation.yield(.preview(image: index, step: step, preview))
          case .image, .finished: break
          }
        }
        guard var image = drawn.images.first else { throw APIError(.internal, "nothing was drawn: try again") }
        image.drawn.provenance.isStamped = order.isStamped
        result = .success(
          DrawnImage(
            image: image, timings: drawn.timings, promptTokens: drawn.promptTokens,
            truncation: drawn.truncation.map { "\($0)" }))
      } catch {
        result = .failure(error)
      }
      await self?.finish(id, image: index, worker: worker, result, seconds: (clock.now - start).seconds)
    }
    work[worker] = (id, task)
  }

  private func finish(_ id: ID, image: Int, worker: Int, _ result: Result<DrawnImage, any Error>, seconds: Double) {
    work[worker] = nil
    free.append(worker)
    if var entry = entries[id] {
      entry.drawing -= 1
      switch result {
      case .success(let drawn):
        entry.finished += 1
        entries[id] = entry
        let cost = entry.order.cost / Double(entry.order.images.count)
        pace = 0.8 * pace + 0.2 * seconds / max(cost, 1e-6)
        metrics.drew(model: entry.order.model, seconds: seconds)
        entry.continuation.yield(.image(image, drawn))
        if entry.finished == entry.order.images.count {
          end(id, with: nil)
        } else if isStopping, !entry.outlastsStop, entry.drawing == 0 {
          end(id, with: Self.stopping)
        }
      case .failure(let error): end(id, with: error)
      }
    }
    dispatch()
    wakeIfIdle()
  }

  private func end(_ id: ID, with error: (any Error)?) {
    guard let entry = entries.removeValue(forKey: id) else { return }
    fair.remove(id, of: entry.order.account)
    let left = (costs[entry.order.account] ?? 0) - entry.order.cost
    costs[entry.order.account] = left > 1e-9 ? left : nil
    for running in work.values where running.id == id { running.task.cancel() }
    if error is CancellationError { metrics.cancelled() }
    entry.continuation.finish(throwing: error)
    updateMetrics()
    wakeIfIdle()
  }

  private func wakeIfIdle() {
    guard entries.isEmpty, work.isEmpty else { return }
    for waiter in idleWaiters { waiter.resume() }
    idleWaiters = []
  }

  private func updateMetrics() {
    let load = load
    metrics.queue(waiting: load.waiting, running: load.running)
  }

  private func retryAfter(cost: Double? = nil) -> Int {
    let cost = cost ?? costs.values.reduce(0, +)
    return min(600, max(1, Int((cost * pace / Double(free.count + work.count)).rounded(.up))))
  }

  private static let stopping = APIError(.shuttingDown, "the service is being stopped: try again", retryAfter: 10)

  private static func text(_ cost: Double) -> String { String(format: "%.3g", cost) }
}
