import ArgumentParser
import Foundation
import ImageFiles
import RadiographData
import RadiographImport

/// Precision and recall of the perceptual hash on pairs that are known.
struct NearDuplicatesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "near-duplicates",
    abstract: "Compare images with changed copies of themselves, and with all others.",
    discussion: """
      Every image is changed in each of the ways below, and the change counts as found where at most --threshold bits \
      of the hashes differ. All pairs of different images are compared too; found ones are listed.
      """)

  @Argument(help: "Folders of PNG or JPEG images.", completion: .directory)
  var folders: [String]

  @Option(help: "Of each folder, at most so many images, evenly spread.")
  var limit = 2_000

  @Option(help: "Bits that may differ (default: the importer's).")
  var threshold = PerceptualHash.threshold

  private static let size = 256

  private enum Change: String, CaseIterable {
    case jpeg60 = "JPEG of quality 60"
    case jpeg30 = "JPEG of quality 30"
    case half = "half the size"
    case larger = "1.5 times the size"
    case brighter = "gamma 0.8"
    case darker = "gamma 1.3"
    case contrast = "contrast 1.3, clipped"
    case shift1 = "shifted by 1 %"
    case shift2 = "shifted by 2 %"
    case crop1 = "1 % cut from every side"
    case crop2 = "2 % cut from every side"
    case crop4 = "4 % cut from every side"
  }

  func run() throws {
    var names: [String] = []
    var hashes: [PerceptualHash] = []
    var distances: [Change: [Int]] = [:]
    for folder in folders {
      let source = try FolderSource.list(URL(fileURLWithPath: folder))
      let step = max(1, source.entries.count / limit)
      for (index, entry) in source.entries.enumerated() where index % step == 0 {
        guard let file = entry.file, let image = try? GrayscaleImage(contentsOf: file.path),
          let hash = try hash(image)
        else { continue }
        names.append(entry.path)
        hashes.append(hash)
        if names.count % 4 != 0 { continue }
        for change in Change.allCases {
          guard let changed = try self.hash(Self.apply(change, image)) else { continue }
          distances[change, default: []].append(hash.distance(to: changed))
        }
      }
    }
    print("recall at \(threshold) of 255 bits, \(names.count) images, every fourth changed")
    var (found, all) = (0, 0)
    for change in Change.allCases {
      let values = (distances[change] ?? []).sorted()
      guard let most = values.last else { continue }
      let recalled = values.count { $0 <= threshold }
      found += recalled
      all += values.count
      report(
        change.rawValue, String(format: "%.4f", Double(recalled) / Double(values.count)),
        "median \(values[values.count / 2]), most \(most)")
    }
    report("all changes", String(format: "%.4f", Double(found) / Double(max(all, 1))))
    comparePairs(names, hashes)
  }

  private func comparePairs(_ names: [String], _ hashes: [PerceptualHash]) {
    var histogram = [Int](repeating: 0, count: 256)
    var alike: [String] = []
    for (first, hash) in hashes.enumerated() {
      for second in (first + 1)..<max(hashes.count, first + 1) {
        let distance = hash.distance(to: hashes[second])
        histogram[distance] += 1
        if distance <= threshold { alike.append("  \(names[first]) and \(names[second]): \(distance)") }
      }
    }
    print("pairs of different files: \(histogram.reduce(0, +)), found \(alike.count)")
    for line in alike.prefix(100) { print(line) }
    let least = histogram.indices.filter { histogram[$0] > 0 && $0 > threshold }.prefix(5)
    print("least distances above: " + least.map { "\($0) (\(histogram[$0]) pairs)" }.joined(separator: ", "))
  }

  private func hash(_ image: GrayscaleImage) throws -> PerceptualHash? {
    let stored = try GrayPlane(image).square(size: Self.size).minMaxNormalized().grayscale
    return PerceptualHash(stored)
  }

  private static func apply(_ change: Change, _ image: GrayscaleImage) throws -> GrayscaleImage {
    let (width, height) = (image.width, image.height)
    return switch change {
    case .jpeg60: try GrayscaleImage(decoding: image.jpegBytes(quality: 60))
    case .jpeg30: try GrayscaleImage(decoding: image.jpegBytes(quality: 30))
    case .half: try GrayPlane(image).resized(width: width / 2, height: height / 2).grayscale
    case .larger: try GrayPlane(image).resized(width: width * 3 / 2, height: height * 3 / 2).grayscale
    case .brighter: try mapped(image) { pow($0, 0.8) }
    case .darker: try mapped(image) { pow($0, 1.3) }
    case .contrast: try mapped(image) { min(max(($0 - 0.5) * 1.3 + 0.5, 0), 1) }
    case .shift1: try moved(image, x: width / 100, y: -height / 100, cut: 0)
    case .shift2: try moved(image, x: -width / 50, y: height / 50, cut: 0)
    case .crop1: try moved(image, x: 0, y: 0, cut: 0.01)
    case .crop2: try moved(image, x: 0, y: 0, cut: 0.02)
    case .crop4: try moved(image, x: 0, y: 0, cut: 0.04)
    }
  }

  private static func mapped(_ image: GrayscaleImage, _ curve: (Double) -> Double) throws -> GrayscaleImage {
    let table = (0..<256).map { UInt8((curve(Double($0) / 255) * 255).rounded()) }
    return try GrayscaleImage(width: image.width, height: image.height, pixels: image.pixels.map { table[Int($0)] })
  }

  /// Shifted, the border going on, or with a part cut from every side.
  private static func moved(_ image: GrayscaleImage, x: Int, y: Int, cut: Double) throws -> GrayscaleImage {
    let (left, top) = (Int(Double(image.width) * cut), Int(Double(image.height) * cut))
    let (width, height) = (image.width - 2 * left, image.height - 2 * top)
    var pixels: [UInt8] = []
    for row in 0..<height {
      for column in 0..<width {
        pixels.append(
          image[
            min(max(column + left - x, 0), image.width - 1), min(max(row + top - y, 0), image.height - 1)])
      }
    }
    return try GrayscaleImage(width: width, height: height, pixels: pixels)
  }
}
