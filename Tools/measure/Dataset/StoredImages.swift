import Foundation
import ImageFiles
import RadiographData
import RadiographImport

/// A dataset of pictures that are all different.
enum StoredImages {
  static func make(_ count: Int, size: Int, folder: URL, dataset: URL) throws {
    let source = folder.appendingPathComponent("source")
    try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
    for index in 0..<count {
      let pixels = (0..<size * size).map { position in
        UInt8(truncatingIfNeeded: (position &* (index &+ 3)) >> 7 &+ index)
      }
      let image = try GrayscaleImage(width: size, height: size, pixels: pixels)
      let name = source.appendingPathComponent("image\(index)")
      try Data(image.pngBytes()).write(to: name.appendingPathExtension("png"))
      try Data("A picture.".utf8).write(to: name.appendingPathExtension("txt"))
    }
    var options = DatasetImport.Options()
    options.imageSize = size
    options.splitRule = .hash
    _ = try DatasetImport(FolderSource.list(source), into: dataset, options: options).run()
  }
}
