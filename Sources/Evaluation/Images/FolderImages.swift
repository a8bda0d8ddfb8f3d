import Foundation
import ImageFiles
import Support

/// The PNG and JPEG files of a folder and of the folders below it, in the order of their names, with a table of their
/// prompts if there is one. Colour becomes grey, and 16 bits become 8.
///
/// The bytes of every file are hashed when the set is made, and again when an image is read: a folder that changes while
/// it is measured is noticed.
public struct FolderImages: ImageSet {
  private struct File: Sendable {
    var name: String
    var hash: String
    var facts: ImageFacts
  }

  public let title: String
  /// Width and height that images are brought to; nil leaves them as they are.
  public let size: Int?
  public let contentHash: String
  private let folder: URL
  private let files: [File]
  /// Whether it has every image of the folder, and not only those of a table.
  private let isWhole: Bool

  public var count: Int { files.count }

  /// - Parameters:
  ///   - path: The folder. Folders below it are read too; links are not followed.
  ///   - table: What is known of the images. Images that it does not name are left out; an image that it names and that
  ///     is not there is an error.
  ///   - size: Width and height that images are brought to: the largest centred square, bilinear, grey values as they
  ///     are.
  /// - Throws: ``MeasurementError`` if there is no folder, one that cannot be listed, or no image in it, or if the table
  ///   names what is not there; `FileAccessError`.
  public init(path: String, table: PromptTable? = nil, size: Int? = nil) throws {
    folder = URL(fileURLWithPath: path)
    title = path
    self.size = size
    isWhole = table == nil
    let names = try Self.names(in: folder, path: path)
    if let table {
      let known = Set(names)
      files = try table.rows.map { row in
        guard known.contains(row.image) else {
          throw MeasurementError.notInFolder(table: table.path, name: row.image, folder: path)
        }
        return try Self.file(row.image, in: URL(fileURLWithPath: path), facts: row.facts)
      }
    } else {
      files = try names.map { try Self.file($0, in: URL(fileURLWithPath: path), facts: ImageFacts()) }
    }
    guard !files.isEmpty else { throw MeasurementError.noImages(path: path) }
    contentHash = ContentHash.of(
      listing: Dictionary(files.map { ($0.name, $0.hash) }, uniquingKeysWith: { first, _ in first }))
  }

  private static func file(_ name: String, in folder: URL, facts: ImageFacts) throws -> File {
    File(name: name, hash: try ContentHash.ofFile(folder.appendingPathComponent(name).path), facts: facts)
  }

