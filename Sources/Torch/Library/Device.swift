import CTorch

/// Where a tensor lives and is computed.
public enum Device: Hashable, Sendable, CustomStringConvertible {
  case cpu
  /// An NVIDIA GPU by its index.
  case cuda(Int)
  /// The GPU of an Apple computer.
  case mps

  /// Reads `cpu`, `cuda`, `cuda:N` or `mps`; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "cpu": self = .cpu
    case "cuda": self = .cuda(0)
    case "mps": self = .mps
    default:
      guard text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), (0..<128).contains(index) else { return nil }
      self = .cuda(index)
    }
  }

  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    case .mps: "mps"
    }
  }

  /// Whether this machine has it; opens LibTorch.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public func isAvailable() throws -> Bool {
    switch self {
    case .cpu: true
    case .cuda(let index): index < Int(try LibTorch.api().pointee.functions.cuda_device_count())
    case .mps: try LibTorch.api().pointee.functions.mps_available()
    }
  }

  /// The fastest device of this machine: a CUDA GPU, then an Apple GPU, then the CPU.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public static func best() throws -> Device {
    if try Device.cuda(0).isAvailable() { return .cuda(0) }
    return try Device.mps.isAvailable() ? .mps : .cpu
  }

  var code: ct_device {
    switch self {
    case .cpu: ct_device(kind: Int32(CT_CPU.rawValue), index: 0)
    case .cuda(let index): ct_device(kind: Int32(CT_CUDA.rawValue), index: Int32(clamping: index))
    case .mps: ct_device(kind: Int32(CT_MPS.rawValue), index: 0)
    }
  }

  init(code: ct_device) {
    switch UInt32(code.kind) {
    case CT_CUDA.rawValue: self = .cuda(Int(code.index))
    case CT_MPS.rawValue: self = .mps
    default: self = .cpu
    }
  }
}
