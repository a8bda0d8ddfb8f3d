import Foundation

/// A folder of its own for a test, removed when the object goes.
public final class TemporaryFolder {
  public let url: URL

  /// Makes the folder.
  ///
  /// - Throws: What the system says if it cannot be made.
  public init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  /// The path of a name in the folder.
  public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// Every name in the folder, hidden ones too.
  ///
  /// - Throws: What the system says if the folder cannot be listed.
  public func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
}
