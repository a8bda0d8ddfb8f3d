import Foundation
import Torch

/// How much each step of training counts in an average that ends at time t: `(gamma + 1) s^gamma / t^(gamma + 1)` for
/// the weights of time s (Karras et al., 2024, "Analyzing and improving the training dynamics of diffusion models",
/// section 3.1, equation 1).
///
/// The shape is the same at every t: the average always reaches back over the same share of the training, and what came
/// first, near the random start, always counts next to nothing.
public struct PowerFunction: Sendable, Hashable {
  /// The exponent, 0 or more; 0 is the plain mean of all steps.
  public let gamma: Double

  /// - Throws: ``WeightAverageError/invalidSetting(name:value:allowed:)`` for an exponent below 0.
  public init(gamma: Double) throws(WeightAverageError) {
    guard gamma >= 0, gamma.isFinite else {
      throw .invalidSetting(name: "the exponent of an average", value: gamma, allowed: "0 or more")
    }
    self.gamma = gamma
  }

  /// The profile whose standard deviation is a share of the training's length: 0.05 for a short average, 0.10 for a
  /// long one.
  ///
  /// - Parameter relativeDeviation: Above 0, at most `1 / sqrt(12)`, which the plain mean has.
  /// - Throws: ``WeightAverageError/invalidSetting(name:value:allowed:)`` outside that range.
  public init(relativeDeviation: Double) throws(WeightAverageError) {
    guard relativeDeviation >= 1e-6, relativeDeviation <= PowerFunction.widest else {
      throw .invalidSetting(
        name: "the relative deviation of an average", value: relativeDeviation, allowed: "1e-6 to 0.2886")
    }
    // gamma^3 + 7 gamma^2 + (16 - s^-2) gamma + 12 - s^-2 = 0, from equation 3. The greatest root lies below 1 / s, and
    // the cubic is convex there, so Newton's iteration comes down to it without overshooting.
    let inverse = 1 / (relativeDeviation * relativeDeviation)
    var gamma = 1 / relativeDeviation
    while true {
      let value = ((gamma + 7) * gamma + 16 - inverse) * gamma + 12 - inverse
      let slope = (3 * gamma + 14) * gamma + 16 - inverse
      let next = gamma - value / slope
      guard next < gamma else { break }
      gamma = next
    }
    self.gamma = max(gamma, 0)
  }

  /// The standard deviation of the profile as a share of t (equation 3).
  public var relativeDeviation: Double {
    ((gamma + 1) / (gamma + 3)).squareRoot() / (gamma + 2)
  }

  /// How much of the average the update that leads to time `time` keeps, `(1 - 1 / time)^(gamma + 1)` (equation 2).
  ///
  /// - Parameter time: The number of the step, from 1, which keeps nothing.
  public func decay(at time: Int) -> Double { pow(1 - 1 / Double(time), gamma + 1) }

  static let widest = 1 / 12.0.squareRoot()
}

/// An average of all weights since the start by a ``PowerFunction`` (Karras et al., 2024, section 3.1).
///
/// Two of them, of 0.05 and 0.10, whose states are kept now and then as training goes on, are enough to give any other
/// width afterwards: see ``PostHocAverage``.
public final class PowerFunctionAverage: WeightAverage {
  public let profile: PowerFunction
  /// How many updates were made.
  public private(set) var updates = 0

  private let weights: AveragedWeights

  /// An average of what ``update()`` will see; until then a copy of the parameters.
  ///
  /// - Parameters:
  ///   - relativeDeviation: The width as a share of the training's length; above 0, at most `1 / sqrt(12)`.
  ///   - device: Where the average is kept; nil for where the parameters are.
  /// - Throws: ``WeightAverageError`` for a width outside its range; `TorchError` if memory runs out;
  ///   ``ParameterError`` for a parameter without a value.
  public convenience init(_ parameters: [Parameter], relativeDeviation: Double, device: Device? = nil) throws {
    try self.init(parameters, profile: PowerFunction(relativeDeviation: relativeDeviation), device: device)
  }

  /// - Parameter device: Where the average is kept; nil for where the parameters are.
  /// - Throws: `TorchError` if memory runs out; ``ParameterError`` for a parameter without a value.
  public init(_ parameters: [Parameter], profile: PowerFunction, device: Device? = nil) throws {
    self.profile = profile
    weights = try AveragedWeights(parameters, on: device)
  }

  public func update() throws {
    try weights.follow(weight: 1 - profile.decay(at: updates + 1))
    updates += 1
  }

  public func withAveragedWeights<Result>(_ body: () throws -> Result) throws -> Result {
    try weights.exchanged(body)
  }

  public func state() -> [String: Tensor] { weights.state() }

  public func restore(_ state: [String: Tensor], updates: Int) throws {
    try weights.restore(state)
    self.updates = updates
  }
}

/// What can be wrong with an average of weights.
public enum WeightAverageError: Error, Equatable, CustomStringConvertible {
  case invalidSetting(name: String, value: Double, allowed: String)
  case noSnapshots
  case laterThanSnapshots(time: Int, last: Int)
  case dependentSnapshots
  case otherParameters(snapshot: Int)
  case countMismatch(snapshots: Int, weights: Int)

  public var description: String {
    switch self {
    case .invalidSetting(let name, let value, let allowed):
      "\(name) is \(value): give \(allowed)"
    case .noSnapshots:
      "an average cannot be made of no snapshots: keep some while training"
    case .laterThanSnapshots(let time, let last):
      "an average at step \(time) cannot be made of snapshots up to step \(last): give a step no later than the last"
    case .dependentSnapshots:
      "two snapshots have one step and one width, or nearly so: give each once"
    case .otherParameters(let snapshot):
      "snapshot \(snapshot) holds other parameters than the first: give snapshots of one model"
    case .countMismatch(let snapshots, let weights):
      "\(snapshots) snapshots came with \(weights) weights: give one for each"
    }
  }
}
