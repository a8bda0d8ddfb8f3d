import Support
import TorchNN

/// Why a file cannot be used as a feature extractor.
public enum ExtractorFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The names of the tensors are those of no network that is known.
  case unknown(path: String, names: [String])
  /// The network is known, and the file does not hold all of it, or more.
  case unfit(path: String, architecture: String, ParameterLoadingError)
  /// A network of another architecture than the one that was asked for.
  case otherArchitecture(path: String, found: String)

  /// Names of one kind that are listed; of more, their number is given.
  private static let listed = 3

  public var description: String {
    switch self {
    case .unknown(let path, let names):
      return
        "\(path.onOneLine(limit: 160)) is no feature extractor that is known (its tensors are \(Self.list(names))): "
        + "give Inception-v3 of pytorch-fid, DenseNet-121 of TorchXRayVision, RAD-DINO, the Siamese "
        + "ResNet-50 of Packhäuser et al., or a classifier of 'thorax train classifier'"
    case .unfit(let path, let architecture, let problems):
      return "\(path.onOneLine(limit: 160)) is not the \(architecture) (\(Self.text(problems))): "
        + "get the file again, or give one of another architecture that is known"
    case .otherArchitecture(let path, let found):
      return "\(path.onOneLine(limit: 160)) holds \(found): give a file of the other architecture"
    }
  }

  private static func text(_ problems: ParameterLoadingError) -> String {
    [
      ("missing", problems.missing), ("unexpected", problems.unexpected), ("not finite", problems.nonFinite),
      ("not of floating-point numbers", problems.unusable.map { "\($0.path) of \($0.elements)" }),
      (
        "mis-shaped",
        problems.misshaped.map { "\($0.path), which is \($0.found) and must be \($0.expected)" }
      ),
    ]
    .filter { !$0.1.isEmpty }
    .map { "\($0.0): \(list($0.1))" }
    .joined(separator: "; ")
  }

  private static func list(_ names: [String]) -> String {
    guard !names.isEmpty else { return "none" }
    let shown = names.prefix(listed).map { $0.onOneLine(limit: 120) }.joined(separator: ", ")
    return names.count > listed ? "\(shown) and \(names.count - listed) more" : shown
  }
}
