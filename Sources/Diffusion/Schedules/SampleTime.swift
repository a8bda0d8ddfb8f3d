import Foundation

/// A moment on the way from data to noise: x_t = alpha x_0 + sigma epsilon.
public struct SampleTime: Sendable, Hashable {
  /// The training timestep, 0 up to T - 1 and possibly fractional; on a rectified flow t T. What the network is given
  /// follows from it by ``SchedulerConfiguration/networkTime(_:)``.
  public var timestep: Double
  /// The part of the data in x_t: 1 if it is clean, 0 if it is noise alone.
  public var alpha: Double
  /// The standard deviation of the noise in x_t.
  public var sigma: Double

  public init(timestep: Double, alpha: Double, sigma: Double) {
    self.timestep = timestep
    self.alpha = alpha
    self.sigma = sigma
  }

  /// Clean data.
  public static let clean = SampleTime(timestep: 0, alpha: 1, sigma: 0)

  /// sigma / alpha, the noise level of Karras et al. (arXiv:2206.00364); infinite if there is no signal.
  public var noiseLevel: Double { sigma / alpha }

  /// The time, in 0 ... 1, at which a rectified flow holds signal and noise in this proportion:
  /// sigma / (alpha + sigma). It compares times of different schedules.
  public var flowTime: Double { sigma / (alpha + sigma) }

  init(timestep: Double, noiseLevel: Double) {
    let alpha = 1 / (noiseLevel * noiseLevel + 1).squareRoot()
    self.init(timestep: timestep, alpha: alpha, sigma: noiseLevel * alpha)
  }

  init(timestep: Double, alphaCumprod: Double) {
    self.init(timestep: timestep, alpha: alphaCumprod.squareRoot(), sigma: (1 - alphaCumprod).squareRoot())
  }
}

/// The two families of paths from data to noise.
public enum NoisePath: String, Sendable, Codable {
  /// alpha^2 + sigma^2 = 1.
  case variancePreserving
  /// alpha + sigma = 1.
  case rectifiedFlow

  /// The coordinate in which a Runge-Kutta sampler walks. With y = x / scale and w = sigma / scale, the probability
  /// flow is dy/dw = epsilon + drift x_0 on either family: scale = alpha and drift = 0 are the sigma space of
  /// Karras et al. (arXiv:2206.00364, equation 4), scale = 1 and drift = -1 the velocity of a rectified flow.
  func scale(at time: SampleTime) -> Double {
    switch self {
    case .variancePreserving: time.alpha
    case .rectifiedFlow: time.alpha + time.sigma
    }
  }

  var drift: Double {
    switch self {
    case .variancePreserving: 0
    case .rectifiedFlow: -1
    }
  }
}
