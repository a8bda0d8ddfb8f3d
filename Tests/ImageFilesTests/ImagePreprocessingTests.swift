import Foundation
import Testing

@testable import ImageFiles

@Suite struct ImagePreprocessingTests {
  private func decoded(_ image: GrayscaleImage) throws -> DecodedImage {
    try DecodedImage(width: image.width, height: image.height, samples: .bits8(image.pixels))
  }

  @Test func theDefaultIsTheArticlesRecipe() throws {
    let preprocessing = ImagePreprocessing()
    #expect(preprocessing.description == "256 crop bilinear min-max")
    let image = try ImageFixtures.source()
    let expected = try GrayPlane(image).square(size: 256).minMaxNormalized().grayscale
    #expect(try preprocessing(decoded(image)) == expected)
  }

  @Test func theWholeFilmIsPreparedFromItsBytes() throws {
    let preprocessing = ImagePreprocessing(size: 20)
    let bytes = try ImageFixtures.bytes("orientation-6.jpg")
    let prepared = try bytes.withUnsafeBytes { try preprocessing(decoding: $0) }
    #expect(prepared.image == (try preprocessing(ImageFixtures.decoded("orientation-6.jpg"))))
    #expect((prepared.originalWidth, prepared.originalHeight) == (29, 37))
  }

  /// The grey values of a film do not change with how it is padded.
  @Test func paddingIsBlackAndDoesNotCount() throws {
    // Values 100...199: without padding's zeros, 100 becomes 0.
    let image = try GrayscaleImage(width: 40, height: 20, pixels: (0..<800).map { UInt8(100 + $0 % 100) })
    for intensity in [IntensityMapping.minMax, .percentile(low: 0, high: 100)] {
      let square = try ImagePreprocessing(size: 40, fit: .pad, intensity: intensity)(decoded(image))
      #expect(square.pixels.prefix(400).allSatisfy { $0 == 0 } && square.pixels.suffix(400).allSatisfy { $0 == 0 })
      let film = Array(square.pixels[400..<1200])
      #expect(film.min() == 0 && film.max() == 255)
      #expect(film == image.pixels.map { UInt8((Double(Int($0) - 100) * 255 / 99).rounded()) })
    }
  }

  @Test func percentilesAreNumPys() throws {
    let image = try ImageFixtures.source(width: 64, height: 64)
    let preprocessing = ImagePreprocessing(size: 64, intensity: .percentile(low: 2.5, high: 97))
    let expected = try ImageFixtures.bytes("percentile-64x64-2.5-97.u8")
    #expect(differences(try preprocessing(decoded(image)).pixels, expected).largest <= 1)
    #expect(expected.filter { $0 == 255 }.count > 64)
  }

  @Test func withoutIntensityValuesStay() throws {
    let image = try ImageFixtures.source(width: 64, height: 64)
    #expect(try ImagePreprocessing(size: 64, intensity: .none)(decoded(image)) == image)
    let wide = try DecodedImage(width: 64, height: 64, samples: .bits16(image.pixels.map { UInt16($0) * 257 }))
    #expect(try ImagePreprocessing(size: 64, intensity: .none)(wide) == image)
  }

  @Test(arguments: [(96, 64, 2.0, 8, 8), (101, 75, 2, 8, 8), (101, 75, 40, 3, 5), (96, 64, 0, 4, 2)])
  func claheEqualsOpenCVWithinOneLevel(width: Int, height: Int, limit: Double, columns: Int, rows: Int) throws {
    let image = try ImageFixtures.source(width: width, height: height)
    let equalized = try ContrastLimitedEqualization(clipLimit: limit, columns: columns, rows: rows)(image)
    let expected = try ImageFixtures.bytes("clahe-\(width)x\(height)-\(Int(limit))-\(columns)x\(rows).u8")
    #expect(differences(equalized.pixels, expected).largest <= 1)
    #expect(differences(image.pixels, expected).mean > 5)
  }

  @Test func claheTakesAnyImage() throws {
    for (width, height) in [(1, 1), (1, 50), (3, 2), (17, 300)] {
      let image = try ImageFixtures.ramp(width: width, height: height)
      for tiles in [1, 2, 8, 256] {
        let equalized = try ContrastLimitedEqualization(clipLimit: 2, columns: tiles, rows: 3)(image)
        #expect((equalized.width, equalized.height) == (width, height))
      }
    }
  }

