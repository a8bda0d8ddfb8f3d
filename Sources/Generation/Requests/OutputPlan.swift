import Foundation
import ImageOutput
import Support
import SystemPackage

/// One image that a call will make: which prompt, from which seed, into which file.
public struct PlannedImage: Equatable, Sendable {
  public var prompt: String
  public var promptIndex: Int
  /// Of several candidates the first one's.
  public var seed: UInt64
  public var path: String
  public var format: OutputFormat
}

/// Seeds and file names of every image of a call, decided before the first is drawn.
///
/// Image k (from 0, prompt by prompt) uses seed `S + k`; a row of a prompts file that names its own seed starts
/// there instead. An image that is chosen among N candidates takes N seeds. One image alone takes the path as given; several become `name-000.png`, `name-001.png`, ...
public struct OutputPlan: Equatable, Sendable {
  public static let defaultName = "cxr.png"
  /// More images than this in one call are taken for a mistake.
  public static let imageLimit = 100_000
  /// The most frames of one DICOM file.
  public static let frameLimit = 1_000

  public var images: [PlannedImage]

  /// Decides seeds and names.
  ///
  /// - Parameters:
  ///   - output: A file, or a folder when it ends in `/` or is one already.
  ///   - count: Images for each prompt.
  ///   - candidates: The number of images that each one is chosen from.
  ///   - areFrames: Whether all images of one prompt go into one DICOM file.
  /// - Throws: ``RequestError`` for numbers and names that cannot be; `OutputError` for a name that comes twice.
  public init(
    entries: [PromptEntry], count: Int, candidates: Int = 1, seed: UInt64, output: String?, areFrames: Bool = false
  ) throws {
    guard !entries.isEmpty else { throw RequestError.noPrompt }
    guard count >= 1, count <= Self.imageLimit else {
      throw RequestError.outOfRange(what: "count", value: "\(count)", allowed: "1 to \(Self.imageLimit)")
    }
    let (total, overflow) = entries.count.multipliedReportingOverflow(by: count)
    guard !overflow, total <= Self.imageLimit else {
      throw RequestError.outOfRange(
        what: "the number of images (\(entries.count.of("prompt")) x \(count))", value: "more than \(Self.imageLimit)",
        allowed: "fewer prompts or a smaller count")
    }
    try BestOf.check(candidates: candidates)
    guard total * candidates <= Self.imageLimit else {
      throw RequestError.outOfRange(
        what: "the number of images to draw (\(entries.count.of("prompt")) x \(count), each the best of \(candidates))",
        value: "more than \(Self.imageLimit)", allowed: "fewer prompts, a smaller count or a smaller best-of")
    }
    let base = Self.file(for: output ?? Self.defaultName)
    let folder = FilePath(base).folder
    let format = try OutputFormat(namedBy: base)
    if areFrames { try Self.checkFrames(entries, count: count, format: format) }

    // Numbers alone keep names apart: only names of a table are to be compared, which takes longer than all else here.
    let comparesNames = entries.contains { $0.output != nil }
    let (stem, suffix) = Self.parts(of: base)
    var images: [PlannedImage] = []
    var taken: Set<FilePath> = []
    images.reserveCapacity(total)
    for (promptIndex, entry) in entries.enumerated() {
      for copy in 0..<count {
        let index = images.count
        let start = entry.seed.map { (first: $0, offset: copy) } ?? (first: seed, offset: index)
        let (imageSeed, overflow) = start.first.addingReportingOverflow(UInt64(start.offset * candidates))
        guard !overflow, imageSeed <= .max - UInt64(candidates - 1) else {
          throw RequestError.outOfRange(
            what: "seed", value: "\(start.first)",
            allowed: "one that leaves room for \(total * candidates) images")
        }
        var image = PlannedImage(
          prompt: entry.prompt, promptIndex: promptIndex, seed: imageSeed, path: base, format: format)
        if let name = entry.output {
          let path = (folder == "." ? FilePath(name) : folder.appending(name)).string
          let (stem, suffix) = Self.parts(of: path)
          image.path = count == 1 ? path : Self.numbered(stem, copy, of: count) + suffix
          image.format = try OutputFormat(namedBy: path)
        } else if total > 1, !areFrames {
          image.path = Self.numbered(stem, index, of: total) + suffix
        }
        if comparesNames, !taken.insert(FilePath(image.path).lexicallyNormalized()).inserted {
          throw OutputError.duplicate(path: image.path)
        }
        images.append(image)
      }
    }
    self.images = images
  }

