import Models
import RunRecords

/// What a run's page says of a stage.
extension TrainingStageName {
  var pageTitle: String {
    switch self {
    case .autoencoder: "Autoencoder"
    case .diffusion: "Diffusion model"
    }
  }

  /// The columns of the article's tables 1 and 2.
  var columns: [StageColumn] {
    switch self {
    case .autoencoder:
      [
        StageColumn("Total loss", .training, "loss"), StageColumn("Reconstruction loss", .training, "reconstruction"),
        StageColumn("KL divergence", .training, "kl"), StageColumn("SSIM, training", .training, "ssim"),
        StageColumn("Validation loss", .validation, "loss"), StageColumn("SSIM, validation", .validation, "ssim"),
        StageColumn("PSNR in dB, validation", .validation, "psnr"),
      ]
    case .diffusion:
      [
        StageColumn("Training loss", .training, "loss"), StageColumn("Validation loss", .validation, "loss"),
        StageColumn("Learning rate", .training, "learning_rate"), StageColumn("FID", .validation, "fid"),
      ]
    }
  }

  /// What the rows of the stage's sample pictures show.
  var sheetRows: [String] {
    switch self {
    case .autoencoder: ["images of the validation part", "what the autoencoder makes of them"]
    case .diffusion: SamplePictures.prompts
    }
  }
}
