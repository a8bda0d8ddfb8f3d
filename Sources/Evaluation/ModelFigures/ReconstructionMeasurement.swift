import ImageFiles

/// How much of an image the autoencoder keeps.
enum ReconstructionMeasurement {
  static func figures(of images: [GrayscaleImage], host: any ImageGenerator, seed: UInt64) async throws
    -> [MeasuredFigure]
  {
    var similarities: [Double] = []
    var ratios: [Double] = []
    for image in images {
      let original = try GrayImages([image])
      let reconstruction = try await GrayImages([host.reconstruct(image)])
      similarities += try StructuralSimilarity.values(original, reconstruction, dataRange: 1)
      ratios += try PeakSignalToNoise.values(original, reconstruction, dataRange: 1)
    }
    return [
      MeasuredFigure(
        "autoencoder, SSIM", try Bootstrap.mean(similarities, seed: seed), target: .atLeast(0.965),
        how: "mean over held-out images of adults' source (NIH), encoded to the latent's mean, decoded, 8 bits"),
      MeasuredFigure(
        "autoencoder, PSNR", try Bootstrap.mean(ratios, seed: seed), target: .atLeast(36.5), unit: "dB",
        how: "the same images; the mean of each image's own ratio"),
    ]
  }
}
