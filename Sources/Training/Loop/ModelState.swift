import Torch
import TorchNN

/// The weights, their average and the optimiser's memory, as one set of named tensors.
struct ModelState {
  let store: ParameterStore
  let optimizer: AdamW
  let average: ExponentialMovingAverage

  init(_ store: ParameterStore, optimizer: AdamW.Configuration, emaDecay: Double) throws {
    self.store = store
    self.optimizer = try AdamW(store.trainableParameters, optimizer)
    average = try ExponentialMovingAverage(store.trainableParameters, decay: emaDecay)
  }

  func state() throws -> StageState {
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in try store.tensors() { tensors["model." + name] = tensor }
    for (name, tensor) in average.state() { tensors["average." + name] = tensor }
    for (name, tensor) in try optimizer.state() { tensors["optimizer." + name] = tensor }
    return StageState(tensors: tensors, averageUpdates: average.updates)
  }

  /// - Throws: `ParameterLoadingError` if a tensor is missing, of another shape, or not finite.
  func restore(_ state: StageState) throws {
    func part(_ prefix: String) -> [String: Tensor] {
      state.tensors.reduce(into: [:]) { result, item in
        if item.key.hasPrefix(prefix) { result[String(item.key.dropFirst(prefix.count))] = item.value }
      }
    }
    try store.copyValues(from: part("model."))
    try average.restore(part("average."), updates: state.averageUpdates)
    try optimizer.restore(part("optimizer."))
  }

  /// One step of the optimiser on the gradients that are there; returns their norm before clipping.
  ///
  /// - Throws: ``NotFinite`` if a gradient is infinite or not a number: weights, average and optimiser are then as they
  ///   were, and the gradients are gone.
  func update(learningRate: Double, gradientClip: Double) throws -> Double {
    let norm = try Gradients.clip(store.trainableParameters, toNorm: gradientClip > 0 ? gradientClip : .infinity)
    guard norm.isFinite else {
      try store.clearGradients()
      throw NotFinite(quantity: .gradients)
    }
    try optimizer.step(learningRate: learningRate)
    try average.update()
    try store.clearGradients()
    return norm
  }
}
