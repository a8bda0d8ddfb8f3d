import ImageFiles
import Testing

@testable import ImageOutput

@Suite struct NoticeStampTests {
  @Test("the notice is along the lower edge, and the rest stays")
  func band() throws {
    for side in [32, 64, 200, 256, 512] {
      let grey = try GrayscaleImage(width: side, height: side, pixels: [UInt8](repeating: 90, count: side * side))
      let stamped = NoticeStamp.stamped(grey)
      let band = 11 * max(1, side / 256) * side
      #expect(stamped.pixels.dropLast(band).allSatisfy { $0 == 90 })
      let values = Set(stamped.pixels.suffix(band))
      #expect(values == [0, 255])
    }
  }

  @Test("the capitals are those of the notice")
  func letters() throws {
    let black = try GrayscaleImage(width: 60, height: 11, pixels: [UInt8](repeating: 0, count: 660))
    let stamped = NoticeStamp.stamped(black)
    let lines = (2..<9).map { y in
      String((3..<15).map { x in stamped[x, y] == 255 ? "#" : "." })
    }
    // S and Y.
    #expect(
      lines == [
        ".####.#...#.", "#.....#...#.", "#......#.#..", ".###....#...", "....#...#...", "....#...#...", "####....#...",
      ])
  }

  @Test("pictures too small for letters stay as they are")
  func small() throws {
    let tiny = try GrayscaleImage(width: 16, height: 16, pixels: [UInt8](repeating: 7, count: 256))
    #expect(NoticeStamp.stamped(tiny) == tiny)
  }
}
