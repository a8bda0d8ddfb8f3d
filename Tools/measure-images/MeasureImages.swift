import Dispatch
import Foundation
import ImageFiles
import Synchronization

/// Measures how images become bytes of a dataset. `Benchmarks/images.py` calls it beside Pillow.
///
///     measure-images store FOLDER OUTPUT [SIZE [ROUNDS]]   decode, resample and write every file, on all cores
///     measure-images reduction FOLDER [SIZE]               what reducing a JPEG while decoding it changes
@main
enum MeasureImages {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      switch (arguments.first, arguments.count) {
      case ("store", 3...5):
        try store(
          folder: arguments[1], output: arguments[2], preprocessing: preprocessing(arguments.dropFirst(3).first),
          rounds: max(1, arguments.dropFirst(4).first.flatMap { Int($0) } ?? 1))
      case ("reduction", 2...3):
        try measureReduction(folder: arguments[1], preprocessing: preprocessing(arguments.dropFirst(2).first))
      default:
        report("usage: measure-images store FOLDER OUTPUT [SIZE [ROUNDS]] | reduction FOLDER [SIZE]")
        exit(64)
      }
    } catch {
      report("error: \(error)")
      exit(1)
    }
  }

  private static func preprocessing(_ size: String?) -> ImagePreprocessing {
    ImagePreprocessing(size: size.flatMap { Int($0) } ?? 256)
  }

  private static func report(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }

  /// PNG and JPEG files below a folder, by name.
  private static func files(below folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { ImageFormat(pathExtension: ($0 as NSString).pathExtension) != nil }.sorted()
      .map { folder + "/" + $0 }
  }

  /// Prints seconds for each round; the output holds the squares one behind another.
  private static func store(folder: String, output: String, preprocessing: ImagePreprocessing, rounds: Int) throws {
    let files = files(below: folder)
    guard !files.isEmpty else { throw ImageFileError.unreadable(path: folder, reason: "it holds no PNG or JPEG files") }
    var seconds: [Double] = []
    for _ in 0..<rounds {
      let start = DispatchTime.now()
      let results = Mutex<[Int: Result<GrayscaleImage, ImageFileError>]>([:])
      guard FileManager.default.createFile(atPath: output, contents: nil),
        let file = FileHandle(forWritingAtPath: output)
      else {
        throw ImageFileError.unreadable(path: output, reason: "it cannot be written")
      }
      // As an import does: a batch at a time, decoded on all cores, written in order.
      for batch in stride(from: 0, to: files.count, by: 128) {
        let names = files[batch..<min(batch + 128, files.count)]
        DispatchQueue.concurrentPerform(iterations: names.count) { index in
          let result = Result { () throws(ImageFileError) in try prepared(names[batch + index], preprocessing) }
          results.withLock { $0[index] = result }
        }
        for index in 0..<names.count {
          if let image = try results.withLock({ $0[index] })?.get() { try file.write(contentsOf: image.pixels) }
        }
      }
      try file.close()
      seconds.append(Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9)
    }
    print("{\"files\": \(files.count), \"seconds\": \(seconds)}")
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

  /// Seconds of the processor so far.
  private static var processorTime: Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

  /// For each reduction the time of decoding, the largest and the share of differing bytes, against decoding in full.
  private static func measureReduction(folder: String, preprocessing: ImagePreprocessing) throws {
    print("shorter side kept | files reduced | ms to decode, whole | reduced | largest difference | off by 1 | by more")
    for factor in [1.0, 1.5, 2, 3, 4] {
      var reduced = 0
      var largest = 0
      var counts = (all: 0, one: 0, more: 0)
      var times = (whole: 0.0, reduced: 0.0)
      for path in files(below: folder) {
        let data = try ImageFormat.fileContents(path)
        let start = processorTime
        let whole = try data.withUnsafeBytes { try DecodedImage(decoding: $0) }
        let middle = processorTime
        let small = try data.withUnsafeBytes {
          try DecodedImage(decoding: $0, minimumSide: Int(factor * Double(preprocessing.size)))
        }
        if small.width == whole.width { continue }
        reduced += 1
        times.reduced += processorTime - middle
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
