import Foundation
import ImageFiles
import Support

/// Images that features are computed of, one at a time: never all of them in memory.
public protocol FeatureImages: Sendable {
  /// What reports call the set.
  var source: String { get }
  /// A hash of each image's content, in the order of the images.
  var hashes: [String] { get }

  /// - Throws: `FeatureError` for an image that cannot be read, or is not the one that was hashed.
  func image(at index: Int) throws -> GrayscaleImage
}

extension FeatureImages {
  public var count: Int { hashes.count }
}

/// The PNG and JPEG files of a folder, not of the folders in it, in the order of their names. Colour becomes grey, and 16
/// bits become 8.
public struct ImageFolder: FeatureImages {
  public let source: String
  public let paths: [String]
  public let hashes: [String]

  /// Lists the folder and hashes its files.
  ///
  /// - Throws: ``FeatureError/noImages(folder:)``, `FileAccessError` for a file that cannot be read.
  public init(path: String) throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let paths =
      names
      .filter { name in name.split(separator: ".").last.flatMap { ImageFormat(pathExtension: String($0)) } != nil }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .map { path + (path.hasSuffix("/") ? "" : "/") + $0 }
    guard !paths.isEmpty else { throw FeatureError.noImages(folder: path) }
    try self.init(source: path, paths: paths)
  }

  /// Files from anywhere.
  ///
  /// - Parameter source: What reports call them.
  /// - Throws: `FileAccessError` for a file that cannot be read.
  public init(source: String, paths: [String]) throws {
    self.source = source
    self.paths = paths
    hashes = try paths.map { try ContentHash.ofFile($0) }
  }

  public func image(at index: Int) throws -> GrayscaleImage {
    let path = paths[index]
    do {
      let data = try ImageFormat.fileContents(path)
      guard data.withUnsafeBytes({ ContentHash.of($0) }) == hashes[index] else {
        throw FeatureError.changed(path: path)
      }
      return try data.withUnsafeBytes { bytes in
        Result { () throws(ImageFileError) in try GrayscaleImage(decoding: bytes) }
      }.get()
    } catch let error as ImageFileError {
      throw FeatureError.unreadable(path: path, error)
    }
  }
}
