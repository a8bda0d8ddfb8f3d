import Foundation
import ImageFiles
import RadiographData
import Support

@testable import RadiographImport
@testable import Training

/// Eighty small pictures: a bright lower half is an effusion, a dark spot above it a mass, which is marked. Of the mass half
/// of the labels say nothing, and some are not sure.
struct LabelledDataset {
  let root: URL
  let dataset: RadiographDataset

  /// - Parameters:
  ///   - sources: The images are divided among them.
  ///   - imageSize: That of the dataset; files are 32 pixels wide and high.
  init(sources: [String] = ["labelled"], imageSize: Int = 32) throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-labelled-\(UUID())")
    let folder = root.appendingPathComponent("source")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var random = SplitMix64(seed: 5)
    let entries = try (0..<80).map { index in
      let (effusion, mass) = (random.next(below: 2) == 1, random.next(below: 2) == 1)
      let column = random.next(below: 20)
      let pixels = (0..<(32 * 32)).map { position -> UInt8 in
        let (x, y) = (position % 32, position / 32)
        var value = 60 + random.next(below: 60)
        if effusion, y >= 20 { value += 90 }
        if mass, (4..<14).contains(y), (column..<column + 10).contains(x) { value -= 60 }
        return UInt8(value)
      }
      let file = folder.appendingPathComponent("\(index).png")
      try Data(GrayscaleImage(width: 32, height: 32, pixels: pixels).pngBytes()).write(to: file)
      var labels: [String: LabelState] = effusion ? ["Effusion": .positive] : [:]
      if index % 2 == 0 { labels["Mass"] = index % 10 == 0 ? .uncertain : mass ? .positive : .negative }
      let part = 1 / 32.0
      let mark = AnnotatedBox(
        label: "Mass", annotator: ImageFinding.chestXDet,
        box: ImageBox(x: Double(column) * part, y: 4 * part, width: 10 * part, height: 10 * part))
      var entry = ImportEntry(
        path: "\(index).png", file: file, patient: "\(index)", study: "\(index)",
        attributes: RadiographAttributes(labels: labels), sections: [])
      if mass { entry.boxes = [mark] }
      return entry
    }
    var options = DatasetImport.Options()
    options.imageSize = imageSize
    options.split = try SplitFractions("60/40/0")
    for (place, name) in sources.enumerated() {
      let own = entries.enumerated().filter { $0.offset % sources.count == place }.map(\.element)
      let source = ImportSource(
        name: name, kind: "table", licence: "none", attribution: "none", vocabulary: ["Effusion"], root: folder,
        entries: own, exclusions: [])
      _ = try DatasetImport(source, into: root.appendingPathComponent("dataset"), options: options).run()
    }
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
