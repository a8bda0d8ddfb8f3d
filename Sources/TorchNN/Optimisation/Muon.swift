import Torch

/// Momentum whose step is made orthogonal (Jordan et al., 2024, "Muon: An optimizer for hidden layers in neural
/// networks"; Liu et al., 2025, "Muon is scalable for LLM training"), step for step as `torch.optim.Muon`.
///
/// A convolution's weights, `[outputs, inputs, height, width]`, are moved as the matrix `[outputs, inputs * height *
/// width]`. Vectors have no such step, and embeddings and the first and last layers do better without it: those are
/// for ``AdamW``, and ``MuonWithAdamW`` divides a model's parameters between the two.
public final class Muon: Optimiser {
  public struct Configuration: Codable, Sendable, Equatable {
    /// How the learning rate follows from a matrix of `rows` and `columns`.
    public enum RateAdjustment: String, Codable, Sendable, CaseIterable {
      /// Times `sqrt(max(1, rows / columns))` (Jordan et al.).
      case original
      /// Times `0.2 sqrt(max(rows, columns))`: steps as large as those of AdamW, so that AdamW's learning rate and
      /// decay do (Liu et al., equation 4).
      case matchRMSOfAdamW = "match_rms_adamw"
    }

    /// The factors of the polynomial `a x + b x^3 + c x^5` that draws singular values towards 1.
    public struct Coefficients: Codable, Sendable, Equatable {
      public var a: Double
      public var b: Double
      public var c: Double

      public init(a: Double = 3.4445, b: Double = -4.7750, c: Double = 2.0315) {
        self.a = a
        self.b = b
        self.c = c
      }
    }

    /// The momentum: the decay rate of the running mean of the gradients, in `0 ..< 1`.
    public var momentum: Double
    /// Whether the step looks ahead by the present gradient.
    public var nesterov: Bool
    /// The share of a weight, times the learning rate, that every step takes away.
    public var weightDecay: Double
    public var adjustment: RateAdjustment
    public var coefficients: Coefficients
    /// How often the polynomial is applied.
    public var iterations: Int
    /// The smallest norm that a step is divided by.
    public var epsilon: Double

    public init(
      momentum: Double = 0.95, nesterov: Bool = true, weightDecay: Double = 0.1,
      adjustment: RateAdjustment = .original, coefficients: Coefficients = Coefficients(), iterations: Int = 5,
      epsilon: Double = 1e-7
    ) {
      self.momentum = momentum
      self.nesterov = nesterov
      self.weightDecay = weightDecay
      self.adjustment = adjustment
      self.coefficients = coefficients
      self.iterations = iterations
      self.epsilon = epsilon
    }
  }

  private struct Slot {
    let parameter: Parameter
    let momentum: Tensor
  }

  public let configuration: Configuration
  private let slots: [Slot]

  /// An optimiser of `parameters`, which keep their type, device and layout from here on.
  ///
  /// - Throws: ``ParameterError/notAMatrix(path:shape:)`` for a parameter of fewer than two dimensions, `noValue` for
  ///   one without a value; `TorchError` if memory runs out.
  public init(_ parameters: [Parameter], _ configuration: Configuration = Configuration()) throws {
    self.configuration = configuration
    slots = try withoutGradients {
      try parameters.map {
        guard $0.shape.count >= 2 else { throw ParameterError.notAMatrix(path: $0.path, shape: $0.shape) }
        return Slot(parameter: $0, momentum: try $0.value.zerosLike())
      }
    }
  }

  public var parameters: [Parameter] { slots.map(\.parameter) }

  public func step(learningRate: Double) throws {
    try withoutGradients {
      for slot in slots {
        let value = try slot.parameter.value
        guard let gradient = try value.grad else { continue }
        try Tensor.foreachLerpInPlace([slot.momentum], tensors1: [gradient], weight: 1 - configuration.momentum)
        let direction =
          configuration.nesterov
          ? try gradient.lerp(end: slot.momentum, weight: configuration.momentum) : slot.momentum
        let rows = slot.parameter.shape[0]
        let columns = slot.parameter.count / rows
        let step = try orthogonalised(direction.reshape([rows, columns])).reshape(slot.parameter.shape)
        try value.mulInPlace(1 - learningRate * configuration.weightDecay)
        try value.addInPlace(step, alpha: -learningRate * rateFactor(rows: rows, columns: columns))
      }
    }
  }

  private func rateFactor(rows: Int, columns: Int) -> Double {
    switch configuration.adjustment {
    case .original: max(1, Double(rows) / Double(columns)).squareRoot()
    case .matchRMSOfAdamW: 0.2 * Double(max(rows, columns)).squareRoot()
    }
  }

  /// The nearest orthogonal matrix, roughly: singular values end between about 0.7 and 1.2 (Newton and Schulz's
  /// iteration). In bfloat16, which is enough for that; the tests hold every rounding to PyTorch's.
  private func orthogonalised(_ matrix: Tensor) throws -> Tensor {
    let isTall = matrix.shape[0] > matrix.shape[1]
    func turned(_ matrix: Tensor) throws -> Tensor { isTall ? try matrix.transpose(dim0: 0, dim1: 1) : matrix }
    var x = try turned(matrix.to(.bfloat16))
    // The Frobenius norm, which the largest singular value does not exceed.
    x = try x / x.linalgVectorNorm().clamp(min: configuration.epsilon)
    let (a, b, c) = (configuration.coefficients.a, configuration.coefficients.b, configuration.coefficients.c)
    for _ in 0..<configuration.iterations {
      let gram = try x.matmul(x.transpose(dim0: 0, dim1: 1))
      let update = try gram.addmm(mat1: gram, mat2: gram, beta: b, alpha: c)
      x = try x.addmm(mat1: update, mat2: x, beta: a)
    }
    return try turned(x)
  }
}

// MARK: - State

extension Muon {
  /// The state by name, to be stored in a checkpoint: `momentum.PATH`. No copy.
  public func state() -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: slots.map { ("momentum." + $0.parameter.path, $0.momentum) })
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
    let found = try slots.map {
      (slot: $0, tensor: try reader.tensor("momentum." + $0.parameter.path, shape: $0.parameter.shape))
    }
    return {
      try withoutGradients {
        for (slot, tensor) in found { if let tensor { try slot.momentum.copyInPlace(tensor) } }
      }
    }
  }
}
