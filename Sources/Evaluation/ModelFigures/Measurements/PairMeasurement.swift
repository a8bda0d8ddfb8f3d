/// Samples against the images of the patients whose labels made their prompts.
struct PairMeasurement {
  /// Samples and images, one for each sample.
  let samples: GrayImages
  let real: GrayImages
  /// The patient of each image, by which intervals are drawn.
  let patients: [String]
  /// Gives the LPIPS too; nil for none.
  var perceptual: PerceptualDistance?
  let seed: UInt64

  func figures() throws -> [MeasuredFigure] {
    // Of real images: each against the next of another patient.
    let others = real.count < 2 ? real : try shifted()
    let what =
      "each of the samples of held-out adults against the image whose labels made its prompt; real against real: each "
      + "such image against one of another patient; intervals by patient"
    func figure(
      _ name: String, unit: String = "", how: String, _ values: (GrayImages, GrayImages) throws -> [Double]
    ) throws -> MeasuredFigure {
      let ofReal = try values(real, others)
      return MeasuredFigure(
        "sample against its patient, \(name)",
        try Bootstrap.mean(values(samples, real), groups: patients, seed: seed),
        real: ofReal.reduce(0, +) / Double(max(ofReal.count, 1)), unit: unit, how: how)
    }
    var figures = [
      try figure("SSIM", how: what) { try StructuralSimilarity.values($0, $1, dataRange: 1) },
      try figure("PSNR", unit: "dB", how: "the same pairs; the mean of each pair's own ratio") {
        try PeakSignalToNoise.values($0, $1, dataRange: 1)
      },
      try figure("MSE", how: "the same pairs, grey values 0 to 1") { try MeanSquaredError.values($0, $1) },
    ]
    if let perceptual {
      figures.append(
        try figure("LPIPS", how: "the same pairs, by \(perceptual.name)") { try perceptual.values($0, $1) })
    }
    return figures
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
