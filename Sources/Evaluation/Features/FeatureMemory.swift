import Support
import Synchronization

/// What extractors have made of sets of images: measures of one call that look at the same set compute it once.
public final class FeatureMemory: Sendable {
  struct Outputs: Sendable {
    var features: FeatureMatrix
    /// Nil for a network without classes.
    var logits: FeatureMatrix?
  }

  /// By the hash of the extractor's weights, the preprocessing and the images.
  private let kept = Mutex<[String: Outputs]>([:])

  public init() {}

  /// - Parameter note: Called with a line about the set, if it is not known.
  /// - Throws: `MetricError`, `TorchError`, `CancellationError`; what reading an image throws.
  func outputs(
    of set: any ImageSet, by extractor: any FeatureExtractor, note: (String) -> Void = { _ in }
  ) throws -> Outputs {
    let key = FeatureStatistics.Provenance(set, extractor).key
    if let known = kept.withLock({ $0[key] }) { return known }
    note("features of \(set.count.of("image")): \(set.title.onOneLine(limit: 80))")
    var features: [Double] = []
    var logits: [Double] = []
    try extractor.forEachBatch(of: set) { batch in
      try Task.checkCancellation()
      features += batch.features.values
      logits += batch.logits?.values ?? []
    }
    let outputs = Outputs(
      features: try FeatureMatrix(features, rows: set.count, columns: extractor.width),
      logits: logits.isEmpty
        ? nil : try FeatureMatrix(logits, rows: set.count, columns: logits.count / max(set.count, 1)))
    kept.withLock { $0[key] = outputs }
    return outputs
  }
}
