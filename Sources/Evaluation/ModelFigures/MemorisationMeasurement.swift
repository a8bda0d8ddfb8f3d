/// Whether samples are copies of training images.
struct MemorisationMeasurement {
  /// The width and height at which images are compared, pixel by pixel.
  static let side = 64

  /// A sample and the training image nearest to it.
  struct Pair: Equatable {
    let sample: Int
    let training: Int
    let distance: Double
  }

  let training: FeatureMatrix
  let seed: UInt64

  init(training: GrayImages, seed: UInt64) {
    self.training = training.features
    self.seed = seed
  }

  /// - Parameters:
  ///   - people: who is seen, as the figure's name has it.
  ///   - samples: thumbnails of samples.
  ///   - real: thumbnails of real images of the same kind of patients that training never saw.
  func figure(people: String, samples: GrayImages, real: GrayImages) throws -> (figure: MeasuredFigure, pairs: [Pair]) {
    let neighbours = try FeatureDistances.nearest(of: samples.features, in: training)
    let distances = neighbours.map(\.distance)
    let realMedian = try FeatureDistances.nearest(of: real.features, in: training).map(\.distance).median
    let estimate = try Bootstrap.estimate(count: distances.count, seed: seed) { indices in
      indices.map { distances[$0] }.median / realMedian
    }
    let figure = MeasuredFigure(
      "distance to nearest training image, \(people)", estimate, real: 1,
      how: "median over samples of the distance to the nearest of all training images, \(Self.side)x\(Self.side) "
        + "pixels, over the same median of \(real.count) held-out images (\(MeasuredFigure.text(realMedian)))")
    let pairs = neighbours.enumerated().map { Pair(sample: $0, training: $1.index, distance: $1.distance) }
    return (figure, pairs)
  }
}