  @Test func claheFollowsIntensityAndPrecedesPadding() throws {
    let image = try ImageFixtures.source(width: 60, height: 30)
    let clahe = ContrastLimitedEqualization.standard
    let square = try ImagePreprocessing(size: 60, fit: .pad, clahe: clahe)(decoded(image))
    let expected = clahe(GrayPlane(image).minMaxNormalized().grayscale)
    #expect(Array(square.pixels[(15 * 60)..<(45 * 60)]) == expected.pixels)
    #expect(square.pixels.prefix(15 * 60).allSatisfy { $0 == 0 })
  }

  @Test(arguments: [
    ("min-max", IntensityMapping.minMax), ("none", .none), ("percentile:0.5-99.5", .percentile(low: 0.5, high: 99.5)),
    ("percentile:0-100", .percentile(low: 0, high: 100)),
  ])
  func intensitiesHaveStableNames(name: String, intensity: IntensityMapping) {
    #expect(IntensityMapping(rawValue: name) == intensity)
    #expect(intensity.rawValue == name)
  }

  @Test(arguments: [
    "", "minmax", "percentile", "percentile:", "percentile:5", "percentile:9-1", "percentile:5-5",
    "percentile:-1-50", "percentile:1-101", "percentile:nan-50", "percentile:1-2-3", "window:1-99",
  ])
  func otherIntensitiesAreNone(name: String) {
    #expect(IntensityMapping(rawValue: name) == nil)
  }

  @Test(arguments: ["", "2", "2:8", "2:8x", "2:0x8", "2:8x257", "-1:8x8", "nan:8x8", "inf:8x8", "2:8x8x8", "2:8*8"])
  func otherEqualizationsAreNone(name: String) {
    #expect(ContrastLimitedEqualization(rawValue: name) == nil)
    #expect(ContrastLimitedEqualization(rawValue: "2:8x8") == .standard)
    #expect(ContrastLimitedEqualization(rawValue: "0.5:4x16")?.rawValue == "0.5:4x16")
  }

  @Test func settingsSurviveJSON() throws {
    let all = try ImagePreprocessing(
      size: 512, fit: .stretch, resampling: .bicubic, intensity: .percentile(low: 1, high: 99.5),
      clahe: ContrastLimitedEqualization(clipLimit: 2.5, columns: 4, rows: 6))
    #expect(all.description == "512 stretch bicubic percentile:1-99.5 clahe 2.5:4x6")
    for preprocessing in [all, ImagePreprocessing()] {
      let data = try JSONEncoder().encode(preprocessing)
      #expect(try JSONDecoder().decode(ImagePreprocessing.self, from: data) == preprocessing)
    }
    let text = String(decoding: try JSONEncoder().encode(all), as: UTF8.self)
    #expect(text.contains("\"intensity\":\"percentile:1-99.5\"") && text.contains("\"clahe\":\"2.5:4x6\""))
  }

  @Test func absurdValuesAreErrorsAndNeverTraps() throws {
    let image = try decoded(ImageFixtures.source(width: 20, height: 10))
    for size in [0, -5, Int.min, Int.max] {
      #expect(throws: ImageFileError.invalidTargetSize(size)) { try ImagePreprocessing(size: size)(image) }
    }
    #expect(throws: ImageFileError.invalidPercentiles(low: 90, high: 10)) {
      try ImagePreprocessing(size: 8, intensity: .percentile(low: 90, high: 10))(image)
    }
    // By a pattern, since nothing equals NaN.
    #expect {
      try ContrastLimitedEqualization(clipLimit: .nan, columns: 8, rows: 8)
    } throws: {
      if case ImageFileError.invalidEqualization(_, columns: 8, rows: 8) = $0 { true } else { false }
    }
    let odd = try GrayPlane(width: 2, height: 2, values: [.nan, .infinity, -.infinity, 3])
    for intensity in [IntensityMapping.minMax, .none, .percentile(low: 1, high: 99)] {
      for fit in SquareFit.allCases {
        #expect(try ImagePreprocessing(size: 4, fit: fit, intensity: intensity)(odd).pixels.count == 16)
      }
    }
    let thin = try decoded(GrayscaleImage(width: 1, height: 900, pixels: (0..<900).map { UInt8($0 % 251) }))
    for fit in SquareFit.allCases { #expect(try ImagePreprocessing(size: 16, fit: fit)(thin).pixels.count == 256) }
  }
}
