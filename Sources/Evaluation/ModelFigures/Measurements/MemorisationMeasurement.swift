import Support

/// Whether samples lie nearer to training images than new real images do, in one space of features.
///
/// Three figures: the median distance to the nearest training image over that of held-out images, the first percentile
/// likewise, and the share of the samples that lie below the first percentile of held-out images. Few copies among many
/// samples move the last two and not the first.
struct MemorisationMeasurement {
  /// The width and height at which images are compared, pixel by pixel.
  static let side = 64
  /// What is said of distances between pixels.
  static let pixels = "\(side)x\(side) pixels"

  /// The space, as figures name it after a comma; nothing for pixels.
  let name: String
  /// The space in words.
  let space: String
  let training: FeatureMatrix
  let seed: UInt64

  init(name: String = "", space: String, training: FeatureMatrix, seed: UInt64) {
    self.name = name
    self.space = space
    self.training = training
    self.seed = seed
  }

  /// - Parameters:
  ///   - people: Who is seen, as the figures' names have it; empty for a set of anything.
  ///   - samples: Features of samples.
  ///   - real: Features of real images of the same kind of patients that training never saw.
  ///   - patients: The patient of each of those.
  /// - Returns: The figures, and the training image nearest to each sample.
  /// - Throws: ``MetricError`` for sets without images, or features of different width; `TorchError`.
  func figures(
    people: String = "", samples: FeatureMatrix, real: FeatureMatrix, patients: [String]
  ) throws -> (figures: [MeasuredFigure], nearest: [FeatureDistances.Neighbour]) {
    try real.require(rows: 1)
    let nearest = try FeatureDistances.nearest(of: samples, in: training)
    let distances = nearest.map(\.distance)
    let realDistances = try FeatureDistances.nearest(of: real, in: training).map(\.distance)
    let (median, low) = (realDistances.median, realDistances.quantile(0.01))
    let tail = [name, people].filter { !$0.isEmpty }.map { ", \($0)" }.joined()
    // What it is held against is a sample too, of few patients.
    func figure(
      _ title: String, real: Double, how: String, _ value: (_ samples: [Double], _ real: [Double]) -> Double
    ) throws -> MeasuredFigure {
      let estimate = try Bootstrap.estimate(
        groups: Array(distances.indices), and: patients, seed: seed
      ) { samples, real in
        value(samples.map { distances[$0] }, real.map { realDistances[$0] })
      }
      return MeasuredFigure(
        title + tail, value: estimate.value, interval: estimate.interval, count: distances.count, real: real,
        how: how + "; both drawn again for the interval, held-out images by patient")
    }
    let text = MeasuredFigure.text
    return (
      [
        try figure(
          "distance to nearest training image", real: 1,
          how: "median over samples of the distance to the nearest of all training images, \(space), over the same "
            + "median of \(real.rows) held-out images (\(text(median)))"
        ) { $0.median / $1.median },
        try figure(
          "distance to nearest training image, first percentile", real: 1,
          how: "the first percentile of the same distances over that of the held-out images (\(text(low)))"
        ) { $0.quantile(0.01) / $1.quantile(0.01) },
        try figure(
          "samples nearer than the first percentile of real images", real: 0.01,
          how: "share of the samples whose distance to the nearest training image, \(space), is below "
            + "\(text(low)); of the held-out images it is 0.01 by its definition"
        ) { samples, real in
          let low = real.quantile(0.01)
          return Double(samples.count { $0 < low }) / Double(samples.count)
        },
      ], nearest
    )
  }
}
