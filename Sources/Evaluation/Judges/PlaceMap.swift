import Foundation

/// What a network says of where in an image a label is seen: log odds of every place, row by row.
struct PlaceMap: Sendable {
  let height: Int
  let width: Int
  let logOdds: [Double]

  /// The logarithm of the odds in the image's left half over those in its right half. The left half is the patient's right.
  var rightward: Double {
    let half = width / 2
    return logOdds(rows: 0..<height, columns: 0..<half) - logOdds(rows: 0..<height, columns: width - half..<width)
  }

  /// The logarithm of the odds in the upper half over those in the lower half.
  var upward: Double {
    let half = height / 2
    return logOdds(rows: 0..<half, columns: 0..<width) - logOdds(rows: height - half..<height, columns: 0..<width)
  }

  /// The logarithm of the sum of all odds in a part.
  private func logOdds(rows: Range<Int>, columns: Range<Int>) -> Double {
    let part = rows.flatMap { row in columns.map { logOdds[row * width + $0] } }
    let highest = part.max() ?? 0
    return highest + log(part.reduce(0) { $0 + exp($1 - highest) })
  }
}
