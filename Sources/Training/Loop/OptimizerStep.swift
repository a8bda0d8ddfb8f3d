import RunRecords
import Torch
import TorchNN

/// One step of training: micro-batches, gradients, their sum over all processes, the check that they are finite, clipping,
/// optimisers, averages.
struct OptimizerStep: Stateful {
  /// The outcome of a step.
  enum Outcome {
    /// What was measured.
    case taken([Metric: Double])
    /// The weights, averages and optimisers are as they were, and the gradients are gone.
    case skipped(TrainingError.Quantity)
  }

  let trained: [TrainedState]
  /// ``Objective/remembered``.
  let remembered: (any Stateful)?
  let group: any ProcessGroup
  /// Scales the losses in float16, whose small gradients would be zero.
  let scaler: LossScaler?

  /// - Parameters:
  ///   - trained: What is trained; the first is the model, whose precision is that of all.
  ///   - remembered: ``Objective/remembered``.
  init(_ trained: [TrainedWeights], remembered: (any Stateful)? = nil, group: any ProcessGroup = Alone()) throws {
    self.trained = try trained.map(TrainedState.init)
    self.remembered = remembered
    self.group = group
    scaler = trained[0].settings.precision == .float16 ? try LossScaler() : nil
  }

  /// The part that is the model.
  var model: TrainedState { trained[0] }

  /// Makes a step of the objective whose weights these are.
  ///
  /// - Parameter time: Counts the time that goes into making batches.
  /// - Throws: `TorchError`, and what the objective throws.
  func callAsFunction(_ objective: some Objective, step: Int, time: TimeSpent = TimeSpent()) throws -> Outcome {
    let slices = BatchSlice.slices(
      ofStep: step, batchSize: objective.batchSize, limit: objective.microBatchSize, share: group.share)
    // The running values of batch normalisation move in the forward passes.
    let buffers = trained.flatMap { $0.weights.store.parameters.filter(\.isBuffer) }
    let before = try withoutGradients { try buffers.map { try $0.value.clone() } }
    func skipped(_ quantity: TrainingError.Quantity) throws -> Outcome {
      try withoutGradients {
        for (buffer, value) in zip(buffers, before) { try buffer.value.copyInPlace(value) }
      }
      return .skipped(quantity)
    }
    let parameters = trained.flatMap(\.weights.store.trainableParameters)
    var measured = MeasuredLosses()
    var lossCount = 0
    for (place, slice) in slices.enumerated() {
      let batch = try time.on(.data) { try objective.batch(slice) }
      let losses = try objective.losses(of: batch, slice)
      lossCount = losses.count
      if place == slices.count - 1 { try group.beginSum(gradientsOf: parameters) }
      for (index, loss) in losses.enumerated() {
        let share = slice.share == 1 ? loss.value : try loss.value * slice.share
        try (scaler?.scaled(share) ?? share).backward()
        // Only the model's loss is reported. What else is trained reports its values through that loss.
        if index == 0 { try measured.add(loss, share: slice.share) }
      }
    }
    try group.sum(gradientsOf: parameters)
    // What has no loss in this step is not moved, also where the sum over processes has given it zeros.
    for part in trained.dropFirst(lossCount) { try part.weights.store.clearGradients() }
    defer { for part in trained { try? part.weights.store.clearGradients() } }
    var values = try measured.values(in: group)
    var isFinite = true
    if let scaler {
      isFinite = try scaler.unscale(parameters)
      try scaler.update()
      values[.lossScale] = Double(scaler.scale)
    }
    guard values[.loss]?.isFinite ?? true else { return try skipped(.loss) }
    guard isFinite else { return try skipped(.gradients) }
    let norms = try trained.map { part in
      let clip = part.weights.settings.gradientClip
      return try Gradients.clip(part.weights.store.trainableParameters, toNorm: clip > 0 ? clip : .infinity)
    }
    guard norms.allSatisfy(\.isFinite) else { return try skipped(.gradients) }
    for part in trained { try part.update(step: step) }
    values[.gradientNorm] = norms[0]
    values[.learningRate] = model.weights.settings.learningRates.rate(at: step)
    return .taken(values)
  }

  func state() throws -> StoredState {
    var state = try trained.reduce(into: StoredState()) { $0.add(try $1.state(), under: $1.weights.prefix) }
    if let scaler { state.add(StoredState(tensors: try scaler.state()), under: "scaler.") }
    if let remembered { state.add(try remembered.state(), under: "remembered.") }
    return state
  }

  func restore(_ state: StoredState) throws {
    for part in trained { try part.restore(state.part(part.weights.prefix)) }
    if let scaler { try scaler.restore(state.part("scaler.").tensors) }
    if let remembered { try remembered.restore(state.part("remembered.")) }
  }
}

/// What the slices of a step have measured, as tensors until the step is over: a device is waited for once a step.
private struct MeasuredLosses {
  private var tensors: [Metric: [Tensor]] = [:]
  private var shares: [Double] = []

  mutating func add(_ loss: Loss, share: Double) throws {
    shares.append(share)
    for (metric, tensor) in loss.measured { tensors[metric, default: []].append(try tensor.detach()) }
    tensors[.loss, default: []].append(try loss.value.detach())
  }

  /// The means over all rows of the step, of all processes.
  func values(in group: any ProcessGroup) throws -> [Metric: Double] {
    let metrics = tensors.keys.sorted()
    guard !metrics.isEmpty else { return [:] }
    let all = try Tensor.stack(metrics.flatMap { tensors[$0] ?? [] }.map { try $0.to(.float32) }).doubles()
    let sums = metrics.indices.map { metric in
      shares.indices.reduce(0.0) { $0 + all[metric * shares.count + $1] * shares[$1] }
    }
    return Dictionary(uniqueKeysWithValues: zip(metrics, try group.sum(sums)))
  }
}
