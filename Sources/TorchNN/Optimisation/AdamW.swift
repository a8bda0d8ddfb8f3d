import Torch

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2), step for step as `torch.optim.AdamW`.
public final class AdamW: Optimiser {
  public struct Configuration: Codable, Sendable, Equatable {
    /// The decay rate of the running mean of the gradients, in `0 ..< 1`.
    public var beta1: Double
    /// The decay rate of the running mean of the squared gradients, in `0 ..< 1`.
    public var beta2: Double
    public var epsilon: Double
    /// The share of a weight, times the learning rate, that every step takes away.
    public var weightDecay: Double
    /// Whether biases and gains, which have one dimension, decay as well. PyTorch's default is that all do.
    public var decaysVectors: Bool

    public init(
      beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
      decaysVectors: Bool = true
    ) {
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
      self.decaysVectors = decaysVectors
    }
  }

  private struct Slot {
    let parameter: Parameter
    let mean: Tensor
    let meanSquare: Tensor
    /// How many steps the parameter has had a gradient in.
    var step = 0
  }

  public let configuration: Configuration
  /// Where the state is if it is not where the parameters are.
  private let stateDevice: Device?
  private var slots: [Slot]

  /// An optimiser of `parameters`, which keep their type, device and layout from here on.
  ///
  /// - Parameter stateDevice: Where the state is kept and the step computed, one parameter after another; nil for where
  ///   the parameters are. A GPU then needs a third of the memory for weights, gradients and state.
  /// - Throws: `TorchError` if memory runs out; ``ParameterError`` for a parameter without a value.
  public init(
    _ parameters: [Parameter], _ configuration: Configuration = Configuration(), stateDevice: Device? = nil
  ) throws {
    self.configuration = configuration
    self.stateDevice = stateDevice
    slots = try withoutGradients {
      try parameters.map {
        let value = try stateDevice.map($0.value.detach().to) ?? $0.value
        return Slot(parameter: $0, mean: try value.zerosLike(), meanSquare: try value.zerosLike())
      }
    }
  }

  public var parameters: [Parameter] { slots.map(\.parameter) }

  /// Moves every parameter that has a gradient. The gradients stay; clear them before the next pass.
  ///
  /// - Throws: `TorchError` if an operation fails, for example because memory runs out.
  public func step(learningRate: Double) throws {
    try withoutGradients {
      var batches: [BatchKey: Batch] = [:]
      for index in slots.indices {
        guard let gradient = try slots[index].parameter.value.grad else { continue }
        slots[index].step += 1
        let slot = slots[index]
        let value = try slot.parameter.value
        let decays = configuration.decaysVectors || slot.parameter.shape.count > 1
        let key = BatchKey(device: stateDevice ?? value.device, dtype: value.dtype, decays: decays)
        if let stateDevice {
          let copy = try value.detach().to(stateDevice).clone()
          var batch = Batch()
          try batch.append(slot, copy, gradient.to(stateDevice), on: stateDevice)
          try run(batch, key, learningRate: learningRate)
          try value.copyInPlace(copy)
        } else {
          try batches[key, default: Batch()].append(slot, value, gradient, on: value.device)
        }
      }
      for (key, batch) in batches { try run(batch, key, learningRate: learningRate) }
    }
  }

  private func run(_ batch: Batch, _ key: BatchKey, learningRate: Double) throws {
    try batch.run(configuration, learningRate: learningRate, weightDecay: key.decays ? configuration.weightDecay : 0)
  }

  /// What the tensors of one call of the fused operator have in common; a GPU's takes one device and type.
  private struct BatchKey: Hashable {
    var device: Device
    var dtype: DType
    var decays: Bool
  }

  /// The tensors of one call of the fused operator.
  private struct Batch {
    var weights: [Tensor] = []
    var gradients: [Tensor] = []
    var means: [Tensor] = []
    var meanSquares: [Tensor] = []
    var steps: [Tensor] = []
    private var stepTensors: [Int: Tensor] = [:]

    mutating func append(_ slot: Slot, _ value: Tensor, _ gradient: Tensor, on device: Device) throws {
      weights.append(value)
      gradients.append(gradient)
      means.append(slot.mean)
      meanSquares.append(slot.meanSquare)
      // The operator reads the step and leaves it, so parameters at the same step share one tensor. It lies where the
      // parameters do, in float32, as `torch.optim.AdamW` has it when fused: the kernel of a GPU reads it there.
      let step = try stepTensors[slot.step] ?? Tensor.full([], value: Double(slot.step), device: device)
      stepTensors[slot.step] = step
      steps.append(step)
    }

    func run(_ configuration: Configuration, learningRate: Double, weightDecay: Double) throws {
      guard !weights.isEmpty else { return }
      try Tensor.fusedAdamwInPlace(
        weights, grads: gradients, expAvgs: means, expAvgSqs: meanSquares, maxExpAvgSqs: [], stateSteps: steps,
        lr: learningRate, beta1: configuration.beta1, beta2: configuration.beta2, weightDecay: weightDecay,
        eps: configuration.epsilon, amsgrad: false, maximize: false)
    }
  }
}

// MARK: - State

extension AdamW {
  /// The state by name, to be stored in a checkpoint: `mean.PATH`, `mean_square.PATH` and `step.PATH`. No copy.
  ///
  /// - Throws: `TorchError` if memory runs out.
  public func state() throws -> [String: Tensor] {
    var state: [String: Tensor] = [:]
    for slot in slots {
      state["mean." + slot.parameter.path] = slot.mean
      state["mean_square." + slot.parameter.path] = slot.meanSquare
      state["step." + slot.parameter.path] = try Tensor([Int64(slot.step)], shape: [1])
    }
    return state
  }

  /// Continues from a stored state. Nothing changes unless all of it fits.
  ///
  /// - Throws: ``ParameterLoadingError`` with every offending name.
  public func restore(_ state: [String: Tensor]) throws {
    var reader = StateReader(state)
    let apply = try restoration(&reader)
    try reader.finish()
    try apply()
  }

  /// Looks up the state without a change; what is returned takes it over.
  func restoration(_ reader: inout StateReader) throws -> () throws -> Void {
    let found = try slots.map { slot in
      (
        mean: try reader.tensor("mean." + slot.parameter.path, shape: slot.parameter.shape),
        meanSquare: try reader.tensor("mean_square." + slot.parameter.path, shape: slot.parameter.shape),
        step: try reader.tensor("step." + slot.parameter.path, shape: [1])
      )
    }
    return { [self] in
      try withoutGradients {
        for (index, tensors) in found.enumerated() {
          if let mean = tensors.mean { try slots[index].mean.copyInPlace(mean) }
          if let meanSquare = tensors.meanSquare { try slots[index].meanSquare.copyInPlace(meanSquare) }
          if let step = tensors.step { slots[index].step = Int(try step.item()) }
        }
      }
    }
  }
}
