import ImageFiles
import Support

/// How alike the samples of one prompt are: MS-SSIM of pairs, beside that of pairs of different patients (Odena et al.,
/// ICML 2017, section 4.2).
struct DiversityMeasurement {
  /// At most so many samples of a prompt are paired.
  static let limit = 6
  let seed: UInt64

  /// - Parameters:
  ///   - byPrompt: The samples of each prompt.
  ///   - real: Real images of different patients, as far as possible.
  /// - Returns: nothing for images that are too small for five scales, or prompts with one sample each.
  /// - Throws: `MetricError`, `TorchError`.
  func figures(byPrompt: [[GrayscaleImage]], real: [GrayscaleImage]) throws -> [MeasuredFigure] {
    guard let first = real.first, min(first.width, first.height) >= MultiscaleSimilarity.minimumSide else { return [] }
    func values(_ images: [GrayscaleImage]) throws -> [Double] {
      images.count < 2 ? [] : try MultiscaleSimilarity.pairwise(GrayImages(images), dataRange: 1)
    }
    let prompts = try byPrompt.map { try values(Array($0.prefix(Self.limit))) }.filter { !$0.isEmpty }
    guard !prompts.isEmpty else { return [] }
    let means = prompts.map { $0.reduce(0, +) / Double($0.count) }
    let realValues = try stride(from: 0, to: real.count, by: Self.limit).flatMap {
      try values(Array(real[$0..<min($0 + Self.limit, real.count)]))
    }
    return [
      MeasuredFigure(
        "similarity within a prompt, MS-SSIM", try Bootstrap.mean(means, seed: seed),
        real: realValues.reduce(0, +) / Double(max(realValues.count, 1)),
        how:
          "mean over prompts (n) of that of all pairs of up to \(Self.limit) samples of the prompt; real: pairs of held-out "
          + "images of adults and children; much above it the model draws one picture again and again")
    ]
  }
}
