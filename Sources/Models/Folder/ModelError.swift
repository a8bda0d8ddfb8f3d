import Support

/// Why a model cannot be used.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  /// No model of this name in any of the places where models are kept.
  case notFound(name: String, known: [String], places: [String])
  /// A path that was given does not lead to a model.
  case missing(path: String)
  /// A file that a model folder must hold.
  case missingFile(folder: String, name: String)
  /// A file whose content is not what was written.
  case changedFile(folder: String, name: String)
  case malformedDescription(path: String, reason: String)
  /// Written by a later program.
  case laterVersion(path: String, version: Int, known: Int)
  /// A description that is well formed and cannot be meant.
  case implausible(path: String, reason: String)
  /// Weights that do not belong to the architecture; each problem names a file and every offending tensor in it.
  case unfitWeights(model: String, problems: [String])
  /// Infinite or undefined values where an image should be.
  case notFinite(precision: String)
  /// An image of another size than the model's, which is `wanted` on both sides.
  case imageSize(width: Int, height: Int, wanted: Int)
  case textEncoderWidth(name: String, width: Int, wanted: Int)
  case textEncoderChanged(name: String, folder: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .notFound(let name, let known, let places):
      "model '\(name.onOneLine(limit: 120))' is not in \(places.joined(separator: ", ")): "
        + (known.isEmpty ? "give the folder of a model" : "choose one of \(known.joined(separator: ", ")), or a folder")
    case .missing(let path):
      "'\(path.onOneLine(limit: 120))' is neither a model folder nor a checkpoint: give a folder with a model.json"
    case .missingFile(let folder, let name):
      "model '\(folder)' has no \(name): export or download the model again"
    case .changedFile(let folder, let name):
      "model '\(folder)': \(name) is not as it was written (its SHA-256 is not the one in \(ModelFolder.sumsName)): copy, "
        + "export or download the model again"
    case .malformedDescription(let path, let reason):
      "'\(path)' is not a model description (\(reason)): export or download the model again"
    case .laterVersion(let path, let version, let known):
      "'\(path)' has version \(version), and this program reads up to \(known): update Thorax"
    case .implausible(let path, let reason):
      "'\(path)' asks for what no model can have (\(reason)): export or download the model again"
    case .unfitWeights(let model, let problems): "model '\(model)', \(problems.joined(separator: "; "))"
    case .notFinite(let precision):
      "the image is not finite in \(precision) arithmetic: choose --precision fp32, or export the model again"
    case .imageSize(let width, let height, let wanted):
      "the image is \(width)x\(height): give one of the model's size, \(wanted)x\(wanted)"
    case .textEncoderWidth(let name, let width, let wanted):
      "the text encoder \(name) is \(width) wide where the model takes \(wanted): fetch the encoder again"
    case .textEncoderChanged(let name, let folder, let expected, let found):
      "the text encoder \(name) in \(folder) has the hash \(found.prefix(16)) where the model was trained with "
        + "\(expected.prefix(16)): \(BroughtBySetup.remedy(forEncoderAt: folder))"
    }
  }
}
