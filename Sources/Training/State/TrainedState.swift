import Torch
import TorchNN

/// Weights in training with what moves and follows them: optimiser and averages.
struct TrainedState: Stateful {
  let weights: TrainedWeights
  let optimizer: any Optimiser
  /// What validation looks at and `best` holds.
  let average: ExponentialMovingAverage
  /// Followed beside it, each with its width.
  let powerAverages: [(width: Double, average: PowerFunctionAverage)]

  init(_ weights: TrainedWeights) throws {
    self.weights = weights
    let settings = weights.settings
    let parameters = weights.store.trainableParameters
    let optimizerDevice = settings.optimizerOnCPU ? Device.cpu : nil
    let adamW = AdamW.Configuration(
      beta2: settings.beta2, weightDecay: settings.weightDecay, decaysVectors: weights.decaysVectors)
    optimizer =
      switch settings.optimizer {
      case .adamW: try AdamW(parameters, adamW, stateDevice: optimizerDevice)
      case .muon:
        try MuonWithAdamW(
          parameters,
          .init(
            muon: .init(weightDecay: settings.weightDecay, adjustment: .matchRMSOfAdamW), adamW: adamW,
            muonRateFactor: settings.muonRateFactor), isHidden: weights.isHidden)
      }
    let averageDevice = settings.averagesOnCPU ? Device.cpu : nil
    average = try ExponentialMovingAverage(parameters, decay: settings.emaDecay, device: averageDevice)
    powerAverages = try settings.averageWidths.map {
      ($0, try PowerFunctionAverage(parameters, relativeDeviation: $0, device: averageDevice))
    }
  }

  /// Moves weights and averages by the gradients that are there.
  func update(step: Int) throws {
    try optimizer.step(learningRate: weights.settings.learningRates.rate(at: step))
    for average in averages { try average.average.update() }
  }

  /// All averages, by what their names in a checkpoint begin with.
  private var averages: [(name: String, average: any WeightAverage)] {
    [("average.", average)] + powerAverages.map { ("average-\($0.width).", $0.average) }
  }

  func state() throws -> StoredState {
    var state = StoredState()
    state.add(StoredState(tensors: try weights.store.tensors()), under: "model.")
    for (name, average) in averages {
      state.add(
        StoredState(tensors: average.state(), numbers: ["updates": Double(average.updates)]), under: name)
    }
    state.add(StoredState(tensors: try optimizer.state()), under: "optimizer.")
    return state
  }

  /// - Throws: `ParameterLoadingError` if a tensor is missing, of another shape, or not finite.
  func restore(_ state: StoredState) throws {
    try weights.store.copyValues(from: state.part("model.").tensors)
    for (name, average) in averages {
      let part = state.part(name)
      try average.restore(part.tensors, updates: Int(part.numbers["updates"] ?? 0))
    }
    try optimizer.restore(state.part("optimizer.").tensors)
  }
}
