import ArgumentParser
import Foundation
import ImageFiles
import ImageOutput
import Support

struct WatermarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watermark",
    abstract: "Mark pictures that have no watermark, for Benchmarks/watermark.py.",
    discussion: "Prints the least peak signal-to-noise ratio, and the milliseconds that a picture takes.")

  @Argument(help: "Folder of PNG or JPEG files, searched to its depth.", completion: .directory)
  var folder: String

  @Argument(help: "Folder to write PNG files to.", completion: .directory)
  var output: String

  @Option(help: "At most so many.")
  var limit = 1_000

  func run() throws {
    let watermark = Watermark(payload: [0x12, 0xAB, 0xFE])
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    var least = Double.infinity
    var seconds = 0.0
    let files = try ImagesCommand.files(below: folder).prefix(limit)
    for (index, path) in files.enumerated() {
      let picture = try GrayscaleImage(decoding: [UInt8](ImageFormat.fileContents(path)))
      let start = processorSeconds
      let marked = watermark.marked(picture)
      seconds += processorSeconds - start
      let squares = zip(picture.pixels, marked.pixels).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
      least = min(least, 10 * log10(255 * 255 * Double(picture.pixels.count) / squares))
      let name = String(format: "%05d.png", index)
      try Data(marked.encoded(as: .png)).write(to: URL(fileURLWithPath: output).appendingPathComponent(name))
    }
    print("\(files.count) pictures, at least \(least) dB, \(seconds * 1000 / Double(max(files.count, 1))) ms each")
  }
}
