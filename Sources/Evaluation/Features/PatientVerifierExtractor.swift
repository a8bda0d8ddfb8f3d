import ImageFiles
import RadiographModels
import Torch

/// The Siamese ResNet-50 of Packhäuser et al. as an extractor: its embeddings, and its probability that two images are of
/// one patient.
public struct PatientVerifierExtractor: FeatureExtractor {
  public let name = ExtractorCheckpoint.Architecture.patientVerifier(width: 1).name
  public let hash: String
  public var width: Int { verifier.width }
  public let classes: Int? = nil
  private let verifier: PatientVerifier

  public let preprocessing =
    "bilinear with antialiasing to \(PatientVerifier.side)x\(PatientVerifier.side), rounded to 8 bits, x / 255"
  public var preparation: any InputPreparation { Preparation() }

  /// - Parameter hash: ``ExtractorCheckpoint/contentHash`` of the network's weights.
  public init(_ verifier: PatientVerifier, hash: String) {
    self.verifier = verifier
    self.hash = hash
  }

  public func outputs(of inputs: [NetworkInput]) throws -> ExtractorOutputs {
    ExtractorOutputs(
      features: try FeatureMatrix(checked: verifier.embeddings(NetworkInput.batch(inputs))), logits: nil)
  }

  /// The probability that two images are of one patient, by their features.
  ///
  /// - Throws: `TorchError` for features of another width, or if memory runs out.
  func score(_ one: some Collection<Double>, _ other: some Collection<Double>) throws -> Double {
    func row(_ features: some Collection<Double>) throws -> Tensor {
      try Tensor(features.map { Float($0) }, shape: [1, features.count])
    }
    return try verifier.probability(row(one), row(other)).item()
  }

  private struct Preparation: InputPreparation {
    func input(from image: GrayscaleImage) throws -> NetworkInput {
      let side = PatientVerifier.side
      // Pillow rounds after rows and after columns.
      let rows = try GrayPlane(image).resized(width: side, height: image.height, resampling: .bilinear).grayscale
      let resized = try GrayPlane(rows).resized(width: side, height: side, resampling: .bilinear).grayscale
      return NetworkInput(GrayPlane(resized)) { $0 / 255 }
    }
  }
}
