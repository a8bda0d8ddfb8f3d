import Foundation
import ImageFiles
import RadiographData
import Support

/// Whether generated images are spread, textured and distributed as real ones.
///
/// Samples stand against held-out images, and beside each figure stands what as many real training images give in the
/// samples' place, averaged over several draws: all sets have the same size, on which these measures depend.
struct RealismMeasurement {
  /// One of the sets that are compared: thumbnails, and images for their texture.
  struct Compared {
    let thumbnails: GrayImages
    let spectrum: PowerSpectrum

    /// So many images are at full size in memory at once.
    private static let block = 64

    /// - Parameter image: The image at a place among `count`.
    /// - Throws: `MetricError` for none, or images of several sizes; what reading throws.
    init(count: Int, image: (Int) throws -> GrayscaleImage) throws {
      let size = RealismMeasurement.thumbnailSize
      var pixels: [Float] = []
      var spectra: [PowerSpectrum] = []
      var first: GrayImages?
      for start in stride(from: 0, to: count, by: Self.block) {
        try Task.checkCancellation()
        let images = try GrayImages((start..<min(start + Self.block, count)).map(image))
        if let first { try images.requireSameShape(as: first) } else { first = images.selecting([0]) }
        pixels += try images.thumbnails(size: size).pixels
        spectra.append(try PowerSpectrum(images))
      }
      spectrum = try PowerSpectrum(joining: spectra)
      thumbnails = try GrayImages(pixels: pixels, count: count, height: size, width: size)
    }

    init(_ images: [GrayscaleImage]) throws { try self.init(count: images.count) { images[$0] } }

    private init(_ all: Compared, _ places: [Int]) {
      thumbnails = all.thumbnails.selecting(places)
      spectrum = all.spectrum.selecting(places)
    }

    /// Sets of images drawn at random, each without repeats.
    static func draws(
      _ count: Int, of size: Int, from images: any ImageSet, using random: inout SplitMix64
    ) throws -> [Compared] {
      let draws = (0..<count).map { _ in (0..<images.count).shuffled(using: &random).prefix(size) }
      // Draws share images, of which each is read once.
      let places = Set(draws.joined()).sorted()
      let all = try Compared(count: places.count) { try images.image(at: places[$0]) }
      let rows = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($1, $0) })
      return draws.map { Compared(all, $0.compactMap { rows[$0] }) }
    }
  }

  static let thumbnailSize = ThumbnailExtractor.side
  static let components = ThumbnailExtractor.standardComponents

  /// How often both sets are drawn again for an interval.
  static let resamples = 100

  let projection: PrincipalComponents
  let heldOut: Compared
  private let heldOutPairs: PairwiseDistances
  /// The patient of each held-out image.
  let patients: [String]

  /// - Parameter training: thumbnails of the training images, which set the directions of comparison.
  init(training: GrayImages, heldOut: Compared, patients: [String]) throws {
    projection = try PrincipalComponents(training.features, count: Self.components)
    heldOutPairs = try PairwiseDistances(heldOut.thumbnails.features)
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
      try PairwiseDistances(set.thumbnails.features).mean / heldOutPairs.mean,
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
    let diversity = try estimate(samples, seed: seed) { own.mean(of: $0) / heldOutPairs.mean(of: $1) }
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
