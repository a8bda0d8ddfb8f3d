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

  @Test func phantomsAndRadiographsDoNotMix() throws {
    try DataFixtures.withFolder { folder in
      try DataFixtures.writeImage(folder.appendingPathComponent("scans/1.png"), seed: 1)
      let scans = try FolderSource.list(folder.appendingPathComponent("scans"))
      let phantoms = try PhantomSource.list(count: 2, seed: 0)
      for (first, second, hasPhantoms) in [(scans, phantoms, false), (phantoms, scans, true)] {
        let output = folder.appendingPathComponent(hasPhantoms ? "phantoms" : "radiographs")
        let options = DataFixtures.options(size: 32)
        #expect(try DatasetImport(first, into: output, options: options).run().imported > 0)
        let before = try DataFixtures.contents(of: output)
        let error = DatasetError.mixedWithPhantoms(path: output.path, hasPhantoms: hasPhantoms)
        #expect(throws: error) { try DatasetImport(second, into: output, options: options).run() }
        let after = try DataFixtures.contents(of: output)
        #expect(after.rows == before.rows && after.pixels == before.pixels)
        #expect(try RadiographDataset.open(output).verify().isSound)
        // More of the same goes in.
        #expect(try DatasetImport(first, into: output, options: options).run().alreadyThere > 0)
      }
    }
  }

  @Test func imagesThatThoraxHasDrawnAreLeftOutUnlessAskedFor() throws {
    try DataFixtures.withFolder { folder in
      let source = folder.appendingPathComponent("scans")
      for (seed, name) in ["a.png", "b.png", "c.jpg", "d.png"].enumerated() {
        try DataFixtures.writeImage(source.appendingPathComponent(name), seed: seed)
      }
      let texts = [ImageText("thorax:synthetic", "true"), ImageText("thorax:seed", "7")]
      for (name, format) in [("b.png", ImageFormat.png), ("c.jpg", .jpeg)] {
        let file = source.appendingPathComponent(name)
        let image = try GrayscaleImage(decoding: Array(Data(contentsOf: file)))
        try Data(image.encoded(as: format, metadata: texts)).write(to: file)
      }
      // A text that speaks of it is no file of Thorax's.
      let other = source.appendingPathComponent("d.png")
      let image = try GrayscaleImage(decoding: Array(Data(contentsOf: other)))
      try Data(image.encoded(as: .png, metadata: [ImageText("Description", "not synthetic")])).write(to: other)
      var options = DataFixtures.options()
      let dataset = folder.appendingPathComponent("d")
      let summary = try DatasetImport(FolderSource.list(source), into: dataset, options: options).run()
      #expect(summary.imported == 2 && summary.synthetic == 0)
      #expect(summary.excluded.filter { $0.reason == .synthetic }.map(\.path) == ["b.png", "c.jpg"])
      options.allowsSynthetic = true
      let more = try DatasetImport(FolderSource.list(source), into: dataset, options: options).run()
      #expect(more.imported == 2 && more.alreadyThere == 2 && more.synthetic == 2)
      #expect(!more.excluded.contains { $0.reason == .synthetic })
    }
  }

  @Test func aNameThatIsNotTextIsSaidToBe() throws {
    try DataFixtures.withFolder { folder in
      try DataFixtures.writeImage(folder.appendingPathComponent("scans/a.png"), seed: 1)
      let bytes = Array((folder.path + "/scans/caf").utf8) + [0xE9] + Array(".png".utf8) + [0]
      let descriptor = open(bytes.map { CChar(bitPattern: $0) }, O_CREAT | O_WRONLY, 0o644)
      // Some file systems take no such name.
      guard descriptor >= 0 else { return }
      close(descriptor)
      let source = try FolderSource.list(folder.appendingPathComponent("scans"))
      #expect(source.entries.map(\.path) == ["a.png"])
      #expect(source.exclusions.map(\.reason) == [.unreadable])
      #expect(source.exclusions.first?.detail == "its name is not UTF-8: rename it")
    }
  }

  @Test func reasonsAreWordsAndNoTwoAreAlike() {
    let words = ImportExclusion.Reason.allCases.map(\.words)
    #expect(Set(words).count == words.count)
    #expect(words.allSatisfy { !$0.contains("-") && $0.contains { $0 == " " } || $0 == "unreadable" }, "\(words)")
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
