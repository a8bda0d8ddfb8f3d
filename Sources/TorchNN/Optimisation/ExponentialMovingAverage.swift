import Torch

/// A slow copy of the weights that follows the fast one; what samples are drawn with (Polyak and Juditsky, 1992).
public final class ExponentialMovingAverage: WeightAverage {
  /// How much of the copy a step keeps once warmed up, in `0 ..< 1`.
  public let decay: Double
  /// How many updates were made.
  public private(set) var updates = 0

  private let weights: AveragedWeights

  /// Starts as an exact copy of the parameters.
  ///
  /// - Parameter device: Where the copy is kept; nil for where the parameters are.
  /// - Throws: `TorchError` if memory runs out; ``ParameterError`` for a parameter without a value.
  public init(_ parameters: [Parameter], decay: Double, device: Device? = nil) throws {
    self.decay = decay
    weights = try AveragedWeights(parameters, on: device)
  }

  /// The decay of update `update`, counted from 0: `min(decay, (1 + update) / (10 + update))`, so that the copy
  /// leaves the random start quickly.
  public func decay(at update: Int) -> Double {
    min(decay, Double(1 + update) / Double(10 + update))
  }

  public func update() throws {
    try weights.follow(weight: 1 - decay(at: updates))
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