  private static func names(in folder: URL, path: String) throws -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw MeasurementError.missing(path: path)
    }
    guard isFolder.boolValue else { throw MeasurementError.notFolder(path: path) }
    var names: [String] = []
    var unlistable: String?
    // Folder by folder: one that cannot be listed is named, and one that has gone meanwhile held nothing.
    func walk(_ below: String) {
      let place = below.isEmpty ? path : folder.appendingPathComponent(below).path
      guard let entries = try? FileManager.default.contentsOfDirectory(atPath: place) else {
        if FileManager.default.fileExists(atPath: place) { unlistable = unlistable ?? place }
        return
      }
      for entry in entries where !entry.hasPrefix(".") {
        let name = below.isEmpty ? entry : "\(below)/\(entry)"
        let kind = try? FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(name).path)[.type]
        if kind as? FileAttributeType == .typeDirectory {
          walk(name)
        } else if ImageFormat(pathExtension: (name as NSString).pathExtension) != nil {
          names.append(name)
        }
      }
    }
    walk("")
    if let unlistable { throw MeasurementError.unlistable(path: unlistable) }
    return names.sorted()
  }

  public func name(at index: Int) -> String { files[index].name }

  public func facts(at index: Int) -> ImageFacts { files[index].facts }

  /// The image's path.
  public func path(at index: Int) -> String { folder.appendingPathComponent(files[index].name).path }

  public func image(at index: Int) throws -> GrayscaleImage { try sizedImage(at: index).image }

  /// An image, and whether it was made larger to have ``size``.
  private func sizedImage(at index: Int) throws -> (image: GrayscaleImage, isEnlarged: Bool) {
    let file = files[index]
    let path = path(at: index)
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try ImageFormat.fileContents(path))
    } catch {
      throw MeasurementError.changed(path: title, name: file.name)
    }
    guard ContentHash.of(bytes) == file.hash else { throw MeasurementError.changed(path: title, name: file.name) }
    do {
      let decoded = try bytes.withUnsafeBytes { try DecodedImage(decoding: $0) }
      guard let size, decoded.width != size || decoded.height != size else { return (decoded.grayscale, false) }
      let image = try ImagePreprocessing(size: size, intensity: .none)(decoded)
      return (image, min(decoded.width, decoded.height) < size)
    } catch let error as ImageFileError {
      throw MeasurementError.unreadableImage(path: path, reason: "\(error)")
    }
  }

  /// Refuses a set whose images have several sizes, or are all of one grey.
  ///
  /// - Returns: A sentence about each thing that makes figures of the images say less.
  /// - Throws: ``MeasurementError``; what reading throws.
  @discardableResult
  public func requireOneSize() throws -> [String] {
    var first: GrayscaleImage?
    var (flat, enlarged) = (0, 0)
    var different: Set<String> = []
    for index in 0..<count {
      let (image, isEnlarged) = try sizedImage(at: index)
      if isEnlarged { enlarged += 1 }
      if Self.isFlat(image) { flat += 1 }
      different.insert(ContentHash.of(image.pixels))
      if let first, first.width != image.width || first.height != image.height {
        throw MeasurementError.sizesDiffer(
          path: title, name: files[index].name, found: [image.width, image.height],
          expected: [first.width, first.height])
      }
      if first == nil { first = image }
    }
    guard flat < count else { throw MeasurementError.flat(path: title, count: count) }
    let repeated = count - different.count
    return [
      enlarged > 0
        ? "\(enlarged) of \(count) images are smaller than \(size.map { "\($0)x\($0)" } ?? "") and are enlarged: they are "
          + "blurred." : nil,
      flat > 0 ? "\(flat) of \(count) images are of one grey." : nil,
      repeated > 0 ? "\(repeated) of \(count) images repeat another, pixel by pixel." : nil,
    ].compactMap { $0 }
  }

  private func pixelHashes() throws -> [String] {
    try (0..<count).map { ContentHash.of(try image(at: $0).pixels) }
  }

  private static func isFlat(_ image: GrayscaleImage) -> Bool { image.pixels.allSatisfy { $0 == image.pixels[0] } }

  /// Refuses a set whose images are all of one grey.
  ///
  /// - Throws: ``MeasurementError/flat(path:count:)``; what reading throws.
  public func requireContrast() throws {
    for index in 0..<count where try !Self.isFlat(image(at: index)) { return }
    throw MeasurementError.flat(path: title, count: count)
  }

  /// Refuses a set of which half or more are images of another, pixel by pixel.
  ///
  /// - Returns: How many are.
  /// - Throws: ``MeasurementError/identical(path:images:other:)``; what reading throws.
  public func requireOthers(than other: FolderImages) throws -> Int {
    let known = Set(try other.pixelHashes())
    let same = try pixelHashes().count { known.contains($0) }
    guard same * 2 < count else { throw MeasurementError.identical(path: title, images: same, other: other.title) }
    return same
  }

  /// Refuses a folder that has other images now than when the set was made.
  ///
  /// - Throws: ``MeasurementError/changed(path:name:)`` with the first file that differs.
  public func requireUnchanged() throws {
    for file in files {
      let hash = try? ContentHash.ofFile(folder.appendingPathComponent(file.name).path)
      guard hash == file.hash else { throw MeasurementError.changed(path: title, name: file.name) }
    }
    guard isWhole else { return }
    let known = Set(files.map(\.name))
    if let added = try Self.names(in: folder, path: title).first(where: { !known.contains($0) }) {
      throw MeasurementError.changed(path: title, name: added)
    }
  }
}
