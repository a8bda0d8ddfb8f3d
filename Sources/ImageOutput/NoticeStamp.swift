import ImageFiles

/// Writes into a picture itself that it is synthetic: white capitals on a black band along its lower edge.
enum NoticeStamp {
  /// What is written: the first that fits.
  static let notices = ["SYNTHETIC - NOT FOR DIAGNOSIS", "SYNTHETIC", "SYN"]

  /// Rows of five pixels, from above; the leftmost pixel is the highest bit.
  private static let letters: [Character: [UInt8]] = [
    "A": [0b01110, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001],
    "C": [0b01110, 0b10001, 0b10000, 0b10000, 0b10000, 0b10001, 0b01110],
    "D": [0b11110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b11110],
    "E": [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111],
    "F": [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b10000],
    "G": [0b01110, 0b10001, 0b10000, 0b10111, 0b10001, 0b10001, 0b01111],
    "H": [0b10001, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001],
    "I": [0b01110, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
    "N": [0b10001, 0b11001, 0b10101, 0b10101, 0b10101, 0b10011, 0b10001],
    "O": [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
    "R": [0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001],
    "S": [0b01111, 0b10000, 0b10000, 0b01110, 0b00001, 0b00001, 0b11110],
    "T": [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100],
    "Y": [0b10001, 0b10001, 0b01010, 0b00100, 0b00100, 0b00100, 0b00100],
    "-": [0b00000, 0b00000, 0b00000, 0b01110, 0b00000, 0b00000, 0b00000],
    " ": [0, 0, 0, 0, 0, 0, 0],
  ]

  /// A picture with the notice; one of fewer than 20 x 12 pixels, which holds none, as it is.
  static func stamped(_ image: GrayscaleImage) -> GrayscaleImage {
    let scale = max(1, image.width / 256)
    let advance = 6 * scale
    guard let notice = notices.first(where: { $0.count * advance + scale <= image.width }),
      image.height >= 11 * scale
    else { return image }
    var pixels = image.pixels
    let top = image.height - 11 * scale
    for index in top * image.width..<pixels.count { pixels[index] = 0 }
    let left = (image.width - notice.count * advance) / 2
    for (place, character) in notice.enumerated() {
      for (row, bits) in (letters[character] ?? []).enumerated() {
        for column in 0..<5 where bits >> (4 - column) & 1 == 1 {
          for y in 0..<scale {
            for x in 0..<scale {
              let line = top + (row + 2) * scale + y
              pixels[line * image.width + left + place * advance + (column * scale) + x] = 255
            }
          }
        }
      }
    }
    return (try? GrayscaleImage(width: image.width, height: image.height, pixels: pixels)) ?? image
  }
}
