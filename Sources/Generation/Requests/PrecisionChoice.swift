import Torch

/// The arithmetic of the networks; weights on disk may have another.
public enum PrecisionChoice: String, CaseIterable, Sendable {
  /// What is fastest on the device without a visible loss: bfloat16 on a GPU; on a processor 8-bit integers if the model allows
  /// them and the processor is made for them, otherwise float32.
  case automatic = "auto"
  case float32 = "fp32"
  case bfloat16 = "bf16"
  case float16 = "fp16"
  /// Large convolutions in 8-bit integers, all else in float32; on processors with AVX-512 VNNI.
  case int8

  /// The choice that a user names: `auto`, `fp32`, `bf16`, `fp16` or `int8`, in any case of letters, or as settings of a
  /// training have it: `float32`, `bfloat16`, `float16`.
  ///
  /// - Throws: ``RequestError/unknown(what:value:known:)`` for any other name.
  public init(name: String) throws {
    if let dtype = DType(precision: name) {
      self.init(dtype: dtype)
    } else if let precision = PrecisionChoice(rawValue: name.lowercased()) {
      self = precision
    } else {
      throw RequestError.unknown(what: "precision", value: name, known: Self.allCases.map(\.rawValue))
    }
  }

  /// The choice that names `dtype`.
  public init(dtype: DType) {
    switch dtype {
    case .bfloat16: self = .bfloat16
    case .float16: self = .float16
    default: self = .float32
    }
  }

  /// What the choice means on a device: any but ``automatic``.
  ///
  /// - Parameter allowingInt8: Whether `automatic` may mean 8-bit integers.
  /// - Throws: `TorchError.integersUnavailable` for 8-bit integers where the processor is not made for them; `TorchError` if
  ///   LibTorch cannot be opened.
  public func resolved(on device: Device, allowingInt8: Bool = false) throws -> PrecisionChoice {
    switch self {
    case .automatic:
      if case .cuda = device { return .bfloat16 }
      return try allowingInt8 && device == .cpu && Tensor.quantisesConvolutions() ? .int8 : .float32
    case .int8:
      guard device == .cpu, try Tensor.quantisesConvolutions() else {
        throw TorchError.integersUnavailable(device)
      }
      return self
    default: return self
    }
  }

  /// The number format of everything but large convolutions.
  public var dtype: DType {
    switch self {
    case .automatic, .float32, .int8: .float32
    case .bfloat16: .bfloat16
    case .float16: .float16
    }
  }
}
