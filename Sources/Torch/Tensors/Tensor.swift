import CTorch

/// An array of numbers with a shape, a type and a device: one reference to LibTorch's tensor.
///
/// Not `Sendable`: all tensors of a model belong to one thread. Results leave as Swift arrays.
public final class Tensor {
  let handle: OpaquePointer

  /// Takes over the handle that a function of the shim has returned.
  init(owning handle: OpaquePointer?) throws {
    guard let handle else { throw TorchError.operationFailed("no tensor was made") }
    self.handle = handle
  }

  deinit {
    if let api = try? LibTorch.api() { api.pointee.functions.tensor_release(handle) }
  }

  /// Takes over a list of handles and frees the list itself.
  static func list(owning list: UnsafeMutablePointer<OpaquePointer?>?, count: Int) throws -> [Tensor] {
    guard let list else { return [] }
    defer { if let api = try? LibTorch.api() { api.pointee.functions.list_free(list) } }
    return try (0..<count).map { try Tensor(owning: list[$0]) }
  }

  // A tensor exists only once the table is there, so looking it up again cannot fail.
  private var functions: ct_functions? { (try? LibTorch.api())?.pointee.functions }

  /// The sizes of the dimensions.
  public var shape: [Int] {
    guard let functions else { return [] }
    return Array(unsafeUninitializedCapacity: functions.rank(handle)) { buffer, count in
      count = buffer.count
      if let base = buffer.baseAddress { functions.sizes(handle, base) }
    }
  }

  /// How far apart the elements of each dimension lie, in elements.
  public var strides: [Int] {
    guard let functions else { return [] }
    var result = [Int](repeating: 0, count: functions.rank(handle))
    functions.strides(handle, &result)
    return result
  }

  /// How many elements it has.
  public var count: Int { shape.reduce(1, *) }

  public var dtype: DType {
    (functions?.dtype(handle)).flatMap { DType(code: $0) } ?? .float32
  }

  public var device: Device {
    functions.map { Device(code: $0.device(handle)) } ?? .cpu
  }

  public func isContiguous(_ format: MemoryFormat = .contiguous) -> Bool {
    functions?.is_contiguous(handle, format.code) ?? false
  }

  /// Whether gradients are recorded for it.
  public var requiresGrad: Bool { functions?.requires_grad(handle) ?? false }
}

/// The order in which a four-dimensional tensor lies in memory.
public enum MemoryFormat: Sendable {
  case contiguous
  /// Channels vary fastest (NHWC): the layout in which convolutions on a CPU are fastest.
  case channelsLast

  var code: Int32 {
    switch self {
    case .contiguous: Int32(CT_CONTIGUOUS.rawValue)
    case .channelsLast: Int32(CT_CHANNELS_LAST.rawValue)
    }
  }
}
