import Foundation
import GRDB
import Support

extension RadiographDataset {
  /// Copies the dataset, whole or not at all, so that more can be imported into the copy. No import may run meanwhile.
  ///
  /// Shards that nothing can be added to are shared with the copy where the file system has hard links.
  ///
  /// - Parameter url: The copy's folder, which is not there yet.
  /// - Throws: `DatasetError.cannotCreate`, or what is wrong with the index.
  public func copy(to url: URL) throws(DatasetError) {
    let manager = FileManager.default
    let unfinished = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).tmp")
    do {
      try? manager.removeItem(at: unfinished)
      try manager.createDirectory(at: unfinished, withIntermediateDirectories: true)
      let (from, to) = (DatasetFolder(url: self.url), DatasetFolder(url: unfinished))
      let index = try DatabaseQueue(path: to.index.path)
      try database.backup(to: index)
      try index.close()
      let size = settings.imagesPerShard
      for number in 0..<((storedImageCount + size - 1) / size) {
        let (source, target) = (from.shard(number), to.shard(number))
        let isFull = (number + 1) * size <= storedImageCount
        if isFull, (try? manager.linkItem(at: source, to: target)) != nil { continue }
        try manager.copyItem(at: source, to: target)
      }
      try manager.moveItem(at: unfinished, to: url)
    } catch let error as DatabaseError {
      throw .wrapping(error, path: self.url.path)
    } catch {
      try? manager.removeItem(at: unfinished)
      throw .cannotCreate(path: url.path, reason: error.localizedDescription)
    }
  }
}
