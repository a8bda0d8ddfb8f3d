import Foundation
import ImageFiles
import RadiographData
import RadiographImport
import Support

@testable import Training

/// Small pictures of patients, two of each: a patient is a pattern of 4 x 4 grey patches, in every picture of which lies
/// something as bright somewhere else, under other noise and another contrast.
struct PatientsDataset {
  let root: URL
  let dataset: RadiographDataset

  /// - Parameter single: How many further patients have one picture.
  init(patients: Int = 90, single: Int = 10) throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-patients-\(UUID())")
    let folder = root.appendingPathComponent("source")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var random = SplitMix64(seed: 11)
    var entries: [ImportEntry] = []
    for patient in 0..<patients + single {
      let pattern = (0..<16).map { _ in random.next(below: 70) }
      for number in 0..<(patient < patients ? 2 : 1) {
        let (left, top) = (random.next(below: 24), random.next(below: 24))
        let contrast = 60 + random.next(below: 40)
        let pixels = (0..<(32 * 32)).map { position -> UInt8 in
          let (x, y) = (position % 32, position / 32)
          var value = 40 + pattern[y / 8 * 4 + x / 8] + random.next(below: 20)
          if (left..<left + 8).contains(x), (top..<top + 8).contains(y) { value += 90 }
          return UInt8(min(value * contrast / 100, 255))
        }
        let file = folder.appendingPathComponent("\(patient)-\(number).png")
        try Data(GrayscaleImage(width: 32, height: 32, pixels: pixels).pngBytes()).write(to: file)
        entries.append(
          ImportEntry(
            path: file.lastPathComponent, file: file, patient: "\(patient)", study: "\(number)",
            attributes: RadiographAttributes(labels: [:]), sections: []))
      }
    }
    let source = ImportSource(
      name: "patients", kind: "table", licence: "none", attribution: "none", vocabulary: [], root: folder,
      entries: entries, exclusions: [])
    var options = DatasetImport.Options()
    options.imageSize = 32
    options.split = try SplitFractions("60/40/0")
    _ = try DatasetImport(source, into: root.appendingPathComponent("dataset"), options: options).run()
    dataset = try RadiographDataset.open(root.appendingPathComponent("dataset"))
  }

  /// What a stage sees of it; validation looks at all images.
  func data() throws -> StageData {
    let validation = try PixelBatches(dataset, split: .validation, withoutTexts: true)
    return StageData(
      training: try PixelBatches(dataset, split: .train, withoutTexts: true), validation: validation,
      validated: Array(validation.records.indices))
  }

  func run(_ name: String) -> URL { root.appendingPathComponent(name) }

  func remove() { try? FileManager.default.removeItem(at: root) }
}
