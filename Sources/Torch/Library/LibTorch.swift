import CTorch
import Foundation
import Support

/// The LibTorch library: opened once, when the first tensor is made.
public enum LibTorch {
  /// Opens LibTorch if nothing has yet.
  ///
  /// May be called from any number of threads at once: one opens the library, the others wait for it. Opening takes
  /// longer than all else before the first tensor, so a program does well to begin it early, on another thread.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if it cannot be opened, then and at every later call.
  public static func load() throws { _ = try api() }

  /// LibTorch's version, such as `2.11.0`.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public static func version() throws -> String { String(cString: try api().pointee.functions.version()) }

  /// How many tensors and generators Swift holds a reference to: the test that nothing leaks.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public static func liveHandles() throws -> Int { Int(try api().pointee.functions.live_handles()) }

  /// The part of ``liveHandles()`` that the calling thread has made and not released.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public static func liveHandlesOfThread() throws -> Int {
    Int(try api().pointee.functions.live_handles_of_thread())
  }

  /// Sets how many threads one operation may use.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public static func setThreads(_ count: Int) throws {
    try api().pointee.functions.set_threads(Int32(clamping: max(1, count)))
  }

  /// How many threads one operation may use.
  ///
  /// - Throws: ``TorchError/libraryUnavailable(_:)`` if LibTorch cannot be opened.
  public static func threads() throws -> Int { Int(try api().pointee.functions.threads()) }

  static func api() throws -> UnsafePointer<ct_api> { try opened.get().pointer }

  /// Immutable after loading, hence safe to share.
  private struct Opened: @unchecked Sendable {
    var pointer: UnsafePointer<ct_api>
  }

  private static let opened: Result<Opened, TorchError> = {
    let environment = ProcessInfo.processInfo.environment
    let libtorch = environment["THORAX_LIBTORCH"].flatMap { $0.isEmpty ? nil : $0 }
    var message: UnsafeMutablePointer<CChar>?
    guard let api = ct_load(libtorch, ProgramLibrary.path("ctorch"), &message) else {
      let reason = message.map { String(cString: $0) } ?? "unknown reason"
      free(message)
      return .failure(.libraryUnavailable(reason))
    }
    return .success(Opened(pointer: api))
  }()
}
