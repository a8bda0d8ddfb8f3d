import Foundation
import Support
import TensorFiles
import Torch

/// A folder of statistics that were computed before: each in a file whose name is the hash of the extractor's weights, the
/// preprocessing and the images.
public struct FeatureStatisticsStore: Sendable {
  public let folder: String

  /// The key of what the statistics are of, among a file's metadata.
  private static let key = "thorax:statistics"

  public init(folder: String) { self.folder = folder }

  /// Statistics from the folder if they are there, and computed and stored otherwise.
  ///
  /// - Parameters: As for ``FeatureStatistics/computed(of:with:batchSize:progress:)``.
  /// - Throws: What computing throws; `FileAccessError` if they cannot be stored.
  public func statistics(
    of images: any ImageSet, with extractor: some FeatureExtractor, batchSize: Int? = nil,
    progress: (Int) -> Void = { _ in }
  ) throws -> FeatureStatistics {
    let provenance = FeatureStatistics.Provenance(images, extractor)
    if let stored = stored(provenance, width: extractor.width) { return stored }
    let computed = try FeatureStatistics.computed(
      of: images, with: extractor, batchSize: batchSize, progress: progress)
    try store(computed)
    return computed
  }

  /// The file of statistics, whether it is there or not.
  public func path(of provenance: FeatureStatistics.Provenance) -> String { "\(folder)/\(provenance.key).safetensors" }

  /// nil if there is no such file, or anything in it is not as its name says: it is computed again then.
  private func stored(_ provenance: FeatureStatistics.Provenance, width: Int) -> FeatureStatistics? {
    guard let file = try? SafetensorsFile(path: path(of: provenance)), let found = Self.statistics(in: file),
      found.gaussian.mean.count == width
    else { return nil }
    // The same images may be found in another folder.
    var same = found.provenance
    same.source = provenance.source
    return same == provenance ? FeatureStatistics(found.gaussian, same) : nil
  }

  /// The statistics of a file that was stored before.
  ///
  /// - Throws: ``FeatureError/noStatistics(path:)`` for another file; `FileAccessError`, `TensorFileError`.
  public static func statistics(contentsOf path: String) throws -> FeatureStatistics {
    guard let found = statistics(in: try SafetensorsFile(path: path)) else {
      throw FeatureError.noStatistics(path: path)
    }
    return found
  }

  private static func statistics(in file: SafetensorsFile) -> FeatureStatistics? {
    guard let text = file.metadata[key],
      let provenance = try? JSONDecoder().decode(FeatureStatistics.Provenance.self, from: Data(text.utf8)),
      let mean = file["mean"], let covariance = file["covariance"], let width = mean.shape.first,
      mean.shape == [width], covariance.shape == [width, width],
      mean.dtype == .float64, covariance.dtype == .float64, mean.isEntirelyFinite, covariance.isEntirelyFinite,
      let means = try? Tensor(mean).doubles(), let covariances = try? Tensor(covariance).doubles(),
      let gaussian = try? GaussianStatistics(count: provenance.count, mean: means, covariance: covariances)
    else { return nil }
    return FeatureStatistics(gaussian, provenance)
  }

  private func store(_ statistics: FeatureStatistics) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(statistics.provenance), as: UTF8.self)
    let gaussian = statistics.gaussian
    let width = gaussian.mean.count
    // A folder that cannot be made is reported by the file in it.
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try SafetensorsWriter.write(
      [
        "mean": Tensor(gaussian.mean, shape: [width]),
        "covariance": Tensor(gaussian.covariance, shape: [width, width]),
      ], metadata: [Self.key: text], to: path(of: statistics.provenance))
  }
}
