import Support

/// A file of tensors that is not what its format says, or a tensor that it does not hold.
public enum TensorFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Something else is in `file` than tensors.
  case mistaken(file: String, content: MistakenContent)
  /// `file` breaks the safetensors format, at `tensor` if one is to blame.
  case safetensors(file: String, tensor: String?, problem: SafetensorsProblem)
  /// `file` has no tensor of that name.
  case tensorNotFound(file: String, tensor: String)
  /// `file` is not a plain PyTorch checkpoint, at `place` (keys joined by dots) if that is known.
  case checkpoint(file: String, place: String?, problem: CheckpointProblem)
  /// What was handed to the writer of `file` makes no valid file.
  case unwritable(file: String, tensor: String, problem: SafetensorsWriteProblem)

  public var description: String {
    switch self {
    case .mistaken(let file, let content): return "\(file.onOneLine(limit: 160)): \(content)"
    case .safetensors(let file, let tensor, let problem):
      let place = tensor.map { ", tensor \"\($0.onOneLine(limit: 160))\"" } ?? ""
      return "\(file.onOneLine(limit: 160))\(place): \(problem): get the file again or use another"
    case .tensorNotFound(let file, let tensor):
      return
        "\(file.onOneLine(limit: 160)): no tensor \"\(tensor.onOneLine(limit: 160))\": use a file of the right architecture"
    case .checkpoint(let file, let place, let problem):
      return "\(file.onOneLine(limit: 160))\(place.map { ", \($0.onOneLine(limit: 160))" } ?? ""): \(problem)"
    case .unwritable(let file, let tensor, let problem):
      return "\(file.onOneLine(limit: 160)), tensor \"\(tensor.onOneLine(limit: 160))\": \(problem)"
    }
  }
}
