import Foundation

/// The libraries of the program's own that it opens when it first needs them, so that one which needs none never pays
/// for their start.
public enum ProgramLibrary {
  /// The path of a library that lies beside the program, or beside the test bundle; its file name alone if none does,
  /// which leaves the search to the system.
  ///
  /// - Parameter name: Without `lib` and ending, such as `ctorch`.
  public static func path(_ name: String) -> String {
    #if os(macOS)
      let file = "lib\(name).dylib"
    #else
      let file = "lib\(name).so"
    #endif
    guard let image = imagePath() else { return file }
    var folder = URL(fileURLWithPath: image).deletingLastPathComponent()
    // A test bundle on macOS is a folder three levels deep.
    for _ in 0..<4 {
      let candidate = folder.appendingPathComponent(file).path
      if FileManager.default.fileExists(atPath: candidate) { return candidate }
      folder.deleteLastPathComponent()
    }
    return file
  }

  /// The program's own file, or the library's that this code is part of, without links.
  private static func imagePath() -> String? {
    #if os(Linux)
      return try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    #else
      var info = Dl_info()
      guard dladdr(#dsohandle, &info) != 0, let resolved = realpath(info.dli_fname, nil) else { return nil }
      defer { free(resolved) }
      return String(cString: resolved)
    #endif
  }
}
