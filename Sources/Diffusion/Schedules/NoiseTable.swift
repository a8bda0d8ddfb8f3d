import Foundation

/// The numbers of a discrete schedule at t = 0 ..< T, in double precision.
public struct NoiseTable: Sendable, Hashable {
  /// beta_t, the variance added in step t.
  public let betas: [Double]
  /// alphaBar_t = product of (1 - beta_s) over s <= t.
  public let alphasCumprod: [Double]

  /// - Throws: `DiffusionError.invalidSchedule` for parameters out of range and for a rectified flow, which has no table.
  public init(_ schedule: NoiseSchedule) throws(DiffusionError) {
    try schedule.validate()
    let count = schedule.trainTimesteps
    let betas: [Double]
    switch schedule.curve {
    case .linear(let start, let end):
      betas = ramp(from: start, to: end, count: count)
    case .scaledLinear(let start, let end):
      betas = ramp(from: start.squareRoot(), to: end.squareRoot(), count: count).map { $0 * $0 }
    case .sigmoid(let start, let end):
      betas = ramp(from: -6, to: 6, count: count).map { logistic($0) * (end - start) + start }
    case .cosine(let offset, let maximumBeta):
      let alphaBar = (0...count).map { index in
        let angle = (Double(index) / Double(count) + offset) / (1 + offset) * .pi / 2
        return cos(angle) * cos(angle)
      }
      betas = (0..<count).map { min(1 - alphaBar[$0 + 1] / alphaBar[$0], maximumBeta) }
    case .sigmoidLogSNR(let maximum, let minimum):
      let alphasCumprod = ramp(from: maximum, to: minimum, count: count).map(logistic)
      self.init(alphasCumprod: alphasCumprod, zeroTerminalSNR: schedule.zeroTerminalSNR)
      return
    case .rectifiedFlow:
      throw .invalidSchedule(reason: "a rectified flow is continuous and has no table: ask for its times instead")
    }
    var product = 1.0
    let alphasCumprod = betas.map { beta in
      product *= 1 - beta
      return product
    }
    // Samplers divide by the signal: it may vanish at the last timestep alone, if rescaling asks for it.
    if let vanished = alphasCumprod.firstIndex(where: { $0 < 1e-30 }) {
      throw .invalidSchedule(reason: "no signal is left from timestep \(vanished) on: give smaller betas")
    }
    if schedule.zeroTerminalSNR {
      self.init(alphasCumprod: alphasCumprod, zeroTerminalSNR: true)
    } else {
      self.init(betas: betas, alphasCumprod: alphasCumprod)
    }
  }

  private init(betas: [Double], alphasCumprod: [Double]) {
    self.betas = betas
    self.alphasCumprod = alphasCumprod
  }

  private init(alphasCumprod: [Double], zeroTerminalSNR: Bool) {
    let rescaled = zeroTerminalSNR ? rescaledToZeroTerminalSNR(alphasCumprod) : alphasCumprod
    self.init(
      betas: rescaled.indices.map { 1 - rescaled[$0] / ($0 == 0 ? 1 : rescaled[$0 - 1]) }, alphasCumprod: rescaled)
  }

  /// T.
  public var count: Int { betas.count }
}

/// Shifts and scales sqrt(alphaBar) so that its last value is 0 and its first stays
/// (Lin et al., arXiv:2305.08891, algorithm 1).
private func rescaledToZeroTerminalSNR(_ alphasCumprod: [Double]) -> [Double] {
  let roots = alphasCumprod.map { $0.squareRoot() }
  let first = roots[0]
  let last = roots[roots.count - 1]
  return roots.map { root in
    let shifted = (root - last) * (first / (first - last))
    return shifted * shifted
  }
}

/// `count` values at equal distances, both ends included.
func ramp(from start: Double, to end: Double, count: Int) -> [Double] {
  guard count > 1 else { return [start] }
  let step = (end - start) / Double(count - 1)
  return (0..<count).map { $0 == count - 1 ? end : start + Double($0) * step }
}

/// 1 / (1 + exp(-x)).
func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
