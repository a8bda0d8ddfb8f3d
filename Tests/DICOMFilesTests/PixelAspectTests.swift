import DICOMFiles
import DICOMTestSupport
import Foundation
import ImageFiles
import Testing

@Suite struct PixelAspectTests {
  static let places = [Tag.pixelSpacing, Tag.imagerPixelSpacing, Tag.nominalScannedPixelSpacing, Tag.pixelAspectRatio]

  static func aspect(_ elements: [UInt32: String]) throws -> Double {
    try DICOMFile(DICOMBuilder.radiograph(elements).file).attributes.pixelAspect
  }

  @Test(arguments: places) func anyOfTheFourElementsGivesTheAspect(element: UInt32) throws {
    #expect(try Self.aspect([element: "2\\1"]) == 2)
    #expect(try Self.aspect([element: " 1 \\ 4 "]) == 0.25)
    #expect(try Self.aspect([element: "3\\3"]) == 1)
  }

  @Test func ofSeveralTheFirstThatCanBeBelievedCounts() throws {
    #expect(try Self.aspect([Tag.pixelSpacing: "0.2\\0.1", Tag.imagerPixelSpacing: "0.3\\0.1"]) == 2)
    #expect(try Self.aspect([Tag.pixelSpacing: "0\\0", Tag.imagerPixelSpacing: "0.3\\0.15"]) == 2)
    #expect(try Self.aspect([Tag.imagerPixelSpacing: "x", Tag.pixelAspectRatio: "4\\1"]) == 4)
  }

  @Test(
    arguments: [
      "", "0\\0", "0\\1", "1\\0", "-1\\1", "-1\\-2", "0.5", "0.5\\", "\\0.5", "1\\2\\3", "wide\\tall", "nan\\1",
      "inf\\1", "1e300\\1", "1\\1e300", "1e-320\\1", "1\\100", "0,5\\0,25",
    ], places)
  func whatCannotBeBelievedIsPassedOver(text: String, element: UInt32) throws {
    #expect(try Self.aspect([element: text]) == 1)
  }

  /// A disc of physical diameter 40 in a field of 64 x 64, in pixels of `aspect`.
  static func disc(columns: Int, aspect: Double) -> DICOMBuilder {
    let rows = Int((Double(columns) / aspect).rounded())
    let centre = (Double(columns) / 2, Double(rows) / 2)
    let radius = Double(columns) * 0.3
    let cells = (0..<(rows * columns)).map { index -> UInt16 in
      let x = Double(index % columns) + 0.5 - centre.0
      let y = (Double(index / columns) + 0.5 - centre.1) * aspect
      return x * x + y * y < radius * radius ? 3000 : 200
    }
    return .radiograph(
      [Tag.imagerPixelSpacing: "\(0.1 * aspect)\\0.1"], width: columns, height: rows, cells: cells)
  }

  /// Width over height by second moments.
  static func roundness(_ image: GrayscaleImage) -> Double {
    var (sum, x1, y1, x2, y2) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for y in 0..<image.height {
      for x in 0..<image.width where image[x, y] > 127 {
        sum += 1
        x1 += Double(x)
        y1 += Double(y)
        x2 += Double(x * x)
        y2 += Double(y * y)
      }
    }
    let across = x2 / sum - (x1 / sum) * (x1 / sum)
    let down = y2 / sum - (y1 / sum) * (y1 / sum)
    return (across / down).squareRoot()
  }

  @Test(arguments: [0.25, 0.5, 0.8, 1, 1.25, 2, 4], SquareFit.allCases)
  func aDiscStaysRound(aspect: Double, fit: SquareFit) throws {
    let pixels = try DICOMFile(Self.disc(columns: 192, aspect: aspect).file).pixels()
    let image = try ImagePreprocessing(size: 96, fit: fit)(pixels)
    #expect((0.97...1.03).contains(Self.roundness(image)), "\(Self.roundness(image))")
  }

  /// The field is twice as wide as tall: `crop` takes its middle, `pad` leaves half of the square black.
  @Test func anOblongFieldIsCutAndFilledInLengths() throws {
    let (columns, rows) = (192, 48)
    let cells = [UInt16](repeating: 1000, count: columns * rows).enumerated().map { index, cell in
      index % columns < 48 || index % columns >= 144 ? 3000 : cell
    }
    let builder = DICOMBuilder.radiograph(
      [Tag.pixelSpacing: "0.2\\0.1"], width: columns, height: rows, cells: cells)
    let pixels = try DICOMFile(builder.file).pixels()
    let crop = try ImagePreprocessing(size: 96, fit: .crop, intensity: .none)(pixels)
    #expect(Set(crop.pixels).count == 1)
    let pad = try ImagePreprocessing(size: 96, fit: .pad, intensity: .none)(pixels)
    #expect(pad[48, 23] == 0 && pad[48, 24] > 0 && pad[48, 71] > 0 && pad[48, 72] == 0)
  }
}