  private static func checkFrames(_ entries: [PromptEntry], count: Int, format: OutputFormat) throws(RequestError) {
    guard format == .dicom else {
      throw .conflict(
        "only DICOM has frames", remedy: "give --output a name that ends in .dcm, or leave --multi-frame out")
    }
    guard entries.count == 1, entries[0].output == nil else {
      throw .conflict(
        "the frames of one file are of one prompt", remedy: "give one prompt and --count, or leave --multi-frame out")
    }
    guard count <= frameLimit else {
      throw .outOfRange(what: "count", value: "\(count)", allowed: "1 to \(frameLimit) frames of one file")
    }
  }

  /// The folders that the images go into, each once, in order.
  public var folders: [FilePath] {
    // Paths are taken apart once for each spelling of a folder, since there may be very many.
    var spellings: Set<Substring> = []
    var folders: [FilePath] = []
    for path in images.map(\.path) {
      guard spellings.insert(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]).inserted else { continue }
      let folder = FilePath(path).folder
      if !folders.contains(folder) { folders.append(folder) }
    }
    return folders
  }

  /// Refuses files that are there already, unless `overwrite`: then only what is not a regular file.
  ///
  /// - Throws: `OutputError`.
  public func checkCollisions(overwrite: Bool) throws(OutputError) {
    for image in images { try FilePath(image.path).checkReplaceable(overwrite: overwrite) }
  }

  /// Does the same for the previews after every `interval` of `steps` steps, and sees that none of them is an image or
  /// the file of the latents.
  ///
  /// - Throws: `OutputError`.
  public func checkPreviews(
    every interval: Int, steps: Int, latents: String? = nil, overwrite: Bool
  ) throws(OutputError) {
    let taken = paths
    let latents = latents.map { FilePath($0).lexicallyNormalized() }
    for image in images {
      for step in stride(from: interval, to: steps, by: interval) {
        let path = FilePath(Self.previewPath(of: image, step: step))
        if taken.contains(path.lexicallyNormalized()) { throw .duplicate(path: path.string) }
        if path.lexicallyNormalized() == latents { throw .latentsOverAnother(path: path.string) }
        try path.checkReplaceable(overwrite: overwrite)
      }
    }
  }

  /// Does the same for a file of latents, which `overwrite` puts in place of such a file alone.
  ///
  /// - Throws: `OutputError`.
  public func checkLatents(_ path: String, overwrite: Bool) throws(OutputError) {
    let file = FilePath(path)
    if paths.contains(file.lexicallyNormalized()) { throw .latentsOverAnother(path: path) }
    try file.checkReplaceable(overwrite: overwrite)
    guard file.exists, !LatentsFile.isLatents(path: path) else { return }
    throw .notReplaced(path: path, reason: "not a file of latents")
  }

  private var paths: Set<FilePath> { Set(images.map { FilePath($0.path).lexicallyNormalized() }) }

  /// Makes the folders, so that a place that cannot be written is known before any work is spent.
  ///
  /// - Throws: `OutputError`.
  public func makeFolders() throws {
    for folder in folders { try folder.makeWritableFolder() }
  }

  /// The file of a preview of `image`, beside it.
  public static func previewPath(of image: PlannedImage, step: Int) -> String {
    let (stem, suffix) = parts(of: image.path)
    return "\(stem)-step-\(padded(step, to: 3))\(suffix)"
  }

  private static func padded(_ number: Int, to width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private static func file(for output: String) -> String {
    output.hasSuffix("/") || FilePath(output).isFolder ? FilePath(output).appending(defaultName).string : output
  }

  private static func numbered(_ stem: String, _ index: Int, of total: Int) -> String {
    "\(stem)-\(padded(index, to: max(3, String(total - 1).count)))"
  }

  /// The path before its extension, and the extension with its dot.
  private static func parts(of path: String) -> (stem: String, suffix: String) {
    let suffix = FilePath(path).extension.map { ".\($0)" } ?? ""
    return (String(path.dropLast(suffix.count)), suffix)
  }
}

extension OutputFormat {
  /// The format that a file's extension asks for.
  ///
  /// - Throws: ``RequestError/imageExtension(path:)`` for any other.
  init(namedBy path: String) throws {
    guard let format = OutputFormat(pathExtension: FilePath(path).extension ?? "") else {
      throw RequestError.imageExtension(path: path)
    }
    self = format
  }
}
