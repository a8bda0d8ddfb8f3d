import Foundation

extension AtomicFile {
  /// Removes the temporary files of writers that were killed. Those of a live writer would go as well: call it where
  /// no other program writes.
  ///
  /// - Parameter folder: the folder that was written to; what lies below it is left alone.
  public static func removeLeftovers(in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where isTemporary(name) { try? FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
  }

  /// Whether a name is one that `AtomicFile` gives: `.NAME.PROCESS-RANDOM.tmp`.
  private static func isTemporary(_ name: String) -> Bool {
    name.wholeMatch(of: /\..+\.[0-9]+-[0-9a-z]+\.tmp/) != nil
  }
}
