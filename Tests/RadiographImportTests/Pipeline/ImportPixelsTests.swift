import Foundation
import ImageFiles
import RadiographTestSupport
import Testing

@testable import RadiographData
@testable import RadiographImport

/// A disc of some radius on a plane, drawn and never a file.
private struct Disc: ImportPixels {
  enum Failure: Error, CustomStringConvertible {
    case noRadius
    var description: String { "a disc without a radius" }
  }

  let radius: Int

  func plane() throws -> GrayPlane {
    guard radius > 0 else { throw Failure.noRadius }
    let values = (0..<(80 * 60)).map { position -> Float in
      let (x, y) = (position % 80 - 40, position / 80 - 30)
      return x * x + y * y < radius * radius ? 3000 + Float(x) : Float(position % 97)
    }
    return try GrayPlane(width: 80, height: 60, values: values)
  }

  func image(_ preprocessing: ImagePreprocessing, limits: ImageLimits) throws -> ImportedImage {
    try ImportedImage(drawn: plane(), preprocessing)
  }
}

/// Pixels of another size than they were asked for.
private struct WrongSize: ImportPixels {
  func image(_ preprocessing: ImagePreprocessing, limits: ImageLimits) throws -> ImportedImage {
    let image = try GrayscaleImage(width: 8, height: 8, pixels: [UInt8](repeating: 7, count: 64))
    return ImportedImage(PreparedImage(image: image, originalWidth: 8, originalHeight: 8), contentHash: "00")
  }
}

@Suite struct ImportPixelsTests {
  private func source(_ pixels: [any ImportPixels]) -> ImportSource {
    ImportSource(
      name: "discs", kind: "phantom", licence: "CC0-1.0", attribution: "", vocabulary: ["Mass"], root: nil,
      entries: pixels.enumerated().map { index, pixels in
        ImportEntry(
          path: "disc-\(index)", pixels: pixels, patient: "\(index)", study: "\(index)",
          attributes: RadiographAttributes(labels: ["Mass": .positive], view: .frontal),
          sections: [TextSection(name: "caption", text: "A disc.")])
      }, exclusions: [])
  }

  @Test func aProceduralSourceNeedsNoFile() throws {
    try DataFixtures.withFolder { folder in
      let discs = [5, 9, 14, 20, 26].map { Disc(radius: $0) }
      let output = folder.appendingPathComponent("dataset")
      let options = DataFixtures.options(size: 32, batchSize: 2)
      let summary = try DatasetImport(source(discs), into: output, options: options).run()
      #expect(summary.imported == 5 && summary.excluded.isEmpty)
      let dataset = try RadiographDataset.open(output)
      let records = try dataset.records()
      #expect(records.map(\.path) == (0..<5).map { "disc-\($0)" })
      #expect(records.allSatisfy { $0.originalSize?.width == 80 && $0.originalSize?.height == 60 })
      for (record, disc) in zip(records, discs) {
        #expect(try dataset.image(of: record) == dataset.settings.preprocessing(disc.plane()))
      }
      #expect(try dataset.verify().isSound)
      // Nothing is drawn twice, and nothing but the dataset was written.
      #expect(try DatasetImport(source(discs), into: output).run().alreadyThere == 5)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["dataset"])
    }
  }

  @Test func theSameDrawingIsADuplicate() throws {
    try DataFixtures.withFolder { folder in
      let discs = [Disc(radius: 9), Disc(radius: 20), Disc(radius: 9)]
      let summary = try DatasetImport(source(discs), into: folder, options: DataFixtures.options()).run()
      #expect(summary.excluded.map(\.reason) == [.duplicate] && summary.excluded.map(\.path) == ["disc-2"])
      #expect(try RadiographDataset.open(folder).storedImageCount == 2)
    }
  }

  @Test func aProcedureThatFailsIsListed() throws {
    try DataFixtures.withFolder { folder in
      let pixels: [any ImportPixels] = [Disc(radius: 0), Disc(radius: 9), WrongSize()]
      let summary = try DatasetImport(source(pixels), into: folder, options: DataFixtures.options()).run()
      #expect(summary.imported == 1)
      #expect(
        summary.excluded == [
          ImportExclusion(path: "disc-0", reason: .unreadable, detail: "a disc without a radius"),
          ImportExclusion(path: "disc-2", reason: .unreadable, detail: "8 x 8 pixels, not 32 a side"),
        ])
    }
  }

  @Test func aDrawingsHashIsOfItsSidesAndValues() throws {
    let preprocessing = ImagePreprocessing(size: 16)
    func hash(_ width: Int, _ height: Int, _ last: Float) throws -> String {
      let values = (0..<(width * height - 1)).map { Float($0) } + [last]
      let plane = try GrayPlane(width: width, height: height, values: values)
      return try ImportedImage(drawn: plane, preprocessing).contentHash
    }
    let hashes = try [hash(20, 30, 1), hash(30, 20, 1), hash(20, 30, 2)]
    #expect(Set(hashes).count == 3 && hashes.allSatisfy { $0.count == 64 })
    #expect(try hash(20, 30, 1) == hashes[0])
  }
}
