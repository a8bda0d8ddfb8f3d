import ArgumentParser
import Foundation
import RadiographData
import RadiographImport
import Support

/// Images a second from a folder of files into a dataset.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Import a folder of images several times; Benchmarks/dataset.py compares with Pillow.")

  @Argument(help: "A folder of PNG or JPEG images.", completion: .directory)
  var source: String

  @Option(help: "Width and height of the stored images.")
  var size = 256

  @Option(help: "Imports, each into a new dataset.")
  var rounds = 3

  @Option(help: "Where to put the datasets meanwhile.")
  var folder: String?

  func run() throws {
    let listing = try FolderSource.list(URL(fileURLWithPath: source))
    var options = DatasetImport.Options()
    options.imageSize = size
    for _ in 0..<rounds {
      try withNewFolder(in: folder) { folder in
        var imported = 0
        let time = try milliseconds {
          imported = try DatasetImport(
            listing, into: folder.appendingPathComponent("dataset"), options: options
          ).run().imported
        }
        report(
          "import", "\(imported) images",
          String(format: "%.0f ms  %.1f images/s", time, Double(imported) / time * 1000),
          "peak \(megabytes(peakMemoryBytes()))")
      }
    }
  }
}
