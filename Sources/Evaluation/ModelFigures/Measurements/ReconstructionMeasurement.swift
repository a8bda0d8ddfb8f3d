import ImageFiles

/// How much of an image the autoencoder keeps.
enum ReconstructionMeasurement {
  /// - Parameters:
  ///   - patients: The patient of each image, by whom intervals are drawn.
  ///   - perceptual: Gives the LPIPS too; nil for none.
  static func figures(
    of images: [GrayscaleImage], patients: [String], host: any ImageGenerator, perceptual: PerceptualDistance?,
    seed: UInt64
  ) async throws -> [MeasuredFigure] {
    var similarities: [Double] = []
    var ratios: [Double] = []
    var errors: [Double] = []
    var distances: [Double] = []
    var reconstructions: [GrayscaleImage] = []
    for image in images {
      let original = try GrayImages([image])
      reconstructions.append(try await host.reconstruct(image))
      let reconstruction = try GrayImages(reconstructions.suffix(1))
      similarities += try StructuralSimilarity.values(original, reconstruction, dataRange: 1)
      ratios += try PeakSignalToNoise.values(original, reconstruction, dataRange: 1)
      errors += try MeanSquaredError.values(original, reconstruction)
      distances += try perceptual?.values(original, reconstruction) ?? []
    }
    func mean(_ values: [Double]) throws -> Estimate { try Bootstrap.mean(values, groups: patients, seed: seed) }
    var figures = [
      MeasuredFigure(
        "autoencoder, SSIM", try mean(similarities),
        how:
          "mean over held-out images of adults' source (NIH), encoded to the latent's mean, decoded, 8 bits; intervals by "
          + "patient"),
      MeasuredFigure(
        "autoencoder, PSNR", try mean(ratios), unit: "dB",
        how: "the same images; the mean of each image's own ratio"),
      MeasuredFigure(
        "autoencoder, MSE", try mean(errors), how: "the same images, grey values 0 to 1"),
    ]
    let bands = try PowerSpectrum(GrayImages(reconstructions)).difference(from: PowerSpectrum(GrayImages(images)))
    figures.append(
      MeasuredFigure(
        "autoencoder, power spectrum, greatest difference", value: PowerSpectrum.greatest(bands), count: images.count,
        unit: "dB", how: "the same images against what they were made of; \(PowerSpectrum.words(bands))"))
    if let perceptual {
      figures.append(
        MeasuredFigure("autoencoder, LPIPS", try mean(distances), how: "the same images, by \(perceptual.name)"))
    }
    return figures
  }
}
