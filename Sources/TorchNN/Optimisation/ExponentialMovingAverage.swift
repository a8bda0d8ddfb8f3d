import Torch

/// A slow copy of the weights that follows the fast one; what samples are drawn with (Polyak and Juditsky, 1992).
public final class ExponentialMovingAverage {
  /// How much of the copy a step keeps once warmed up, in `0 ..< 1`.
  public let decay: Double
  /// How many updates were made.
  public private(set) var updates = 0

  private let parameters: [Parameter]
  private let shadows: [Tensor]

  /// Starts as an exact copy of the parameters.
  ///
  /// - Throws: `TorchError` if memory runs out; ``ParameterError`` for a parameter without a value.
  public init(_ parameters: [Parameter], decay: Double) throws {
    self.decay = decay
    self.parameters = parameters
    shadows = try withoutGradients { try parameters.map { try $0.value.detach().clone() } }
  }

  /// The decay of update `update`, counted from 0: `min(decay, (1 + update) / (10 + update))`, so that the copy
  /// leaves the random start quickly.
  public func decay(at update: Int) -> Double {
    min(decay, Double(1 + update) / Double(10 + update))
  }

  /// Moves the copy towards the present weights; call it after every step of the optimiser.
  ///
  /// - Throws: `TorchError` if the parameters have other shapes, types or devices than they had, or memory runs out.
  public func update() throws {
    guard !shadows.isEmpty else { return }
    let weight = 1 - decay(at: updates)
    try withoutGradients {
      try Tensor.foreachLerpInPlace(shadows, tensors1: parameters.map { try $0.value }, weight: weight)
    }
    updates += 1
  }

  /// Runs `body` with the averaged weights in the model and puts the trained ones back, also if it throws.
  ///
  /// - Throws: what `body` throws; `TorchError` if memory runs out. The weights of training are put back in either
  ///   case.
  public func withAveragedWeights<Result>(_ body: () throws -> Result) throws -> Result {
    let trained = try parameters.map { try $0.value }
    func put(_ tensors: [Tensor]) {
      for (parameter, tensor) in zip(parameters, tensors) { parameter.exchange(tensor) }
    }
    put(shadows)
    let result = Swift.Result { try body() }
    put(trained)
    return try result.get()
  }

  /// The averaged weights by path, to be stored. No copy.
  public func state() -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: zip(parameters.map(\.path), shadows))
  }

  /// Continues from stored averages. Nothing changes unless all of them fit.
  ///
  /// - Parameter updates: the number of updates that led to them.
  /// - Throws: ``ParameterLoadingError`` with every offending name.
  public func restore(_ state: [String: Tensor], updates: Int) throws {
    try ParameterLoadingError.requireFit(state, for: parameters)
    try withoutGradients {
      for (parameter, shadow) in zip(parameters, shadows) {
        if let tensor = state[parameter.path] { try shadow.copyInPlace(tensor) }
      }
    }
    self.updates = updates
  }
}
