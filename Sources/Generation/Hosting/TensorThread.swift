import Foundation

/// A serial executor with one thread of its own, on which all tensor work of a model happens.
///
/// Tensors are not `Sendable`, and LibTorch keeps its worker team by calling thread: a queue that moved between
/// threads would start a second team and a second set of caches. The thread ends when the executor goes away.
final class TensorThread: SerialExecutor {
  private let queue = WorkQueue()

  init(name: String) {
    let queue = queue
    let thread = Thread {
      while let work = queue.next() { work() }
    }
    thread.name = name
    // LibTorch's recursion is shallow, but a backward pass through a deep network needs more than the default 512 KiB.
    thread.stackSize = 16 << 20
    thread.start()
  }

  deinit { queue.close() }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // The job keeps its actor alive, and the actor this executor.
    let executor = asUnownedSerialExecutor()
    queue.append { job.runSynchronously(on: executor) }
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  /// Throws `CancellationError` once the task that waits for the work was cancelled.
  typealias CancellationCheck = @Sendable () throws -> Void

  /// Runs `body` on the thread, after the work that was queued before. `body` runs outside of any task, where
  /// `Task.checkCancellation` has no effect: it calls the check that it is given.
  func run<Value: Sendable>(
    _ body: @escaping @Sendable (_ checkCancellation: CancellationCheck) throws -> Value
  ) async throws -> Value {
    let isCancelled = Flag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        queue.append {
          continuation.resume(
            with: Result { try body { if isCancelled.isRaised { throw CancellationError() } } })
        }
      }
    } onCancel: {
      isCancelled.raise()
    }
  }

  private final class Flag: @unchecked Sendable {
    // Guarded by `lock`.
    private var value = false
    private let lock = NSLock()

    var isRaised: Bool { lock.withLock { value } }
    func raise() { lock.withLock { value = true } }
  }

  /// Work in the order in which it came; everything inside is guarded by `condition`.
  private final class WorkQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var work: [@Sendable () -> Void] = []
    private var isClosed = false

    func append(_ item: @escaping @Sendable () -> Void) {
      condition.withLock {
        work.append(item)
        condition.signal()
      }
    }

    func close() {
      condition.withLock {
        isClosed = true
        condition.signal()
      }
    }

    /// Waits for work; nil when the queue is closed and empty.
    func next() -> (@Sendable () -> Void)? {
      condition.withLock {
        while work.isEmpty, !isClosed { condition.wait() }
        return work.isEmpty ? nil : work.removeFirst()
      }
    }
  }
}
