import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The pixel shards of a dataset, mapped into memory for reading.
///
/// Unchecked: the mappings are made once, never written through, and unmapped when the last reference goes.
package final class MappedShards: @unchecked Sendable {
  private let bytesPerImage: Int
  private let imagesPerShard: Int
  private var mappings: [UnsafeRawBufferPointer] = []

  /// - Throws: `DatasetError.damaged` if a shard is shorter than the images that the index says it holds.
  package init(folder: DatasetFolder, settings: DatasetSettings, imageCount: Int) throws(DatasetError) {
    bytesPerImage = settings.imageSize * settings.imageSize
    imagesPerShard = settings.imagesPerShard
    var mapped = 0
    while mapped < imageCount {
      let url = folder.shard(mappings.count)
      let bytes = min(imageCount - mapped, imagesPerShard) * bytesPerImage
      mappings.append(try Self.map(url, bytes: bytes, folder: folder))
      mapped += imagesPerShard
    }
  }

  deinit {
    for mapping in mappings { munmap(UnsafeMutableRawPointer(mutating: mapping.baseAddress), mapping.count) }
  }

  /// The pixels of one image. The pointer is good as long as `self` is.
  package subscript(slot: Int) -> UnsafeBufferPointer<UInt8> {
    let (shard, index) = slot.quotientAndRemainder(dividingBy: imagesPerShard)
    let range = (index * bytesPerImage)..<((index + 1) * bytesPerImage)
    return UnsafeRawBufferPointer(rebasing: mappings[shard][range]).bindMemory(to: UInt8.self)
  }

  private static func map(
    _ url: URL, bytes: Int, folder: DatasetFolder
  ) throws(DatasetError) -> UnsafeRawBufferPointer {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .damaged(path: folder.path, reason: "\(url.lastPathComponent): \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, Int(status.st_size) >= bytes else {
      throw .damaged(
        path: folder.path, reason: "\(url.lastPathComponent) has \(status.st_size) of \(bytes) bytes")
    }
    guard let start = mmap(nil, bytes, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
      throw .inputOutput(path: url.path, reason: String(cString: strerror(errno)))
    }
    return UnsafeRawBufferPointer(start: start, count: bytes)
  }
}
