import Foundation
import ImageFiles
import SystemPackage

/// Pictures in files, for reading what is in them.
public enum PhantomImages {
  /// The paths of pictures: files as they are given, of folders the PNG and JPEG files in the order of their names,
  /// without the previews of `thorax generate --preview-every`.
  ///
  /// - Throws: `PhantomError.missing`, or `.noImages` for a folder without any.
  public static func paths(_ given: [String]) throws(PhantomError) -> [String] {
    var paths: [String] = []
    for path in given {
      guard FilePath(path).isTaken else { throw .missing(path: path) }
      guard FilePath(path).isFolder else {
        paths.append(path)
        continue
      }
      let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { name in
        let parts = FilePath(name)
        return !name.hasPrefix(".") && ImageFormat(pathExtension: parts.extension ?? "") != nil
          && parts.stem?.contains(#/-step-\d+$/#) != true
      }
      guard !names.isEmpty else { throw .noImages(path: path) }
      paths += names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { FilePath(path).appending($0).string }
    }
    return paths
  }

  /// What is in each picture, read on all cores.
  ///
  /// - Throws: `PhantomError` for the first picture that is not there or cannot be decoded.
  public static func read(_ paths: [String]) throws -> [PhantomReading] {
    let results = OrderedResults<Result<PhantomReading, any Error>>(count: paths.count)
    DispatchQueue.concurrentPerform(iterations: paths.count) { position in
      results[position] = Result { PhantomReader.read(try image(paths[position])) }
    }
    return try results.values.map { try $0.get() }
  }

  private static func image(_ path: String) throws(PhantomError) -> GrayscaleImage {
    guard FilePath(path).isTaken else { throw .missing(path: path) }
    do {
      return try DecodedImage(contentsOf: path).grayscale
    } catch {
      throw .unreadableImage(path: path, reason: error.withoutPath)
    }
  }
}

extension ImageFileError {
  /// The description, without the path that `PhantomError` names already.
  fileprivate var withoutPath: String {
    if case .unreadable(_, let reason) = self { return "\(reason): give a PNG or a JPEG file" }
    return description
  }
}
