import Foundation
import ImageFiles
import ImageOutput
import Support
import SystemPackage

/// The host's images for the quiz.
///
/// What lies in a folder `real` is real and what lies in a folder `synthetic` is drawn, at whatever depth. Everything else
/// is real unless the file says that it was drawn, or bears the watermark. Links are not followed.
struct QuizFolder: Sendable {
  struct File: Sendable, Hashable {
    var path: String
    /// Whether it is a radiograph of a person, by its folder; nil if only the file can say so.
    var isReal: Bool?
  }

  /// An image as the quiz shows it.
  struct Picture: Sendable, Equatable {
    var isReal: Bool
    /// SHA-256 of the host's file.
    var hash: String
    /// A PNG of one grey channel without any text.
    var png: [UInt8]
  }

  /// Fewer real images make no quiz: one alone would be known again.
  static let minimum = 2
  /// Larger files are left out.
  static let sizeLimit = 256 << 20

  let files: [File]

  /// Lists the PNG, JPEG and DICOM files of a folder by their first bytes.
  ///
  /// - Throws: ``ServingError/quiz(path:reason:)`` for a folder that is not there, cannot be listed, or has fewer than two
  ///   images that may be real.
  init(_ path: String) throws(ServingError) {
    let root = FilePath(path)
    guard root.isFolder else { throw .quiz(path: path, reason: "there is no such folder") }
    var files: [File] = []
    var unlistable: String?
    func walk(_ folder: FilePath, isReal: Bool?) {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.string) else {
        unlistable = unlistable ?? folder.string
        return
      }
      for name in names.sorted() where !name.hasPrefix(".") {
        let entry = folder.appending(name)
        switch try? FileManager.default.attributesOfItem(atPath: entry.string)[.type] as? FileAttributeType {
        case .typeDirectory?:
          let label = ["real": true, "synthetic": false][name.lowercased()]
          walk(entry, isReal: label ?? isReal)
        case .typeRegular? where Self.isImage(entry.string): files.append(File(path: entry.string, isReal: isReal))
        default: break
        }
      }
    }
    walk(root, isReal: nil)
    if let unlistable { throw .quiz(path: unlistable, reason: "it cannot be listed") }
    guard !files.isEmpty else { throw .quiz(path: path, reason: "it holds no PNG, JPEG or DICOM file") }
    let real = files.count { $0.isReal != false }
    guard real >= Self.minimum else {
      throw .quiz(path: path, reason: "it holds \(real == 0 ? "no real image" : "one real image alone")")
    }
    self.files = files
  }

  private static func isImage(_ path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? handle.close() }
    guard let head = try? handle.read(upToCount: 132) else { return false }
    return OutputFormat(detecting: Array(head)) != nil
  }

  /// Reads a file and encodes its picture anew, so that nothing that the file says besides goes out: the largest centred
  /// square, at a side of `side` pixels.
  ///
  /// - Throws: `FileAccessError`, `ProvenanceError`, `ImageFileError` for a file that has gone or is no image.
  static func picture(_ file: File, side: Int, detector: WatermarkDetector) throws -> Picture {
    let bytes = Array(try BoundedFile.contents(of: file.path, limit: sizeLimit))
    let isReal: Bool
    if let known = file.isReal {
      isReal = known
    } else {
      let found = try ImageVerification(of: bytes, path: file.path, detector: detector)
      isReal = !found.saysSynthetic && !found.watermark.isFound
    }
    let picture = try GrayPlane(OutputFormat.picture(in: bytes)).square(size: side).grayscale
    return Picture(isReal: isReal, hash: ContentHash.of(bytes), png: try picture.pngBytes())
  }
}
