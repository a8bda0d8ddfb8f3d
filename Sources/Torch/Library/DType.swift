import CTorch
import TensorFiles

/// The type of a tensor's elements, by PyTorch's names.
public enum DType: String, Codable, Sendable, CaseIterable, CustomStringConvertible {
  case uint8, int32, int64, float16, bfloat16, float32, float64, bool

  public var description: String { rawValue }

  /// The element that networks compute with, by its short name (`fp32`, `bf16`, `fp16`) or its long one; nil for others.
  public init?(precision name: String) {
    switch name.lowercased() {
    case "fp32", "float32": self = .float32
    case "bf16", "bfloat16": self = .bfloat16
    case "fp16", "float16": self = .float16
    default: return nil
    }
  }

  /// The size of one element in bytes.
  public var byteCount: Int {
    switch self {
    case .uint8, .bool: 1
    case .float16, .bfloat16: 2
    case .int32, .float32: 4
    case .int64, .float64: 8
    }
  }

  /// Whether gradients can flow through it.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }

  var code: Int32 {
    switch self {
    case .uint8: Int32(CT_UINT8.rawValue)
    case .int32: Int32(CT_INT32.rawValue)
    case .int64: Int32(CT_INT64.rawValue)
    case .float16: Int32(CT_FLOAT16.rawValue)
    case .bfloat16: Int32(CT_BFLOAT16.rawValue)
    case .float32: Int32(CT_FLOAT32.rawValue)
    case .float64: Int32(CT_FLOAT64.rawValue)
    case .bool: Int32(CT_BOOL.rawValue)
    }
  }

  init?(code: Int32) {
    guard let match = DType.allCases.first(where: { $0.code == code }) else { return nil }
    self = match
  }
}
