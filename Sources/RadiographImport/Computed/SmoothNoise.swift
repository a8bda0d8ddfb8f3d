/// Noise over a square of 0 ... 1 that varies smoothly: values of a grid, interpolated, and finer grids with less weight (value
/// noise; Perlin, "An image synthesizer", SIGGRAPH 1985, has the idea). Its mean is 0 and its deviation near 0.5.
struct SmoothNoise: Sendable, Equatable {
  private struct Octave: Sendable, Equatable {
    let cells: Int
    let weight: Double
    let values: [Double]
  }

  private let octaves: [Octave]

  /// - Parameters:
  ///   - cells: Of the coarsest grid, along each side.
  ///   - octaves: Each has twice the cells of the one before.
  init(cells: Int, octaves: Int, random: inout DrawingRandom) {
    var grids: [Octave] = []
    let weights = (0..<octaves).map { Self.falling(by: $0) }
    let norm = weights.map { $0 * $0 }.reduce(0, +).squareRoot()
    for (index, weight) in weights.enumerated() {
      let side = cells << index
      let values = (0..<(side + 2) * (side + 2)).map { _ in random.number(in: -1.7...1.7) }
      grids.append(Octave(cells: side, weight: weight / norm, values: values))
    }
    self.octaves = grids
  }

  private static func falling(by octave: Int) -> Double { (0..<octave).reduce(1) { weight, _ in 0.55 * weight } }

  func callAsFunction(_ x: Double, _ y: Double) -> Double {
    octaves.reduce(0) { sum, octave in
      let (column, alongX) = Self.cell(x, octave.cells)
      let (row, alongY) = Self.cell(y, octave.cells)
      let start = row * (octave.cells + 2) + column
      let below = start + octave.cells + 2
      let upper = octave.values[start] * (1 - alongX) + octave.values[start + 1] * alongX
      let lower = octave.values[below] * (1 - alongX) + octave.values[below + 1] * alongX
      return sum + octave.weight * (upper * (1 - alongY) + lower * alongY)
    }
  }

  private static func cell(_ place: Double, _ cells: Int) -> (index: Int, share: Double) {
    let scaled = min(max(place, 0), 1) * Double(cells)
    let index = min(Int(scaled), cells)
    let share = scaled - Double(index)
    return (index, share * share * (3 - 2 * share))
  }
}
