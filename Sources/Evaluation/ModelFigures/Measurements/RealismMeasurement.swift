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

  let projection: PrincipalComponents
  let heldOut: Compared

  /// - Parameter training: thumbnails of the training images, which set the directions of comparison.
  init(training: GrayImages, heldOut: Compared) throws {
    projection = try PrincipalComponents(training.features, count: Self.components)
    self.heldOut = heldOut
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
    samples: Compared, realDraws: [Compared],
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
    return [
      MeasuredFigure(
        "diversity over real", value: model.diversity, count: count, real: mean(real.map(\.diversity)),
        how: what),
      MeasuredFigure(
        "power spectrum, greatest difference", value: PowerSpectrum.greatest(model.bands), count: count,
        real: mean(real.map { PowerSpectrum.greatest($0.bands) }), unit: "dB",
        how: "radial power over 8 equal bands to 0.5 cycles a pixel against held-out images; "
          + PowerSpectrum.words(model.bands)),
      MeasuredFigure(
        "Fréchet distance", value: model.distance, count: count, real: realDistance,
        how: "thumbnails of \(size)x\(size) in the first \(Self.components) principal components of the training "
          + "images; real against real over \(realDraws.count) draws is "
          + "\(MeasuredFigure.text(realDistances.min() ?? .nan)) to \(MeasuredFigure.text(realDistances.max() ?? .nan))"
      ),
      MeasuredFigure(
        "Fréchet distance over real", value: model.distance / realDistance, count: count, real: 1,
        how: "the distance of the samples over the mean distance of as many training images, both to held-out images"),
    ]
  }
}
