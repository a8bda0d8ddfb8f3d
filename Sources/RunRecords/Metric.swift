/// Something that a run measures, by its key in `metrics.jsonl`. A key that is none of these, as another version may have
/// written, is a metric too.
public struct Metric: RawRepresentable, Hashable, Sendable, Comparable {
  /// The key in `metrics.jsonl`, the tag in TensorBoard.
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  private init(_ rawValue: String) { self.rawValue = rawValue }

  /// What is minimised.
  public static let loss = Metric("loss")
  /// The mean absolute or squared error of decoded images.
  public static let reconstruction = Metric("reconstruction")
  /// The Kullback-Leibler divergence of latents from the standard normal distribution.
  public static let divergence = Metric("kl")
  /// The distance of decoded images from their originals, in the features of a network.
  public static let perceptual = Metric("perceptual")
  /// How far a transformed latent's image is from the image that was transformed in the same way.
  public static let equivariance = Metric("equivariance")
  /// How far decoded images are from their originals in bands of spatial frequency.
  public static let spectrum = Metric("spectrum")
  /// The autoencoder's loss by the discriminator: the greater, the less real decoded images look to it.
  public static let adversarial = Metric("adversarial")
  /// The discriminator's own loss.
  public static let discriminator = Metric("discriminator")
  /// How much of what texts ask for classifiers do not see in drawn images, in log odds.
  public static let shortfall = Metric("shortfall")
  /// How far a student's answers are from its teacher's: the mean squared error.
  public static let drift = Metric("drift")
  /// How far means and covariances of a student's images are from those of real radiographs: a Fréchet distance over the variance
  /// of the real ones, of a batch by chance below 0.
  public static let moments = Metric("moments")
  /// The mean over all labels of the area under the receiver operating characteristic.
  public static let areaUnderROC = Metric("auroc")
  /// The mean over all labels of the average precision.
  public static let averagePrecision = Metric("ap")
  public static let structuralSimilarity = Metric("ssim")
  /// In dB.
  public static let peakSignalToNoise = Metric("psnr")
  public static let meanSquaredError = Metric("mse")
  public static let learningRate = Metric("learning_rate")
  /// The norm of all gradients together, before clipping.
  public static let gradientNorm = Metric("gradient_norm")
  public static let imagesPerSecond = Metric("images_per_second")
  /// The share of the time that went into making batches.
  public static let dataShare = Metric("data_share")
  /// The share of the time that went into writing rows and reporting, that of the row before included.
  public static let recordingShare = Metric("recording_share")
  /// Steps that were not taken since the run began, because their loss or gradients were not finite.
  public static let skippedSteps = Metric("skipped_steps")
  /// What losses are multiplied by in float16.
  public static let lossScale = Metric("loss_scale")

  /// The area under the receiver operating characteristic of one label.
  public static func areaUnderROC(of label: String) -> Metric { Metric("auroc_\(label)") }

  /// The same over the images of one source alone: a label that one source has more often than another is told by what
  /// the sources' pictures look like, too.
  public static func areaUnderROC(of label: String, source: String) -> Metric { Metric("auroc_\(label)@\(source)") }

  /// The average precision of one label.
  public static func averagePrecision(of label: String) -> Metric { Metric("ap_\(label)") }

  private static let known: [(metric: Metric, title: String)] = [
    (.loss, "Loss"), (.reconstruction, "Reconstruction loss"), (.divergence, "KL divergence"),
    (.perceptual, "Perceptual distance"), (.equivariance, "Error of transformed latents"),
    (.spectrum, "Distance of spectra"),
    (.adversarial, "Adversarial loss"), (.discriminator, "Loss of the discriminator"),
    (.shortfall, "Shortfall of what is asked for"), (.drift, "Distance from the teacher"),
    (.moments, "Distance from real radiographs"),
    (.areaUnderROC, "AUROC, mean of all labels"), (.averagePrecision, "Average precision, mean of all labels"),
    (.structuralSimilarity, "Structural similarity (SSIM)"), (.peakSignalToNoise, "PSNR in dB"),
    (.meanSquaredError, "Mean squared error"), (.learningRate, "Learning rate"),
    (.gradientNorm, "Norm of the gradient"), (.imagesPerSecond, "Images a second"),
    (.dataShare, "Share of time for data"), (.recordingShare, "Share of time for records"),
    (.skippedSteps, "Steps not taken"), (.lossScale, "Scale of the loss"),
  ]

  /// The metric in words, as a page or a table has it.
  public var title: String {
    Self.known.first { $0.metric == self }?.title ?? rawValue.split(separator: "_").joined(separator: " ")
  }

  /// Known metrics come in the order in which a page shows them, others after them by their keys.
  public static func < (one: Metric, other: Metric) -> Bool {
    func place(_ metric: Metric) -> Int { known.firstIndex { $0.metric == metric } ?? known.count }
    return (place(one), one.rawValue) < (place(other), other.rawValue)
  }
}

extension Metric: Codable {
  public init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(String.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}

/// Which images a row of metrics is measured on.
public enum MeasuredSplit: String, Codable, Sendable, Comparable {
  /// Means since the row before.
  case training = "train"
  /// Of the averaged weights, on the validation part.
  case validation

  public static func < (one: MeasuredSplit, other: MeasuredSplit) -> Bool { one.rawValue < other.rawValue }

  /// In words.
  var title: String {
    switch self {
    case .training: "Training"
    case .validation: "Validation"
    }
  }
}
