import Foundation
import RadiographData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes pixels into a dataset's shards, each image at its slot's place.
final class ShardWriter {
  private let folder: DatasetFolder
  private let imagesPerShard: Int
  private let bytesPerImage: Int
  /// Open shards by number.
  private var files: [Int: Int32] = [:]

  init(folder: DatasetFolder, settings: DatasetSettings) {
    self.folder = folder
    imagesPerShard = settings.imagesPerShard
    bytesPerImage = settings.imageSize * settings.imageSize
  }

  deinit {
    for file in files.values { close(file) }
  }

  func write(_ pixels: [UInt8], slot: Int) throws(DatasetError) {
    let (shard, index) = slot.quotientAndRemainder(dividingBy: imagesPerShard)
    let file = try open(shard: shard)
    let offset = index * bytesPerImage
    let complete = pixels.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let start = bytes.baseAddress.map { $0 + written }
        let count = pwrite(file, start, bytes.count - written, off_t(offset + written))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        written += count
      }
      return true
    }
    guard complete else { throw failure(shard) }
  }

  /// Returns when everything written is on disk.
  func synchronize() throws(DatasetError) {
    for (shard, file) in files where fsync(file) != 0 { throw failure(shard) }
  }

  /// Cuts the last shard to the images that are in the index, and removes shards that hold none of them.
  func truncate(imageCount: Int) throws(DatasetError) {
    let used = (imageCount + imagesPerShard - 1) / imagesPerShard
    if imageCount > 0 {
      let size = (imageCount - (used - 1) * imagesPerShard) * bytesPerImage
      guard ftruncate(try open(shard: used - 1), off_t(size)) == 0 else { throw failure(used - 1) }
    }
    var surplus = used
    while unlink(folder.shard(surplus).path) == 0 { surplus += 1 }
  }

  private func open(shard: Int) throws(DatasetError) -> Int32 {
    if let file = files[shard] { return file }
    let path = folder.shard(shard).path
    let file = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw .cannotCreate(path: path, reason: String(cString: strerror(errno))) }
    files[shard] = file
    return file
  }

  private func failure(_ shard: Int) -> DatasetError {
    .inputOutput(path: folder.shard(shard).path, reason: String(cString: strerror(errno)))
  }
}
