/// How a family of samplers places its times. The rules are those of diffusers, so that a number of steps means the
/// same here and there.
public enum TimestepConvention: Sendable, Hashable {
  /// DDPM and DDIM: n whole timesteps. `stride` makes each step end T / n (rounded down) below its start, as
  /// diffusers' DDIM does, instead of where the next step starts; the two differ if T / n is not whole.
  case chain(stride: Bool = false)
  /// Euler and Heun on noise levels: linspace keeps fractional timesteps, between which the noise level is
  /// interpolated; the initial noise has the standard deviation sigma of the first time, except for leading spacing.
  case noiseLevels
  /// DPM-Solver++ on lambda: n + 1 whole timesteps, the smallest of which is left out.
  case logSNR

  /// The number that replaces an alphaBar of 0. Noise levels and lambda are infinite without signal; as in diffusers, 2^-24 is
  /// then put in its place, the smallest number of half precision.
  var substituteForNoSignal: Double {
    switch self {
    case .chain: 0
    case .noiseLevels, .logSNR: 0x1p-24
    }
  }
}

/// The timesteps of a discrete schedule that n steps visit, falling.
///
/// A single step starts at T - 1 under every spacing: it has to start from noise. (diffusers starts it at 0.)
func timestepGrid(
  steps: Int, trainTimesteps: Int, spacing: TimestepSpacing, offset: Int, convention: TimestepConvention
) throws(DiffusionError) -> [Double] {
  guard (1...trainTimesteps).contains(steps) else {
    throw .stepsOutOfRange(steps: steps, maximum: trainTimesteps)
  }
  let last = Double(trainTimesteps - 1)
  if steps == 1 { return [last] }
  // With all T timesteps in use there is no further one to leave out.
  let points = convention == .logSNR && steps < trainTimesteps ? steps + 1 : steps
  let grid: [Double]
  switch spacing {
  case .linspace:
    let rising = ramp(from: 0, to: last, count: points)
    grid = (convention == .noiseLevels ? rising : rising.map { $0.rounded(.toNearestOrEven) }).reversed()
  case .leading:
    let stride = trainTimesteps / points
    grid = (0..<points).reversed().map { Double($0 * stride + offset) }
  case .trailing:
    // Written as numpy's arange computes it: the rounding below then meets the same halves.
    let start = Double(trainTimesteps)
    let delta = (start - start / Double(steps)) - start
    return (0..<steps).map { (start + Double($0) * delta).rounded(.toNearestOrEven) - 1 }
  }
  if let first = grid.first, first > last { throw .timestepOutOfRange(timestep: first, maximum: last) }
  return Array(grid.prefix(steps))
}

/// The times t of a rectified flow that n steps visit, falling, without the final 0.
func flowGrid(
  steps: Int, trainTimesteps: Int, spacing: TimestepSpacing, shift: Double
) throws(DiffusionError) -> [Double] {
  guard (1...trainTimesteps).contains(steps) else {
    throw .stepsOutOfRange(steps: steps, maximum: trainTimesteps)
  }
  func shifted(_ t: Double) -> Double { shift * t / (1 + (shift - 1) * t) }
  let resolution = 1 / Double(trainTimesteps)
  let times =
    switch spacing {
    case .leading: (0..<steps).map { (1 - resolution) * Double(steps - $0) / Double(steps) }
    // The smallest time is shifted twice, as diffusers' flow-matching Euler scheduler does.
    case .linspace: ramp(from: 1, to: shifted(resolution), count: steps)
    case .trailing: (0..<steps).map { Double(steps - $0) / Double(steps) }
    }
  return times.map(shifted)
}
