import ArgumentParser
import Foundation
import ImageFiles
import Support

struct ReductionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reduction",
    abstract: "Measure what a JPEG that is reduced while it is decoded saves and changes.",
    discussion: """
      For each reduction: the time of decoding, the largest difference, and the share of bytes that differ from those \
      of decoding in full.
      """)

  @Argument(help: "Folder of JPEG files, searched to its depth.", completion: .directory)
  var folder: String

  @Argument(help: "Width and height of the prepared images.")
  var size = 256

  func validate() throws {
    guard size > 0 else { throw ValidationError("size \(size): give a whole number above 0") }
  }

  func run() throws {
    let preprocessing = ImagePreprocessing(size: size)
    let files = try ImagesCommand.files(below: folder)
    print("shorter side kept | files reduced | ms to decode, whole | reduced | largest difference | off by 1 | by more")
    for factor in [1.0, 1.5, 2, 3, 4] {
      var reduced = 0
      var largest = 0
      var counts = (all: 0, one: 0, more: 0)
      var times = (whole: 0.0, reduced: 0.0)
      for path in files {
        let data = try ImageFormat.fileContents(path)
        let start = processorSeconds
        let whole = try data.withUnsafeBytes { try DecodedImage(decoding: $0) }
        let middle = processorSeconds
        let small = try data.withUnsafeBytes {
          try DecodedImage(decoding: $0, minimumSide: Int(factor * Double(preprocessing.size)))
        }
        if small.width == whole.width { continue }
        reduced += 1
        times.reduced += processorSeconds - middle
        times.whole += middle - start
        for (one, other) in zip(try preprocessing(whole).pixels, try preprocessing(small).pixels) {
          let difference = abs(Int(one) - Int(other))
          largest = max(largest, difference)
          counts.all += 1
          counts.one += difference == 1 ? 1 : 0
          counts.more += difference > 1 ? 1 : 0
        }
      }
      let share = { (count: Int) in
        String(format: "%.4f %%", 100 * Double(count) / Double(max(counts.all, 1)))
      }
      let milliseconds = { (seconds: Double) in String(format: "%.1f", 1000 * seconds / Double(max(reduced, 1))) }
      print(
        "\(factor) x size | \(reduced) | \(milliseconds(times.whole)) | \(milliseconds(times.reduced)) | \(largest)"
          + " | \(share(counts.one)) | \(share(counts.more))")
    }
  }
}
