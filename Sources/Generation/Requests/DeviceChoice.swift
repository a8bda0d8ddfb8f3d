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
