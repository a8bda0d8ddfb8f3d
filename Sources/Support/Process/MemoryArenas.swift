import Foundation

/// The areas that the C library's `malloc` takes memory from.
public enum MemoryArenas {
  /// Lets all threads take memory from one area. Call it before a second thread is there.
  ///
  /// glibc gives each thread an area of its own, made of parts of at most 64 MB, and gives a part that has become empty
  /// back to the system. The steps of a training fill and empty many of them: clearing their pages took a third of the
  /// processor time of a step of small networks, and a quarter more memory stayed resident. Other C libraries have no such
  /// areas.
  ///
  /// - Returns: Whether the C library took the setting.
  @discardableResult
  public static func useOne() -> Bool {
    #if os(Linux)
      // `mallopt` and `M_ARENA_MAX` of `malloc.h`, which Swift's module of the C library leaves out.
      guard let symbol = dlsym(nil, "mallopt") else { return false }
      let mallopt = unsafeBitCast(symbol, to: (@convention(c) (CInt, CInt) -> CInt).self)
      return mallopt(-8, 1) == 1
    #else
      return false
    #endif
  }
}
