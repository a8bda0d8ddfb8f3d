import RadiographModels
import TensorFiles

/// Extractors from files.
public enum FeatureExtractorFile {
  /// Reads an extractor of any known architecture: Inception-v3 of pytorch-fid, DenseNet-121 of TorchXRayVision, RAD-DINO,
  /// the Siamese ResNet-50 of Packhäuser et al., a classifier of `thorax train classifier` or a network of `thorax train
  /// reidentifier`. Which one follows from the file.
  ///
  /// - Parameters:
  ///   - path: Safetensors, or a checkpoint of PyTorch's with a state dictionary.
  ///   - pipeline: How images are brought to Inception-v3; no other extractor has a choice.
  /// - Throws: `ExtractorFileError` for a file that is no extractor's or not a whole one; `FileAccessError`,
  ///   `TensorFileError`, `ParameterLoadingError`, `TorchError`.
  public static func load(_ path: String, pipeline: InceptionPipeline = .clean) throws -> any FeatureExtractor {
    if LabelClassifier.isClassifier(path) { return try OwnExtractor(contentsOf: path) }
    if Reidentifier.isReidentifier(path) { return try ReidentifierExtractor(contentsOf: path) }
    let checkpoint = try ExtractorCheckpoint(path: path)
    let hash = checkpoint.contentHash
    switch checkpoint.architecture {
    case .inceptionV3: return InceptionExtractor(try checkpoint.inceptionV3(), hash: hash, pipeline: pipeline)
    case .chestDenseNet(let labels):
      return ChestDenseNetExtractor(try checkpoint.chestDenseNet(), labels: labels, hash: hash)
    case .visionTransformer: return VisionTransformerExtractor(try checkpoint.visionTransformer(), hash: hash)
    case .patientVerifier: return PatientVerifierExtractor(try checkpoint.patientVerifier(), hash: hash)
    }
  }
}
