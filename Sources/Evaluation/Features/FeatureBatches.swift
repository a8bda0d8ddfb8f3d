import Dispatch
import ImageFiles

extension FeatureExtractor {
  /// Computes all images in order, a batch at a time. While the network is at one batch, the next is read and prepared on
  /// another thread; no more than two are in memory.
  ///
  /// - Parameter body: Called with each batch's outputs.
  /// - Throws: `CancellationError` between two batches; what reading an image throws; ``MetricError``, `TorchError`; what `body`
  ///   throws.
  public func forEachBatch(
    of images: any ImageSet, batchSize: Int = standardBatchSize, _ body: (ExtractorOutputs) throws -> Void
  ) throws {
    let preparation = preparation
    let size = max(1, batchSize)
    func prepare(_ start: Int) -> Ahead<[NetworkInput]> {
      Ahead {
        try (start..<min(start + size, images.count)).map { try preparation.input(from: images.image(at: $0)) }
      }
    }
    guard images.count > 0 else { return }
    var next = prepare(0)
    for start in stride(from: 0, to: images.count, by: size) {
      let inputs = try next.value()
      try Task.checkCancellation()
      if start + size < images.count { next = prepare(start + size) }
      try body(outputs(of: inputs))
    }
  }
}

/// A value that another thread computes meanwhile.
///
/// Unchecked: `result` is written once, before `done` is signalled, and read after it.
private final class Ahead<Value: Sendable>: @unchecked Sendable {
  private let done = DispatchSemaphore(value: 0)
  private var result: Result<Value, any Error>?

  init(_ body: @escaping @Sendable () throws -> Value) {
    DispatchQueue.global(qos: .userInitiated).async {
      self.result = Result(catching: body)
      self.done.signal()
    }
  }

  /// Waits for the value.
  ///
  /// - Throws: What computing it threw.
  func value() throws -> Value {
    done.wait()
    defer { done.signal() }
    guard let result else { preconditionFailure("signalled without a result") }
    return try result.get()
  }
}
