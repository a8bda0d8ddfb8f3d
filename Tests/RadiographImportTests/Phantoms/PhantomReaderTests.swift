import Foundation
import ImageFiles
import RadiographTestSupport
import Support
import TestBasics
import Testing

@testable import RadiographImport

/// How often readings of many phantoms are wrong.
private struct ReadingErrors {
  var unlike = 0
  var presence = 0
  var side = 0
  var zone = 0
  var effusion = 0
  var device = 0
  /// Heart ratios more than 0.03 off.
  var heart = 0
  var diameter = 0.0
  var level = 0.0

  init(
    seed: UInt64, count: Int, size: Int = 64, _ change: (GrayscaleImage) throws -> GrayscaleImage = { $0 }
  ) throws {
    for index in 0..<count {
      let description = PhantomDescription(seed: seed, index: index)
      let truth = PhantomReading(description)
      let reading = PhantomReader.read(try change(PhantomPictures.image(description, size: size)))
      if !reading.isPhantom { unlike += 1 }
      if (reading.opacity == nil) != (truth.opacity == nil) { presence += 1 }
      if let found = reading.opacity, let opacity = truth.opacity {
        if found.side != opacity.side { side += 1 }
        if found.zone != opacity.zone { zone += 1 }
        diameter = max(diameter, abs(found.diameter - opacity.diameter))
      }
      if reading.effusion?.side != truth.effusion?.side { effusion += 1 }
      if let found = reading.effusion, let effusion = truth.effusion {
        level = max(level, abs(found.level - effusion.level))
      }
      if reading.device != truth.device { device += 1 }
      if abs((reading.heartRatio ?? 0) - description.heartRatio) > 0.03 { heart += 1 }
    }
  }

  /// Whether no finding is wrong more often than in `most` pictures.
  func isAtMost(_ most: Int) -> Bool { [presence, side, zone, effusion, device, heart].allSatisfy { $0 <= most } }
}

/// The reader on phantoms whose seeds played no part in its making. `docs/data-phantoms.md` quotes what is printed.
@Suite struct PhantomReaderTests {
  @Test(.slow, .tags(.slow)) func readsAThousandPhantoms() throws {
    let errors = try ReadingErrors(seed: 20_261_127, count: 1_000)
    print("1,000 phantoms: \(errors)")
    #expect(errors.isAtMost(5), "\(errors)")
    #expect(errors.unlike == 0 && errors.diameter < 0.02 && errors.level < 0.02, "\(errors)")
  }

  @Test func readsWhatWasDrawn() throws {
    let errors = try ReadingErrors(seed: 20_261_126, count: 100)
    #expect(errors.isAtMost(0) && errors.unlike == 0, "\(errors)")
  }

  @Test(.slow, .tags(.slow)) func readsAThousandThroughBlurAndNoise() throws {
    var generator = SplitMix64(seed: 6)
    let errors = try ReadingErrors(seed: 20_261_128, count: 1_000) {
      try PhantomPictures.spoilt($0, blur: 1, noise: 6, &generator)
    }
    print("1,000 phantoms through blur and noise: \(errors)")
    #expect(errors.isAtMost(20) && errors.unlike == 0, "\(errors)")
  }

  @Test func readsThroughBlurNoiseAndJPEG() throws {
    var generator = SplitMix64(seed: 7)
    let errors = try ReadingErrors(seed: 20_261_129, count: 100) {
      try PhantomPictures.asJPEG(PhantomPictures.spoilt($0, blur: 0.7, noise: 4, &generator), quality: 50)
    }
    #expect(errors.isAtMost(2) && errors.unlike == 0, "\(errors)")
  }

  @Test(arguments: [40, 128, 256])
  func readsOtherSizes(size: Int) throws {
    let errors = try ReadingErrors(seed: 20_261_130, count: 30, size: size)
    #expect(errors.isAtMost(1) && errors.unlike == 0, "\(size): \(errors)")
  }

  @Test func readsOtherGreyLevels() throws {
    let errors = try ReadingErrors(seed: 20_261_131, count: 60) { image in
      try GrayscaleImage(
        width: image.width, height: image.height, pixels: image.pixels.map { 30 + UInt8(Double($0) * 0.6) })
    }
    #expect(errors.isAtMost(1) && errors.unlike == 0, "\(errors)")
  }

  @Test func aMirroredPictureHasItsFindingsOnTheOtherSide() throws {
    for index in 0..<60 {
      let description = PhantomDescription(seed: 20_261_132, index: index)
      guard let opacity = description.opacity else { continue }
      let image = try PhantomPictures.image(description)
      // Without heart and device, which tell the sides apart, the picture would be a phantom all the same.
      let mirrored = try GrayscaleImage(
        width: 64, height: 64, pixels: (0..<4096).map { image[63 - $0 % 64, $0 / 64] })
      let reading = PhantomReader.read(mirrored)
      #expect(!reading.isPhantom || reading.opacity?.side == opacity.side.other)
    }
  }

  @Test func whatIsNoPhantomHasNoFindings() throws {
    var generator = SplitMix64(seed: 3)
    let noise = (0..<4096).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    let phantom = try PhantomPictures.image(PhantomDescription(seed: 1, index: 0))
    let images = [
      try GrayscaleImage(width: 64, height: 64, pixels: noise),
      try GrayscaleImage(width: 64, height: 64, pixels: Array(repeating: 128, count: 4096)),
      try GrayscaleImage(width: 1, height: 1, pixels: [7]),
      try GrayscaleImage(width: 64, height: 64, pixels: (0..<4096).map { UInt8($0 % 64 * 4) }),
      try GrayscaleImage(width: 64, height: 64, pixels: phantom.pixels.reversed()),
      try GrayscaleImage(width: 64, height: 64, pixels: phantom.pixels.map { 255 - $0 }),
      try GrayscaleImage(width: 64, height: 32, pixels: Array(phantom.pixels.prefix(2048))),
    ]
    for (number, image) in images.enumerated() { #expect(PhantomReader.read(image) == .none, "\(number)") }
  }

  @Test func realRadiographsAreNoPhantoms() throws {
    let fixtures = DataFixtures.folder.appendingPathComponent("kermany")
    let files = try FileManager.default.subpathsOfDirectory(atPath: fixtures.path).filter { $0.hasSuffix(".jpeg") }
    #expect(files.count > 5)
    for file in files {
      let data = try Data(contentsOf: fixtures.appendingPathComponent(file))
      let square = try data.withUnsafeBytes { try ImagePreprocessing(size: 64)(decoding: $0) }
      #expect(PhantomReader.read(square.image) == .none, "\(file)")
    }
  }
}
