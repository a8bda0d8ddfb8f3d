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

  func tensors() throws -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (name, tensor) in try store.tensors() { result["model." + name] = tensor }
    for (name, tensor) in average.state() { result["average." + name] = tensor }
    for (name, tensor) in try optimizer.state() { result["optimizer." + name] = tensor }
    return result
  }

  func restore(_ tensors: [String: Tensor], updates: Int) throws {
    func part(_ prefix: String) -> [String: Tensor] {
      tensors.reduce(into: [:]) { result, item in
        if item.key.hasPrefix(prefix) { result[String(item.key.dropFirst(prefix.count))] = item.value }
      }
    }
    try store.copyValues(from: part("model."))
    try average.restore(part("average."), updates: updates)
    try optimizer.restore(part("optimizer."))
  }

  /// One step of the optimiser on the gradients that are there; returns their norm before clipping.
  func update(learningRate: Double, gradientClip: Double) throws -> Double {
    let norm = try Gradients.clip(store.trainableParameters, toNorm: gradientClip > 0 ? gradientClip : .infinity)
    try optimizer.step(learningRate: learningRate)
    try average.update()
    try store.clearGradients()
    return norm
  }
}
