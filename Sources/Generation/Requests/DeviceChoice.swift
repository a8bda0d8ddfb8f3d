import Torch

/// Where tensors live, as a user names it.
public enum DeviceChoice: Equatable, Sendable, CustomStringConvertible {
  /// The fastest device there is.
  case automatic
  case device(Device)

  /// The choice that a user names: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`, in any case of letters.
  ///
  /// - Throws: ``RequestError/unknown(what:value:known:)`` for any other name.
  public init(name: String) throws {
    let name = name.lowercased()
    if name == "auto" {
      self = .automatic
    } else if let device = Device(name) {
      self = .device(device)
    } else {
      throw RequestError.unknown(what: "device", value: name, known: ["auto", "cpu", "cuda", "cuda:N", "mps"])
    }
  }

  public var description: String {
    switch self {
    case .automatic: "auto"
    case .device(let device): device.description
    }
  }

  /// The device that the choice means on this machine.
  ///
  /// - Throws: `TorchError.deviceUnavailable` for one that is not there.
  public func resolved() throws -> Device {
    switch self {
    case .automatic: return try Device.best()
    case .device(let device):
      guard try device.isAvailable() else { throw TorchError.deviceUnavailable(device) }
      return device
    }
  }
}

/// Number format of the network's arithmetic; weights on disk may have another.
public enum PrecisionChoice: String, CaseIterable, Sendable {
  /// What is fastest on the device without a visible loss: float32 on a processor, bfloat16 on a GPU.
  case automatic = "auto"
  case float32 = "fp32"
  case bfloat16 = "bf16"
  case float16 = "fp16"

  /// The choice that a user names: `auto`, `fp32`, `bf16` or `fp16`, in any case of letters, or as settings of a training
  /// have it: `float32`, `bfloat16`, `float16`.
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

  /// The number format that the choice means on a device.
  public func resolved(on device: Device) -> DType {
    switch self {
    case .automatic: if case .cuda = device { .bfloat16 } else { .float32 }
    case .float32: .float32
    case .bfloat16: .bfloat16
    case .float16: .float16
    }
  }
}
