import ArgumentParser
import Foundation
import ImageFiles

/// Measures how images become bytes of a dataset.
struct ImagesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "images",
    abstract: "Measure how images become bytes of a dataset.",
    discussion: "docs/data-images.md holds the figures; Benchmarks/images.py compares with Pillow.",
    subcommands: [StoreCommand.self, ReductionCommand.self])

  /// The PNG and JPEG files below a folder, by name.
  ///
  /// - Throws: `ImageFileError.unreadable` if there is none.
  static func files(below folder: String) throws -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    let files = names.filter { ImageFormat(pathExtension: ($0 as NSString).pathExtension) != nil }.sorted()
    guard !files.isEmpty else { throw ImageFileError.unreadable(path: folder, reason: "it holds no PNG or JPEG files") }
    return files.map { folder + "/" + $0 }
  }
}
