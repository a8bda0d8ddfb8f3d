import Foundation
import ImageFiles
import RadiographModels
import Testing

@testable import Evaluation
@testable import RadiographData
@testable import RadiographImport

@Suite("Sets of radiographs to measure on")
struct RadiographSetsTests {
  /// A dataset of the two sources, 60 patients of each, every patient's image of one grey value.
  private static func makeDataset(
    in root: URL, adults: String = "nih", hasChildren: Bool = true
  ) throws -> RadiographDataset {
    let pictures = root.appendingPathComponent("pictures")
    try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
    var options = DatasetImport.Options()
    options.imageSize = 64
    options.split = try SplitFractions("50/25/25")
    let folder = root.appendingPathComponent("dataset")
    for (source, labels, vocabulary) in [
      (adults, ["No Finding", "Pneumonia", "Effusion"], ["No Finding", "Pneumonia", "Effusion"]),
      ("kermany", ["Normal", "Pneumonia"], ["Normal", "Pneumonia"]),
    ] where source != "kermany" || hasChildren {
      var entries: [ImportEntry] = []
      for patient in 0..<60 {
        let name = "\(source)-\(patient).png"
        let pixels = (0..<64 * 64).map { UInt8(($0 * (patient + 3) + source.count * 31) % 251) }
        let file = pictures.appendingPathComponent(name)
        try Data(GrayscaleImage(width: 64, height: 64, pixels: pixels).pngBytes()).write(to: file)
        let age: Double = source == "kermany" ? 3 : patient % 6 == 0 ? 9 : 50
        entries.append(
          ImportEntry(
            path: name, file: file, patient: "\(patient)", study: "0",
            attributes: RadiographAttributes(
              labels: [labels[patient % labels.count]: .positive], vocabulary: vocabulary, view: .anteroposterior,
              age: AgeRange(age)), sections: []))
      }
      let list = ImportSource(
        name: source, kind: source, licence: "CC0-1.0", attribution: "", vocabulary: vocabulary, root: pictures,
        entries: entries, exclusions: [])
      _ = try DatasetImport(list, into: folder, options: options).run()
    }
    return try RadiographDataset.open(folder)
  }

  @Test("held-out images are of other patients, adults are of age, kinds follow labels")
  func sets() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-sets-\(UUID())")
    defer { try? FileManager.default.removeItem(at: root) }
    let archive = try RadiographSets(
      Self.makeDataset(in: root.appendingPathComponent("archive"), adults: "hospital"), minimum: 10)
    #expect(archive.adultSources == ["hospital"] && archive.hasChildren && archive.heldOutAdults.count > 10)
    let alone = try RadiographSets(
      Self.makeDataset(in: root.appendingPathComponent("alone"), adults: "hospital", hasChildren: false), minimum: 10)
    #expect(!alone.hasChildren && alone.heldOutChildren.isEmpty && alone.adultNames == "hospital")
    #expect(alone.training.contains { alone.kind(of: $0) == .init(isChild: false, hasPneumonia: true) })
    let sets = try RadiographSets(Self.makeDataset(in: root), minimum: 10)
    #expect(sets.training.count + sets.heldOutAdultSource.count + sets.heldOutChildren.count == 120)
    let trained = Set(sets.training.map(\.patient))
    #expect(!(sets.heldOutAdultSource + sets.heldOutChildren).contains { trained.contains($0.patient) })
    #expect(sets.heldOutAdults.count < sets.heldOutAdultSource.count)
    #expect((sets.heldOutAdults + sets.trainingAdults).allSatisfy { ($0.attributes.age?.lower ?? 0) >= 18 })
    #expect(sets.trainingChildren.allSatisfy { $0.source == "kermany" })

    for record in sets.training + sets.heldOutAdultSource + sets.heldOutChildren {
      let kind = sets.kind(of: record)
      let isAdult = record.source == "nih" && (record.attributes.age?.lower ?? 0) >= 18
      switch record.attributes.positives.first {
      case "Pneumonia" where isAdult: #expect(kind == .init(isChild: false, hasPneumonia: true))
      case "No Finding" where isAdult: #expect(kind == .init(isChild: false, hasPneumonia: false))
      case "Pneumonia" where record.source == "kermany": #expect(kind == .init(isChild: true, hasPneumonia: true))
      case "Normal": #expect(kind == .init(isChild: true, hasPneumonia: false))
      default: #expect(kind == nil)
      }
    }
    let thumbnails = try sets.thumbnails(of: Array(sets.training.prefix(3)), size: 32)
    let expected = try GrayImages([sets.dataset.image(of: sets.training[2])]).thumbnails(size: 32)
    #expect(Array(thumbnails[2]) == expected.pixels)
    let examples = try sets.examples(of: sets.trainingAdults + sets.trainingChildren)
    #expect(examples.images.count == examples.kinds.count && examples.images.width == RadiographClassifier.side)

    let found = sets.training.count { $0.source == "nih" }
    #expect(throws: MeasurementError.tooFewImages(source: "nih", use: "for training", found: found, minimum: 1000)) {
      try RadiographSets(sets.dataset, minimum: 1000)
    }
  }
}
