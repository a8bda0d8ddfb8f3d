import ImageFiles
import Testing

@Suite struct ImageGridTests {
  private func image(_ value: UInt8, width: Int = 2, height: Int = 1) throws -> GrayscaleImage {
    try GrayscaleImage(width: width, height: height, pixels: [UInt8](repeating: value, count: width * height))
  }

  @Test("images stand side by side, and a short row ends in black")
  func rows() throws {
    let grid = try GrayscaleImage(grid: [[image(1), image(2)], [image(3)]], gap: 1)
    #expect(grid.width == 5 && grid.height == 3)
    #expect(grid.pixels == [1, 1, 0, 2, 2, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0])
  }

  @Test("every image has the room of the largest")
  func sizes() throws {
    let grid = try GrayscaleImage(grid: [[image(1), image(2, width: 1, height: 2)]])
    #expect(grid.width == 4 && grid.height == 2)
    #expect(grid.pixels == [1, 1, 2, 0, 0, 0, 2, 0])
  }

  @Test("no image makes no grid", arguments: [[], [[]]] as [[[GrayscaleImage]]])
  func none(rows: [[GrayscaleImage]]) {
    #expect(throws: ImageFileError.inconsistentSize(width: 0, height: 0, pixels: 0)) { try GrayscaleImage(grid: rows) }
  }

  @Test("grey levels and values turn into one another; what is outside of the range or not a number has its level")
  func levels() {
    for level in UInt8.min...UInt8.max { #expect(GrayscaleImage.level(GrayscaleImage.value(level)) == level) }
    #expect(GrayscaleImage.value(0) == -1 && GrayscaleImage.value(255) == 1)
    // Halfway between two levels the brighter one is taken.
    #expect(GrayscaleImage.level(0) == 128)
    #expect([-2, -.infinity, .nan].map(GrayscaleImage.level) == [0, 0, 0])
    #expect([2, .infinity].map(GrayscaleImage.level) == [255, 255])
  }
}
