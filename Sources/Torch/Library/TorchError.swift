import CTorch
import Foundation

/// What LibTorch, or a call into it, reports.
public enum TorchError: Error, Equatable {
  /// LibTorch could not be opened; the dynamic linker's reason.
  case libraryUnavailable(String)
  /// Memory ran out; LibTorch's text says how much was asked for.
  case outOfMemory(String)
  /// An operation refused its operands; LibTorch's text.
  case operationFailed(String)
  /// The values given do not fill the shape given.
  case countMismatch(count: Int, shape: [Int])
  /// A shape with a negative or an overflowing size.
  case invalidShape([Int])
  /// Values were asked for as another type than the tensor's.
  case unexpectedDType(DType, wanted: DType)
  /// A file's elements are of a type that Thorax does not compute with, named as the file names it.
  case unsupportedElements(String, of: String)
  /// No such device on this machine.
  case deviceUnavailable(Device)
  /// Convolutions in 8-bit integers are asked for where the device is not made for them.
  case integersUnavailable(Device)
}

extension TorchError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .libraryUnavailable(let reason):
      "LibTorch cannot be opened (\(Self.firstLine(reason))): run ./scripts/setup, or set THORAX_LIBTORCH to its folder"
    case .outOfMemory(let text):
      "memory ran out (\(Self.firstLine(text))): use fewer or smaller images, or a smaller batch"
    case .operationFailed(let text):
      "LibTorch refused an operation: \(Self.firstLine(text))"
    case .countMismatch(let count, let shape):
      "\(count) values do not fill the shape \(shape): give as many as it holds"
    case .invalidShape(let shape):
      "the shape \(shape) is impossible: sizes must be at least 0 and their product a 64-bit number"
    case .unexpectedDType(let dtype, let wanted):
      "the tensor holds \(dtype), not \(wanted): convert it first"
    case .unsupportedElements(let type, let tensor):
      "\(tensor): elements of type \(type) cannot be computed with: convert the file to F32, F16 or BF16"
    case .deviceUnavailable(let device):
      "there is no device \(device) on this machine: use --device cpu"
    case .integersUnavailable(let device):
      "8-bit integers need an x86-64 processor with AVX-512 VNNI, which \(device) is not: use --precision fp32"
    }
  }

  private static func firstLine(_ text: String) -> String {
    String(text.prefix { $0 != "\n" })
  }
}

extension TorchError: LocalizedError {
  public var errorDescription: String? { description }
}

/// Runs one function of the table and turns its status into a thrown error.
@inline(__always)
func check(_ body: (UnsafeMutablePointer<ct_error>) -> Int32) throws {
  var error = ct_error()
  let status = body(&error)
  guard status != Int32(CT_OK.rawValue) else { return }
  let text = error.message.map { String(cString: $0) } ?? "no reason given"
  free(error.message)
  if status == Int32(CT_CALLBACK_FAILED.rawValue), let pending = CallbackError.take() { throw pending }
  throw status == Int32(CT_OUT_OF_MEMORY.rawValue) ? TorchError.outOfMemory(text) : TorchError.operationFailed(text)
}
