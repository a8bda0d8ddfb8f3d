import ImageFiles

/// How much of an image the autoencoder keeps.
enum ReconstructionMeasurement {
  static func figures(of images: [GrayscaleImage], host: any ImageGenerator, seed: UInt64) async throws
    -> [MeasuredFigure]
  {
    var similarities: [Double] = []
    var ratios: [Double] = []
    var errors: [Double] = []
    for image in images {
      let original = try GrayImages([image])
      let reconstruction = try await GrayImages([host.reconstruct(image)])
      similarities += try StructuralSimilarity.values(original, reconstruction, dataRange: 1)
      ratios += try PeakSignalToNoise.values(original, reconstruction, dataRange: 1)
      errors += try MeanSquaredError.values(original, reconstruction)
    }
    return [
      MeasuredFigure(
        "autoencoder, SSIM", try Bootstrap.mean(similarities, seed: seed),
        how: "mean over held-out images of adults' source (NIH), encoded to the latent's mean, decoded, 8 bits"),
      MeasuredFigure(
        "autoencoder, PSNR", try Bootstrap.mean(ratios, seed: seed), unit: "dB",
        how: "the same images; the mean of each image's own ratio"),
      MeasuredFigure(
        "autoencoder, MSE", try Bootstrap.mean(errors, seed: seed),
        how: "the same images, grey values 0 to 1"),
    ]
  }
}
