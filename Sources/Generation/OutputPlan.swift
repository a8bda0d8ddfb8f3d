import Foundation
import ImageFiles

/// Why an image cannot be put where it was asked for.
public enum OutputError: Error, Equatable, CustomStringConvertible {
  case exists(path: String)
  case isDirectory(path: String)
  case folder(path: String, reason: String)
  /// Two images of one call would land in the same file.
  case duplicate(path: String)

  public var description: String {
    switch self {
    case .exists(let path): "'\(path)' exists: choose another name, or replace it with --overwrite"
    case .isDirectory(let path): "'\(path)' is a folder: end it in / to write into it"
    case .folder(let path, let reason): "cannot create files in '\(path)' (\(reason)): choose a folder you may write to"
    case .duplicate(let path): "two images would be written to '\(path)': give each its own name"
    }
  }
}

/// One image that a call will make: which prompt, from which seed, into which file.
public struct PlannedImage: Equatable, Sendable {
  public var prompt: String
  public var promptIndex: Int
  public var seed: UInt64
  public var path: String
  public var format: ImageFormat
}

/// Seeds and file names of every image of a call, decided before the first is drawn.
///
/// Image k (from 0, prompt by prompt) uses seed `S + k`; a row of a prompts file that names its own seed starts
/// there instead. One image alone takes the path as given; several become `name-000.png`, `name-001.png`, ...
public struct OutputPlan: Equatable, Sendable {
  public static let defaultName = "cxr.png"
  /// More images than this in one call are taken for a slip.
  public static let imageLimit = 100_000

  public var images: [PlannedImage]

  /// - Parameters:
  ///   - output: A file, or a folder when it ends in `/` or is one already.
  ///   - count: Images for each prompt.
  public init(entries: [PromptEntry], count: Int, seed: UInt64, output: String?) throws {
    guard !entries.isEmpty else { throw RequestError.noPrompt }
    guard count >= 1, count <= Self.imageLimit else {
      throw RequestError.outOfRange(what: "count", value: "\(count)", allowed: "1 to \(Self.imageLimit)")
    }
    let (total, overflow) = entries.count.multipliedReportingOverflow(by: count)
    guard !overflow, total <= Self.imageLimit else {
      throw RequestError.outOfRange(
        what: "the number of images (\(entries.count) prompts x \(count))", value: "more than \(Self.imageLimit)",
        allowed: "fewer prompts or a smaller count")
    }
    let base = Self.file(for: output ?? Self.defaultName)
    let folder = PathName.folder(of: base)
    let format = try ImageFormat(namedBy: base)

    var images: [PlannedImage] = []
    var taken: Set<String> = []
    images.reserveCapacity(total)
    for (promptIndex, entry) in entries.enumerated() {
      for copy in 0..<count {
        let index = images.count
        let start = entry.seed.map { (first: $0, offset: copy) } ?? (first: seed, offset: index)
        let (imageSeed, overflow) = start.first.addingReportingOverflow(UInt64(start.offset))
        guard !overflow else {
          throw RequestError.outOfRange(
            what: "seed", value: "\(start.first)", allowed: "one that leaves room for \(total) images")
        }
        var image = PlannedImage(
          prompt: entry.prompt, promptIndex: promptIndex, seed: imageSeed, path: base, format: format)
        if let name = entry.output {
          let path = PathName.joined(folder, name)
          image.path = count == 1 ? path : Self.numbered(path, copy, of: count)
          image.format = try ImageFormat(namedBy: path)
        } else if total > 1 {
          image.path = Self.numbered(base, index, of: total)
        }
        guard taken.insert(PathName.normalized(image.path)).inserted else {
          throw OutputError.duplicate(path: image.path)
        }
        images.append(image)
      }
    }
    self.images = images
  }

  /// The folders that the images go into, each once, in order.
  public var folders: [String] {
    var seen: Set<String> = []
    return images.map { PathName.folder(of: $0.path) }.filter { seen.insert($0).inserted }
  }

  /// Refuses files that are there already, unless `overwrite`.
  public func checkCollisions(overwrite: Bool) throws {
    for image in images { try Self.checkCollision(image.path, overwrite: overwrite) }
  }

  /// Refuses a file that is there already, unless `overwrite`.
  public static func checkCollision(_ path: String, overwrite: Bool) throws {
    // `lstat`, so that a dangling link counts as a file that is there.
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if PathName.isFolder(path) { throw OutputError.isDirectory(path: path) }
    if !overwrite { throw OutputError.exists(path: path) }
  }

  /// Makes the folders, so that a place that cannot be written is known before any work is spent.
  public func makeFolders() throws {
    for folder in folders { try Self.makeWritable(folder: folder) }
  }

  /// The file of a preview of `image`, beside it.
  public static func previewPath(of image: PlannedImage, step: Int) -> String {
    "\(PathName.removingExtension(image.path))-step-\(padded(step, to: 3)).\(PathName.extension(of: image.path))"
  }

  private static func padded(_ number: Int, to width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  static func makeWritable(folder: String) throws {
    try make(folder: folder, for: folder)
    guard access(folder, W_OK | X_OK) == 0 else {
      throw OutputError.folder(path: folder, reason: String(cString: strerror(errno)))
    }
  }

  /// `mkdir -p`, with the system's own reason where it fails.
  private static func make(folder: String, for wanted: String) throws {
    if mkdir(folder, 0o777) == 0 { return }
    var reason = errno
    if reason == ENOENT, folder != PathName.folder(of: folder) {
      try make(folder: PathName.folder(of: folder), for: wanted)
      if mkdir(folder, 0o777) == 0 { return }
      reason = errno
    }
    if reason == EEXIST {
      if PathName.isFolder(folder) { return }
      reason = ENOTDIR
    }
    throw OutputError.folder(path: wanted, reason: String(cString: strerror(reason)))
  }

  private static func file(for output: String) -> String {
    output.hasSuffix("/") || PathName.isFolder(output) ? PathName.joined(output, defaultName) : output
  }

  private static func numbered(_ path: String, _ index: Int, of total: Int) -> String {
    let number = padded(index, to: max(3, String(total - 1).count))
    return "\(PathName.removingExtension(path))-\(number).\(PathName.extension(of: path))"
  }
}

extension ImageFormat {
  /// The format that a file's extension asks for.
  ///
  /// - Throws: ``RequestError/imageExtension(path:)`` for any other.
  init(namedBy path: String) throws {
    guard let format = ImageFormat(pathExtension: PathName.extension(of: path)) else {
      throw RequestError.imageExtension(path: path)
    }
    self = format
  }
}
