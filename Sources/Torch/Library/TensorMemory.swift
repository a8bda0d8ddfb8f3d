import CTorch

/// How much memory tensors take, counted for the whole process.
///
/// On a CPU these are the bytes that LibTorch asked for, exactly, from any thread: values, gradients, what is kept for
/// the backward pass, and the working memory of its operations. Tensors over memory of others, such as mapped files, are
/// not in it. On an NVIDIA GPU they are the bytes of LibTorch's allocator in use, as `torch.cuda.memory_allocated` has
/// them, which come in blocks.
public enum TensorMemory {
  /// The bytes in use on `device` now; nil if its allocator keeps no count, or there is no such device.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public static func liveBytes(on device: Device = .cpu) throws -> Int? { try counts(device)?.live }

  /// The most bytes that were in use on `device` at a time since the start or ``resetPeak(on:)``; nil if its allocator
  /// keeps no count, or there is no such device.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public static func peakBytes(on device: Device = .cpu) throws -> Int? { try counts(device)?.peak }

  /// Begins anew: the peak becomes what is in use now. Does nothing where there is no count.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public static func resetPeak(on device: Device = .cpu) throws {
    _ = try LibTorch.api().pointee.functions.reset_peak_memory(device.code)
  }

  /// The bytes in use on the CPU after every allocation of some work: how its memory rises and falls.
  ///
  /// One caller at a time traces; allocations of other threads are in the trace too.
  ///
  /// - Parameter work: Calls the given function to begin the trace anew.
  /// - Returns: The bytes since the last beginning, in order; empty if there were more than 2^20 allocations.
  /// - Throws: What `work` throws; ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public static func trace(_ work: (_ begin: @escaping () -> Void) throws -> Void) throws -> [Int] {
    let functions = try LibTorch.api().pointee.functions
    let buffer = UnsafeMutableBufferPointer<Int64>.allocate(capacity: 1 << 20)
    defer {
      _ = functions.trace_memory(nil, 0)
      buffer.deallocate()
    }
    func begin() { _ = functions.trace_memory(buffer.baseAddress, buffer.count) }
    begin()
    try work(begin)
    let count = functions.trace_memory(nil, 0)
    return count > buffer.count ? [] : buffer.prefix(count).map { Int($0) }
  }

  private static func counts(_ device: Device) throws -> (live: Int, peak: Int)? {
    let functions = try LibTorch.api().pointee.functions
    var (live, peak): (Int64, Int64) = (0, 0)
    return functions.memory(device.code, &live, &peak) ? (Int(live), Int(peak)) : nil
  }
}
