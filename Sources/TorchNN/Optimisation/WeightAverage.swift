import Torch

/// A copy of the weights that follows the trained ones; what samples are drawn with.
public protocol WeightAverage: AnyObject {
  /// How many updates were made.
  var updates: Int { get }

  /// Moves the copy towards the present weights; call it after every step of the optimiser.
  ///
  /// - Throws: `TorchError` if the parameters have other shapes, types or devices than they had, or memory runs out.
  func update() throws

  /// Runs `body` with the averaged weights in the model and puts the trained ones back, also if it throws.
  ///
  /// - Throws: what `body` throws; `TorchError` if memory runs out. The weights of training are put back in either
  ///   case.
  func withAveragedWeights<Result>(_ body: () throws -> Result) throws -> Result

  /// The averaged weights by path, to be stored or used. No copy.
  func state() -> [String: Tensor]

  /// Continues from stored averages. Nothing changes unless all of them fit.
  ///
  /// - Parameter updates: The number of updates that led to them.
  /// - Throws: ``ParameterLoadingError`` with every offending name.
  func restore(_ state: [String: Tensor], updates: Int) throws
}

/// The copy itself: one tensor for each parameter, on the parameter's device or on another.
struct AveragedWeights {
  private let parameters: [Parameter]
  private let tensors: [Tensor]
  /// Where the copy is if it is not where the weights are.
  private let device: Device?

  /// Starts as an exact copy of the parameters.
  init(_ parameters: [Parameter], on device: Device?) throws {
    self.parameters = parameters
    self.device = device
    tensors = try withoutGradients {
      try parameters.map {
        let value = try $0.value.detach()
        guard let device, device != value.device else { return try value.clone() }
        return try value.to(device)
      }
    }
  }

  /// Moves the copy by the share `weight` of its distance to the present weights.
  func follow(weight: Double) throws {
    guard !tensors.isEmpty else { return }
    try withoutGradients {
      guard let device else {
        try Tensor.foreachLerpInPlace(tensors, tensors1: parameters.map { try $0.value }, weight: weight)
        return
      }
      // One at a time: another device has room for one copy of the weights, perhaps not for two.
      for (parameter, tensor) in zip(parameters, tensors) {
        try Tensor.foreachLerpInPlace([tensor], tensors1: [parameter.value.to(device)], weight: weight)
      }
    }
  }

  func exchanged<Result>(_ body: () throws -> Result) throws -> Result {
    let trained = try parameters.map { try $0.value }
    let averaged = try withoutGradients { try zip(tensors, trained).map { try $0.to($1.device) } }
    func put(_ tensors: [Tensor]) {
      for (parameter, tensor) in zip(parameters, tensors) { parameter.exchange(tensor) }
    }
    put(averaged)
    let result = Swift.Result { try body() }
    put(trained)
    return try result.get()
  }

  func state() -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: zip(parameters.map(\.path), tensors))
  }

  func restore(_ state: [String: Tensor]) throws {
    try ParameterLoadingError.requireFit(state, for: parameters)
    try withoutGradients {
      for (parameter, tensor) in zip(parameters, tensors) {
        if let stored = state[parameter.path] { try tensor.copyInPlace(stored) }
      }
    }
  }
}
