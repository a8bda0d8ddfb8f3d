/// Samples against the images of the patients whose labels made their prompts.
struct PairMeasurement {
  /// Samples and images, one for each sample.
  let samples: GrayImages
  let real: GrayImages
  /// The patient of each image, by which intervals are drawn.
  let patients: [String]
  let seed: UInt64

  func figures() throws -> [MeasuredFigure] {
    // Of real images: each against the next of another patient.
    let others = real.count < 2 ? real : try shifted()
    let what =
      "each of the samples of held-out adults against the image whose labels made its prompt; real against real: each "
      + "such image against one of another patient"
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
    let ratios = try PeakSignalToNoise.values(samples, real, dataRange: 1)
    let realRatios = try PeakSignalToNoise.values(real, others, dataRange: 1)
    return [
      MeasuredFigure(
        "sample against its patient, SSIM",
        try Bootstrap.mean(StructuralSimilarity.values(samples, real, dataRange: 1), seed: seed),
        real: mean(try StructuralSimilarity.values(real, others, dataRange: 1)), how: what),
      MeasuredFigure(
        "sample against its patient, PSNR", try Bootstrap.mean(ratios, seed: seed), real: mean(realRatios), unit: "dB",
        how: "the same pairs; the mean of each pair's own ratio"),
      MeasuredFigure(
        "sample against its patient, MSE",
        try Bootstrap.mean(MeanSquaredError.values(samples, real), seed: seed),
        real: mean(try MeanSquaredError.values(real, others)), how: "the same pairs, grey values 0 to 1"),
    ]
  }

  private func shifted() throws -> GrayImages {
    let size = real.height * real.width
    // The nearest image behind it of another patient.
    let pixels = (0..<real.count).flatMap { index -> [Float] in
      let next = (1..<real.count).first { patients[(index + $0) % real.count] != patients[index] } ?? 1
      let start = (index + next) % real.count * size
      return Array(real.pixels[start..<start + size])
    }
    return try GrayImages(pixels: pixels, count: real.count, height: real.height, width: real.width)
  }
}
