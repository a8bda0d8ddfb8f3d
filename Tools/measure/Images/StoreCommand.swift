import ArgumentParser
import Dispatch
import Foundation
import ImageFiles
import Synchronization

struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store",
    abstract: "Decode, resample and write every image of a folder, on all cores.",
    discussion: "Prints the number of files and the seconds for each round as JSON.")

  @Argument(help: "Folder of PNG and JPEG files, searched to its depth.", completion: .directory)
  var folder: String

  @Argument(help: "File to write the squares to, one after another.")
  var output: String

  @Argument(help: "Width and height of the squares.")
  var size = 256

  @Argument(help: "Rounds.")
  var rounds = 1

  func validate() throws {
    guard size > 0 else { throw ValidationError("size \(size): give a whole number above 0") }
    guard rounds > 0 else { throw ValidationError("rounds \(rounds): give a whole number above 0") }
  }

  func run() throws {
    let files = try ImagesCommand.files(below: folder)
    var seconds: [Double] = []
    for _ in 0..<rounds { seconds.append(try milliseconds { try store(files) } / 1000) }
    print("{\"files\": \(files.count), \"seconds\": \(seconds)}")
  }

  /// As an import does: a batch at a time, decoded on all cores, written in order.
  private func store(_ files: [String]) throws {
    let results = Mutex<[Int: Result<GrayscaleImage, ImageFileError>]>([:])
    guard FileManager.default.createFile(atPath: output, contents: nil), let file = FileHandle(forWritingAtPath: output)
    else {
      throw ImageFileError.unreadable(path: output, reason: "it cannot be written")
    }
    let preprocessing = ImagePreprocessing(size: size)
    for batch in stride(from: 0, to: files.count, by: 128) {
      let names = files[batch..<min(batch + 128, files.count)]
      DispatchQueue.concurrentPerform(iterations: names.count) { index in
        let result = Result { () throws(ImageFileError) in
          try Self.prepared(names[batch + index], preprocessing)
        }
        results.withLock { $0[index] = result }
      }
      for index in 0..<names.count {
        if let image = try results.withLock({ $0[index] })?.get() { try file.write(contentsOf: image.pixels) }
      }
    }
    try file.close()
  }

  private static func prepared(
    _ path: String, _ preprocessing: ImagePreprocessing
  ) throws(ImageFileError) -> GrayscaleImage {
    let data = try ImageFormat.fileContents(path)
    let result = data.withUnsafeBytes { bytes in
      Result { () throws(ImageFileError) in try preprocessing(decoding: bytes).image }
    }
    return try result.get()
  }
}
