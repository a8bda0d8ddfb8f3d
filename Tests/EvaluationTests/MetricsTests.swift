import Foundation
import Support
import TestBasics
import Testing

@testable import Evaluation

@Suite("Metrics")
struct MetricsTests {
  private let expected: MetricReference
  private let first: GrayImages
  private let second: GrayImages

  init() throws {
    expected = try MetricReference.load()
    (first, second) = try MetricInputs.pairs(seeds: (1, 2), count: 3, height: 40, width: 33)
  }

  @Test("SSIM agrees with scikit-image")
  func structuralSimilarity() throws {
    expectEqual(try StructuralSimilarity.values(first, second, dataRange: 1), expected.images.ssim, within: 1e-6)
    func doubled(_ images: GrayImages) throws -> GrayImages {
      try GrayImages(pixels: images.pixels.map { 2 * $0 - 1 }, count: 3, height: 40, width: 33)
    }
    let values = try StructuralSimilarity.values(doubled(first), doubled(second), dataRange: 2)
    expectEqual(values, expected.images.ssimRange2, within: 1e-6)
    expectEqual(try StructuralSimilarity.values(first, first, dataRange: 1), [1, 1, 1], within: 1e-12)
  }

  @Test("PSNR agrees with scikit-image and is infinite for equal images")
  func peakSignalToNoise() throws {
    expectEqual(try PeakSignalToNoise.values(first, second, dataRange: 1), expected.images.psnr, within: 1e-9)
    #expect(try PeakSignalToNoise.values(first, first, dataRange: 1) == [.infinity, .infinity, .infinity])
  }

