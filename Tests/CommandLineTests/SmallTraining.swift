import Foundation
import ImageFiles
import Testing

/// A dataset that training's smallest networks take no long time with, and the commands to train on it.
enum SmallTraining {
  /// A dataset of a few small pictures, and a folder to work in.
  static func withDataset(_ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let source = folder.appendingPathComponent("source")
      try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
      for index in 0..<10 {
        let name = source.appendingPathComponent("image\(index)")
        let pixels = (0..<(64 * 64)).map { UInt8(($0 * (index + 1)) % 251) }
        try Data(GrayscaleImage(width: 64, height: 64, pixels: pixels).pngBytes())
          .write(to: name.appendingPathExtension("png"))
        try Data("FINDINGS: Image \(index).".utf8).write(to: name.appendingPathExtension("txt"))
      }
      let arguments = [
        "data", "import", "folder", "source", "--output", "dataset", "--size", "64", "--split", "60/20/20", "--quiet",
      ]
      #expect(try Program.run(arguments, in: folder).status == 0)
      try body(folder)
    }
  }

  static func arguments(_ stage: String = "vae", steps: Int = 100_000, _ more: String...) -> [String] {
    let settings = ["steps=\(steps)", "warmupSteps=0", "batchSize=1"] + (stage == "vae" ? ["cropSize=16"] : [])
    return ["train", stage, "--data", "dataset", "--output", "run", "--precision", "fp32", "--threads", "1"]
      + settings.flatMap { ["--set", $0] } + more
  }

  static func isThere(_ name: String, in folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
  }
}
