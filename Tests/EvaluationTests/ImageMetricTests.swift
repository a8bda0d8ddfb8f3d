import Testing

@testable import Evaluation

@Suite("Metrics of pairs of images")
struct ImageMetricTests {
  private let expected: MetricReference.Images

  init() throws { expected = try MetricReference.load().images }

  private static func inverted(_ images: GrayImages) throws -> GrayImages {
    try GrayImages(
      pixels: images.pixels.map { 1 - $0 }, count: images.count, height: images.height, width: images.width)
  }

  @Test("MSE agrees with scikit-image")
  func meanSquaredError() throws {
    let (first, second) = try MetricInputs.pairs(seeds: (1, 2), count: 3, height: 40, width: 33)
    expectEqual(try MeanSquaredError.values(first, second), expected.meanSquaredError, within: 1e-12)
    #expect(try MeanSquaredError.values(first, first) == [0, 0, 0])
    let fewer = try MetricInputs.images(seed: 1, count: 2, height: 40, width: 33)
    #expect(throws: MetricError.countMismatch(what: "images", expected: 3, found: 2)) {
      try MeanSquaredError.values(first, fewer)
    }
  }

  @Test("MS-SSIM agrees with pytorch-msssim, also for odd sides and scales below 0")
  func multiscale() throws {
    let wanted = expected.multiscale
    for (height, width, plain, inverted) in [
      (176, 192, wanted.even, wanted.evenInverted), (181, 163, wanted.odd, wanted.oddInverted),
    ] {
      let (first, second) = try MetricInputs.pairs(seeds: (21, 22), count: 2, height: height, width: width)
      expectEqual(try MultiscaleSimilarity.values(first, second, dataRange: 1), plain, within: 1e-6)
      expectEqual(
        try MultiscaleSimilarity.values(first, Self.inverted(first), dataRange: 1), inverted, within: 1e-6)
    }
  }

  @Test("MS-SSIM of every pair of a set, and sets that have none")
  func pairwise() throws {
    let images = try MetricInputs.images(seed: 23, count: 3, height: 161, width: 161)
    let pairs = try MultiscaleSimilarity.pairwise(images, dataRange: 1)
    let (first, second) = (images.selecting([0, 0, 1]), images.selecting([1, 2, 2]))
    expectEqual(pairs, try MultiscaleSimilarity.values(first, second, dataRange: 1), within: 1e-12)
    #expect(pairs.allSatisfy { $0 < 0.9 })
    let same = try MultiscaleSimilarity.pairwise(images.selecting([1, 1]), dataRange: 1)
    expectEqual(same, [1], within: 1e-12)
    #expect(throws: MetricError.tooFew(what: "images", found: 1, minimum: 2)) {
      try MultiscaleSimilarity.pairwise(images.selecting([0]), dataRange: 1)
    }
    let small = try MetricInputs.images(seed: 23, count: 1, height: 161, width: 160)
    #expect(throws: MetricError.imageTooSmall(height: 161, width: 160, minimum: 161)) {
      try MultiscaleSimilarity.values(small, small, dataRange: 1)
    }
    #expect(throws: MetricError.countMismatch(what: "columns of pixels", expected: 161, found: 160)) {
      try MultiscaleSimilarity.values(images.selecting([0]), small, dataRange: 1)
    }
  }

  @Test("images of one value, and one set given as both, are refused by one plain line")
  func checks() throws {
    let images = try MetricInputs.images(seed: 23, count: 3, height: 8, width: 8)
    try images.requireContrast()
    let black = try GrayImages(
      pixels: Array(images.pixels.prefix(128)) + [Float](repeating: 0, count: 64), count: 3, height: 8, width: 8)
    let error = #expect(throws: MetricError.constantImage(index: 2, value: 0)) { try black.requireContrast() }
    #expect(error?.description == "image 3 is 0.0 throughout: leave it out, or find out why nothing was drawn")

    let order = images.selecting([2, 0, 1])
    #expect(throws: MetricError.identicalSets(what: "images")) { try images.requireDistinct(from: order) }
    try images.requireDistinct(from: black)
    try images.requireDistinct(from: images.selecting([0, 1, 1]))
    try images.requireDistinct(from: images.selecting([0, 1]))
  }
}
