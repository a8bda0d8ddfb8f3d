import Foundation
import ImageFiles
import RadiographData

/// Whether generated images are spread, textured and distributed as real ones.
///
/// Samples stand against held-out images, and beside each figure stands what as many real training images give in the
/// samples' place, averaged over several draws: all sets have the same size, on which these measures depend.
struct RealismMeasurement {
  /// One of the sets that are compared: thumbnails, and images for their texture.
  struct Compared {
    let thumbnails: GrayImages
    let spectrum: PowerSpectrum

    init(_ images: [GrayscaleImage]) throws {
      let images = try GrayImages(images)
      thumbnails = try images.thumbnails(size: RealismMeasurement.thumbnailSize)
      spectrum = try PowerSpectrum(images)
    }
  }

  static let thumbnailSize = ThumbnailExtractor.side
  static let components = ThumbnailExtractor.standardComponents

  /// How often both sets are drawn again for an interval.
  static let resamples = 100

  let projection: PrincipalComponents
  let heldOut: Compared
  /// The patient of each held-out image.
  let patients: [String]

  /// - Parameter training: thumbnails of the training images, which set the directions of comparison.
  init(training: GrayImages, heldOut: Compared, patients: [String]) throws {
    projection = try PrincipalComponents(training.features, count: Self.components)
    (self.heldOut, self.patients) = (heldOut, patients)
  }

  /// The Fréchet distance of a set, whose images have nothing to do with one another, to the held-out images.
  func distance(of set: Compared, seed: UInt64) throws -> Estimate {
    let own = try projection.project(set.thumbnails.features)
    let real = try projection.project(heldOut.thumbnails.features)
    return try estimate(set, seed: seed) { try FrechetDistance.between(own.selecting($0), real.selecting($1)) }
  }

  /// An interval of a figure of a set and the held-out images, both drawn again.
  private func estimate(
    _ set: Compared, seed: UInt64, _ value: ([Int], [Int]) throws -> Double
  ) throws -> Estimate {
    try Bootstrap.estimate(
      groups: Array(0..<set.thumbnails.count), and: patients, resamples: Self.resamples, isCentred: true, seed: seed,
      statistic: value)
  }

  /// Diversity over that of the held-out images, the greatest difference of a band's power in dB, Fréchet distance.
  func compare(_ set: Compared) throws -> (diversity: Double, bands: [Double], distance: Double) {
    (
      try FeatureDistances.meanPairwise(set.thumbnails.features)
        / FeatureDistances.meanPairwise(heldOut.thumbnails.features),
      try set.spectrum.difference(from: heldOut.spectrum),
      try FrechetDistance.between(
        projection.project(set.thumbnails.features), projection.project(heldOut.thumbnails.features))
    )
  }

  /// - Parameter realDraws: sets of real training images, each as large as the others.
  /// - Parameter what: how diversity was computed.
  func figures(
    samples: Compared, realDraws: [Compared], seed: UInt64,
    what: String = "mean pairwise distance of 32x32 thumbnails, one sample for each held-out adult, prompts of the "
      + "grammar for that patient's own labels, over that of the held-out images"
  ) throws -> [MeasuredFigure] {
    let model = try compare(samples)
    let real = try realDraws.map(compare)
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
    let count = samples.thumbnails.count
    let realDistance = mean(real.map(\.distance))
    let realDistances = real.map(\.distance)
    let size = Self.thumbnailSize
    let own = try PairwiseDistances(samples.thumbnails.features)
    let others = try PairwiseDistances(heldOut.thumbnails.features)
    let diversity = try estimate(samples, seed: seed) { own.mean(of: $0) / others.mean(of: $1) }
    let spectrum = try estimate(samples, seed: seed) {
      PowerSpectrum.greatest(try samples.spectrum.selecting($0).difference(from: heldOut.spectrum.selecting($1)))
    }
    let distance = try distance(of: samples, seed: seed)
    func figure(_ name: String, _ estimate: Estimate, real: Double, unit: String = "", how: String) -> MeasuredFigure {
      MeasuredFigure(
        name, value: estimate.value, interval: estimate.interval, count: count, real: real, unit: unit,
        how: how + "; both sets drawn again for the interval, held-out images by patient")
    }
    return [
      figure(
        "diversity over real", diversity, real: mean(real.map(\.diversity)), how: what),
      figure(
        "power spectrum, greatest difference", spectrum, real: mean(real.map { PowerSpectrum.greatest($0.bands) }),
        unit: "dB",
        how: "radial power over 8 equal bands to 0.5 cycles a pixel against held-out images; "
          + PowerSpectrum.words(model.bands)),
      figure(
        "Fréchet distance", distance, real: realDistance,
        how: "thumbnails of \(size)x\(size) in the first \(Self.components) principal components of the training "
          + "images; real against real over \(realDraws.count) draws is "
          + "\(MeasuredFigure.text(realDistances.min() ?? .nan)) to \(MeasuredFigure.text(realDistances.max() ?? .nan))"

      ),
      MeasuredFigure(
        "Fréchet distance over real", value: distance.value / realDistance,
        interval: distance.interval.map { $0.lowerBound / realDistance...$0.upperBound / realDistance }, count: count,
        real: 1,
        how: "the distance of the samples over the mean distance of as many training images, both to held-out images"),
    ]
  }
}
