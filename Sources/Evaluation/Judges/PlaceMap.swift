import Foundation
import RadiographModels

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

  /// The logarithm of the odds above the middle of the lungs over those below, as a radiograph shows them: a little above the
  /// middle of the image.
  var upward: Double {
    let middle = max(1, height * 7 / 16)
    return logOdds(rows: 0..<middle, columns: 0..<width) - logOdds(rows: middle..<height, columns: 0..<width)
  }

  /// The logarithm of the odds of a part, the surest of its places counting most.
  private func logOdds(rows: Range<Int>, columns: Range<Int>) -> Double {
    let part = rows.flatMap { row in columns.map { logOdds[row * width + $0] } }
    let highest = part.max() ?? 0
    let sharpness = ClassifierArchitecture.placeSharpness
    return highest + log(part.reduce(0) { $0 + exp(sharpness * ($1 - highest)) }) / sharpness
  }
}
