import Foundation
import Support
import SystemPackage
import TensorFiles
import Torch

extension ModelFolder {
  /// Writes a model folder that appears whole or not at all.
  ///
  /// - Parameters:
  ///   - weights: Tensors by path, for each part.
  ///   - card: The text of `README.md`.
  ///   - dtype: Number format of the weights on disk.
  ///   - overwrite: Whether a model that is there already is replaced. Nothing else is: neither a file nor a folder that
  ///     holds anything besides a model's files.
  /// - Throws: `OutputError` if the path is taken or the folder cannot be made; ``ModelError`` for a description that no
  ///   program could read back; `FileAccessError`; `TorchError`.
  public static func write(
    _ description: ModelDescription, weights: ModelWeights, card: String, dtype: DType = .float16,
    to path: String, overwrite: Bool = false
  ) throws {
    // Without the empty last part of "models/mine/".
    let given = FilePath(path)
    let target = FilePath(root: given.root, given.components)
    try description.check(path: target.appending(descriptionName).string)
    try requireFree(path, overwrite: overwrite)
    let parent = target.folder
    try parent.makeWritableFolder()
    let staging = parent.appending(".\(target.lastComponent?.string ?? "model").\(UUID().uuidString.prefix(8)).tmp")
    try staging.makeWritableFolder()
    defer { try? FileManager.default.removeItem(atPath: staging.string) }

    for part in ModelPart.all {
      let tensors = try (weights[part] ?? [:]).mapValues { $0.dtype.isFloatingPoint ? try $0.to(dtype) : $0 }
      try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: staging.appending(part.fileName).string)
    }
    try AtomicFile.write([UInt8](card.utf8), to: staging.appending(cardName).string)
    try AtomicFile.write([UInt8](description.json()), to: staging.appending(descriptionName).string)
    try writeHashes(in: staging)
    try publish(staging, as: target, overwrite: overwrite)
  }

  /// Refuses a path at which something is, unless it is a model folder that may be replaced.
  ///
  /// - Throws: `OutputError`.
  public static func requireFree(_ path: String, overwrite: Bool) throws {
    let target = FilePath(path)
    var status = stat()
    guard lstat(target.string, &status) == 0 else { return }
    guard overwrite else { throw OutputError.exists(path: target.string) }
    func refusal(_ reason: String) -> OutputError { .notReplaced(path: target.string, reason: reason) }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: break
    case S_IFLNK: throw refusal("a symbolic link, not a model folder")
    default: throw refusal("not a folder")
    }
    let contents: [String]
    do {
      contents = try FileManager.default.contentsOfDirectory(atPath: target.string).sorted()
    } catch {
      throw OutputError.folder(path: target.string, reason: "its contents cannot be listed")
    }
    let others = contents.filter { !fileNames.contains($0) }
    guard others.isEmpty else {
      let named = others.prefix(3).map { "'\($0.onOneLine(limit: 120))'" }.joined(separator: ", ")
      let more = others.count > 3 ? " and \(others.count - 3) others" : ""
      throw refusal("a folder with more than a model, \(named)\(more)")
    }
    guard contents.isEmpty || contents.contains(descriptionName) else {
      throw refusal("a folder without \(descriptionName), not a model")
    }
    for name in contents {
      guard lstat(target.appending(name).string, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw refusal("a folder in which '\(name)' is not a file")
      }
    }
  }

  /// Renames `staging` to `target`; what was there goes only once the new folder is in its place. Without `overwrite`
  /// nothing is replaced, not even what another process has put there since the path was found free.
  private static func publish(_ staging: FilePath, as target: FilePath, overwrite: Bool) throws {
    let former = FilePath(staging.string + ".former")
    if !overwrite {
      // A folder is never renamed over one that holds something, or over a file.
      guard rename(staging.string, target.string) != 0 else { return }
      throw target.isTaken
        ? OutputError.exists(path: target.string)
        : .folder(path: target.string, reason: String(cString: strerror(errno)))
    }
    let isThere = target.isTaken
    func failure() -> OutputError { .folder(path: target.string, reason: String(cString: strerror(errno))) }
    if isThere, rename(target.string, former.string) != 0 { throw failure() }
    guard rename(staging.string, target.string) == 0 else {
      let error = failure()
      if isThere { rename(former.string, target.string) }
      throw error
    }
    if isThere { try? FileManager.default.removeItem(atPath: former.string) }
  }
}
