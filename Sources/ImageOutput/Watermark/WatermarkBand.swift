import Foundation

/// The frequencies that carry the watermark: the middle ones, which JPEG and halving keep and the eye hardly sees, in one
/// half of the plane, since the other half of a real image's spectrum mirrors it.
struct WatermarkBand: Sendable {
  /// In cycles over the image's side.
  static let lowest = 12
  static let highest = 56
  /// Columns of the transform, from 0; rows go from -`highest` to `highest`.
  static let columns = highest + 1
  static let rows = 2 * highest + 1
  /// Bytes of the payload.
  static let symbols = 3

  /// Places in the transform, row by row, of the frequencies by which the watermark is found and its place.
  let located: [Int]
  /// The same of those that hold a byte of the payload each.
  let bytes: [[Int]]

  /// - Parameter key: Decides which frequency serves what.
  init(_ key: WatermarkKey) {
    var places: [Int] = []
    for y in -Self.highest...Self.highest {
      for x in 0...Self.highest where x > 0 || y > 0 {
        let square = x * x + y * y
        if square >= Self.lowest * Self.lowest, square < Self.highest * Self.highest {
          places.append((y + Self.highest) * Self.columns + x)
        }
      }
    }
    var located: [Int] = []
    var bytes = [[Int]](repeating: [], count: Self.symbols)
    // One half finds, each byte has a third of the other half.
    for (place, word) in zip(places, key.words("frequencies", count: places.count)) {
      let part = Int(word % UInt32(2 * Self.symbols))
      if part < Self.symbols { located.append(place) } else { bytes[part - Self.symbols].append(place) }
    }
    self.located = located
    self.bytes = bytes
  }

  /// The angles of a byte's frequencies for each value that it can have.
  func angles(_ key: WatermarkKey, byte: Int, value: UInt8) -> [Float] {
    key.angles("byte \(byte) is \(value)", count: bytes[byte].count)
  }
}
