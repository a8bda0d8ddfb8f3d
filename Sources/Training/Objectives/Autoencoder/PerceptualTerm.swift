import RadiographModels
import Torch
import TorchNN

// B batch, C channels, H height, W width

/// The distance of decoded images from what they were made of, in the features of a network that does not learn from it.
enum PerceptualTerm {
  /// A classifier of radiographs.
  case classifier(LabelClassifier)
  /// The autoencoder's own decoder: the decoded image is encoded again, and what the layers inside the decoder make of its
  /// latent is compared with what they make of the image's. The features are those of Berrada et al., 2025, "Boosting
  /// latent diffusion with perceptual objectives", who compare predictions of a diffusion model by them.
  case decoder(Autoencoder, ParameterStore)

  /// - Parameter name: A classifier's file, or `decoder`.
  /// - Throws: `FileAccessError`, `TensorFileError`, `ClassifierFileError`, `ParameterLoadingError` for a file that is no
  ///   classifier.
  init(_ name: String, autoencoder: Autoencoder, store: ParameterStore, device: Device) throws {
    self =
      name == AutoencoderSettings.ownDecoder
      ? .decoder(autoencoder, store) : .classifier(try LabelClassifier(contentsOf: name, device: device))
  }

  /// The mean distance, with gradients to the decoded images alone.
  ///
  /// - Parameter latent: What the encoder made of the images.
  func callAsFunction(_ decoded_BCHW: Tensor, _ image_BCHW: Tensor, latent: LatentDistribution) throws -> Tensor {
    switch self {
    case .classifier(let classifier):
      let expected = try withoutGradients { try classifier.features(image_BCHW) }
      return try FeatureDistance.between(classifier.features(decoded_BCHW), expected)
    case .decoder(let autoencoder, let store):
      let expected = try withoutGradients { try autoencoder.decoderFeatures(latent.mean_BCHW.to(.float32)) }
      let found = try store.withConstantValues {
        try autoencoder.decoderFeatures(autoencoder.encode(decoded_BCHW).mean_BCHW)
      }
      return try FeatureDistance.between(found, expected)
    }
  }
}
