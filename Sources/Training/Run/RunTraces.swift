import Foundation

/// What a start makes in the folder of a run, so that one which fails before there is anything to go on from leaves
/// nothing behind.
struct RunTraces {
  /// The run's folder and those above it that are not there before the run's lock makes them, the innermost first.
  private let newFolders: [URL]
  /// Files and folders that are not there once the lock is taken, which no other process can make from then on.
  private var new: [URL] = []
  private var folder: RunFolder?

  /// Looks at the folder of a run before its lock is taken.
  init(before run: URL) {
    var missing: [URL] = []
    var place = run.standardizedFileURL
    while !FileManager.default.fileExists(atPath: place.path), place.path != "/" {
      missing.append(place)
      place = place.deletingLastPathComponent()
    }
    newFolders = missing
  }

  /// Looks at a stage's folder and at the files of all stages once the lock is taken.
  mutating func look(at folder: RunFolder, and files: [URL]) {
    self.folder = folder
    new = ([folder.folder] + files).filter { !FileManager.default.fileExists(atPath: $0.path) }
    // The lock's file is there already; it is this start's if the run's folder is.
    if !newFolders.isEmpty { new.append(RunLock.file(in: folder.url)) }
  }

  /// Removes what was not there before, unless something was encoded, which the next start goes on with.
  func remove() {
    guard let folder, !folder.isPrepared else { return }
    for url in new { try? FileManager.default.removeItem(at: url) }
    // Folders alone that are empty.
    for url in newFolders { rmdir(url.path) }
  }
}
