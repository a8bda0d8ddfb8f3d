import Torch
import TorchNN

/// Weights in training with what moves and follows them: optimiser and average.
struct TrainedState: Stateful {
  let weights: TrainedWeights
  let optimizer: AdamW
  let average: ExponentialMovingAverage

  init(_ weights: TrainedWeights) throws {
    self.weights = weights
    let settings = weights.settings
    optimizer = try AdamW(
      weights.store.trainableParameters,
      .init(beta2: settings.beta2, weightDecay: settings.weightDecay, decaysVectors: weights.decaysVectors))
    average = try ExponentialMovingAverage(weights.store.trainableParameters, decay: settings.emaDecay)
  }

  func state() throws -> StoredState {
    var state = StoredState()
    state.add(StoredState(tensors: try weights.store.tensors()), under: "model.")
    state.add(
      StoredState(tensors: average.state(), numbers: ["updates": Double(average.updates)]), under: "average.")
    state.add(StoredState(tensors: try optimizer.state()), under: "optimizer.")
    return state
  }

  /// - Throws: `ParameterLoadingError` if a tensor is missing, of another shape, or not finite.
  func restore(_ state: StoredState) throws {
    try weights.store.copyValues(from: state.part("model.").tensors)
    let average = state.part("average.")
    try self.average.restore(average.tensors, updates: Int(average.numbers["updates"] ?? 0))
    try optimizer.restore(state.part("optimizer.").tensors)
  }
}