  @Test("images that cannot be compared are refused")
  func imageErrors() throws {
    let small = try GrayImages(pixels: [Float](repeating: 0, count: 100), count: 1, height: 10, width: 10)
    #expect(throws: MetricError.imageTooSmall(height: 10, width: 10, minimum: 11)) {
      try StructuralSimilarity.values(small, small, dataRange: 1)
    }
    #expect(throws: MetricError.countMismatch(what: "rows of pixels", expected: 40, found: 10)) {
      try StructuralSimilarity.values(first, small, dataRange: 1)
    }
    #expect(throws: MetricError.invalidSetting(name: "the data range", value: 0, allowed: "a positive number")) {
      try PeakSignalToNoise.values(first, second, dataRange: 0)
    }
    #expect(throws: MetricError.countMismatch(what: "pixels", expected: 4, found: 3)) {
      try GrayImages(pixels: [1, 2, 3], count: 1, height: 2, width: 2)
    }
    #expect(throws: MetricError.notFinite(what: "the images")) {
      try GrayImages(pixels: [1, .nan], count: 1, height: 1, width: 2)
    }
  }

  @Test("thumbnails are means of blocks")
  func thumbnails() throws {
    let images = try MetricInputs.images(seed: 6, count: 2, height: 64, width: 64)
    let small = try images.thumbnails(size: 8)
    expectEqual(small[1].suffix(40).prefix(8).map(Double.init), expected.images.thumbnail, within: 1e-7)
    #expect(small.features.rows == 2 && small.features.columns == 64)
    #expect(throws: MetricError.notDivisible(size: 64, by: 9)) { try images.thumbnails(size: 9) }
  }

  @Test("Fréchet distance agrees with pytorch-fid")
  func frechet() throws {
    let a = try MetricInputs.features(seed: 3, rows: 120, columns: 12)
    let b = try MetricInputs.features(seed: 4, rows: 90, columns: 12, scale: 1.3, shift: 0.2)
    let few = try #require(expected.frechet["few"]).pytorchFID
    expectEqual([try FrechetDistance.between(a, b)], [few], within: 1e-9)
    let halves = try FrechetDistance.between(a.selecting(Array(0..<60)), a.selecting(Array(60..<120)))
    expectEqual([halves], [try #require(expected.frechet["halves"]).pytorchFID], within: 1e-9)
    #expect(abs(try FrechetDistance.between(a, a)) < 1e-9)
  }

  @Test("Fréchet distance of fewer vectors than features, where pytorch-fid needs an offset")
  func singularFrechet() throws {
    // Two points each on one line: Gaussians of one dimension, whose distance has a closed form.
    let a = try FeatureMatrix([0, 0, 0, 2, 0, 0], rows: 2, columns: 3)
    let b = try FeatureMatrix([1, 1, 0, 5, 1, 0], rows: 2, columns: 3)
    // Means (1, 0, 0) and (3, 1, 0); deviations sqrt(2) and sqrt(8).
    let deviations = (8.0.squareRoot() - 2.0.squareRoot()) * (8.0.squareRoot() - 2.0.squareRoot())
    #expect(abs(try FrechetDistance.between(a, b) - (5 + deviations)) < 1e-9)
    #expect(throws: MetricError.tooFew(what: "feature vectors", found: 1, minimum: 2)) {
      try FrechetDistance.between(a.selecting([0]), b)
    }
    #expect(throws: MetricError.countMismatch(what: "features a row", expected: 3, found: 2)) {
      try FrechetDistance.between(a, FeatureMatrix([1, 2, 3, 4], rows: 2, columns: 2))
    }
  }

  @Test("principal components agree with a singular value decomposition, tall and wide")
  func principalComponents() throws {
    for (features, reference) in [
      (try MetricInputs.features(seed: 3, rows: 120, columns: 12), expected.components["tall"]),
      (try MetricInputs.features(seed: 5, rows: 20, columns: 50), expected.components["wide"]),
    ] {
      let reference = try #require(reference)
      let pca = try PrincipalComponents(features, count: 4)
      expectEqual(Array(pca.mean.prefix(4)), reference.mean, within: 1e-12)
      expectEqual(Array(pca.components.values.prefix(features.columns)), reference.component, within: 1e-9)
      expectEqual(pca.variances, reference.variances, within: 1e-9)
      expectEqual(Array(try pca.project(features).values.prefix(12)), reference.projected, within: 1e-9)
    }
    let features = try MetricInputs.features(seed: 3, rows: 5, columns: 12)
    #expect(throws: MetricError.tooFew(what: "feature vectors", found: 5, minimum: 6)) {
      try PrincipalComponents(features, count: 5)
    }
    for count in [0, 13] {
      #expect(
        throws: MetricError.invalidSetting(
          name: "the number of components", value: Double(count), allowed: "1 to 12")
      ) { try PrincipalComponents(features, count: count) }
    }
  }

  @Test("power spectrum agrees with numpy's FFT, also for oblong images of odd size")
  func powerSpectrum() throws {
    let images = try MetricInputs.images(seed: 6, count: 2, height: 64, width: 64)
    expectEqual(try PowerSpectrum(images).decibels, expected.spectra.equal, within: 1e-9)
    let octaves = PowerSpectrum.octaves(size: 64)
    #expect(octaves == [0, 0.03125, 0.0625, 0.125, 0.25, 0.5] as [Double])
    expectEqual(try PowerSpectrum(images, edges: octaves).decibels, expected.spectra.octaves, within: 1e-9)
    let oblong = try MetricInputs.images(seed: 7, count: 2, height: 45, width: 31)
    expectEqual(try PowerSpectrum(oblong).decibels, expected.spectra.oblong, within: 1e-9)
  }

  @Test("power spectrum: a wave lies in its band, half the amplitude is 6 dB less")
  func wave() throws {
    func wave(_ amplitude: Float) throws -> GrayImages {
      let pixels = (0..<32 * 32).map { amplitude * Float(cos(2 * Double.pi * 6 * Double($0 % 32) / 32)) }
      return try GrayImages(pixels: pixels, count: 1, height: 32, width: 32)
    }
    let full = try PowerSpectrum(wave(1))
    #expect(full.decibels.firstIndex(of: full.decibels.max() ?? 0) == 2)
    let difference = try PowerSpectrum(wave(0.5)).difference(from: full)
    #expect(abs(difference[2] + 20 * log10(2)) < 1e-4)
    #expect(throws: MetricError.countMismatch(what: "bands of the spectra", expected: 8, found: 1)) {
      try full.difference(from: PowerSpectrum(wave(1), edges: [0, 0.5]))
    }
    #expect(
      throws: MetricError.invalidSetting(
        name: "the spectrum's first edge", value: 0.5, allowed: "two or more rising frequencies from 0")
    ) { try PowerSpectrum(wave(1), edges: [0.5, 0.1]) }
    #expect(
      throws: MetricError.invalidSetting(
        name: "the spectrum's edge", value: 0.01,
        allowed: "wider bands: none of the frequencies of 32x32 pixels lies in this one")
    ) { try PowerSpectrum(wave(1), edges: [0, 0.01, 0.5]) }
  }

  @Test("distances agree with scipy")
  func distances() throws {
    let references = try MetricInputs.features(seed: 3, rows: 120, columns: 12)
    let queries = try MetricInputs.features(seed: 4, rows: 90, columns: 12, scale: 1.3, shift: 0.2)
    expectEqual([try PairwiseDistances(references).mean], [expected.distances.meanPairwise], within: 1e-9)
    // Of draws with repeats, too.
    let pairs = try PairwiseDistances(queries)
    for draw in [Array(0..<90), (0..<90).map { $0 * 7 % 40 }, [3, 89]] {
      expectEqual([pairs.mean(of: draw)], [try PairwiseDistances(queries.selecting(draw)).mean], within: 1e-6)
    }
    let nearest = try FeatureDistances.nearest(of: queries, in: references)
    #expect(nearest.map(\.index) == expected.distances.nearestIndex)
    expectEqual(nearest.map(\.distance), expected.distances.nearestDistance, within: 1e-9)
    let own = try FeatureDistances.nearest(of: references, in: references)
    #expect(own.map(\.index) == Array(0..<120))
    #expect(own.allSatisfy { $0.distance < 1e-6 })
    #expect(throws: MetricError.tooFew(what: "references", found: 0, minimum: 1)) {
      try FeatureDistances.nearest(of: queries, in: references.selecting([]))
    }
    #expect(try FeatureDistances.nearest(of: queries.selecting([]), in: references).isEmpty)
  }

  @Test("more rows than a block of distances holds")
  func manyRows() throws {
    let line = try FeatureMatrix((0..<600).map(Double.init), rows: 600, columns: 1)
    // The mean of |i - j| over pairs of 0 ..< n is (n + 1) / 3.
    #expect(abs(try PairwiseDistances(line).mean - 601.0 / 3) < 1e-9)
    let shifted = try FeatureMatrix((0..<600).map { Double($0) + 0.25 }, rows: 600, columns: 1)
    let nearest = try FeatureDistances.nearest(of: shifted, in: line)
    #expect(nearest.map(\.index) == Array(0..<600))
    #expect(nearest.allSatisfy { abs($0.distance - 0.25) < 1e-6 })
  }

  @Test("median")
  func middle() {
    #expect([3, 1, 2].median == 2)
    #expect([4, 1, 3, 2].median == 2.5)
    #expect([Double]().median.isNaN)
  }
}
