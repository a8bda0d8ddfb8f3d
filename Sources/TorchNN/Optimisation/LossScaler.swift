import Torch

/// A factor on the loss that keeps small gradients of float16 from vanishing, and is lowered when they overflow
/// (Micikevicius et al., 2018, section 3.2), step for step as `torch.amp.GradScaler`.
///
///     try scaler.scaled(loss).backward()
///     if try scaler.unscale(parameters) { try optimiser.step(learningRate: rate) }
///     try scaler.update()
///
/// Gradients that several passes add up share one scale: unscale and update once they are complete.
public final class LossScaler {
  public struct Configuration: Codable, Sendable, Equatable {
    public var initialScale: Double
    /// What the scale is multiplied by after `growthInterval` steps in a row whose gradients were finite.
    public var growthFactor: Double
    /// What the scale is multiplied by after a step whose gradients were not finite.
    public var backoffFactor: Double
    public var growthInterval: Int

    public init(
      initialScale: Double = 65536, growthFactor: Double = 2, backoffFactor: Double = 0.5, growthInterval: Int = 2000
    ) {
      self.initialScale = initialScale
      self.growthFactor = growthFactor
      self.backoffFactor = backoffFactor
      self.growthInterval = growthInterval
    }
  }

  public let configuration: Configuration
  /// The present factor; a float32, as PyTorch keeps it.
  public private(set) var scale: Float
  /// How many steps in a row had finite gradients since the scale last changed.
  public private(set) var growthTracker = 0
  /// Whether the gradients of this step were finite; nil before they are unscaled.
  private var wereFinite: Bool?

  /// - Throws: ``LossScalerError/invalidSetting(name:value:allowed:)`` for a scale that is not positive, a growth below
  ///   1, a backoff outside 0 to 1, or an interval below 1.
  public init(_ configuration: Configuration = Configuration()) throws(LossScalerError) {
    func require(_ condition: Bool, _ name: String, _ value: Double, _ allowed: String) throws(LossScalerError) {
      guard condition else { throw .invalidSetting(name: name, value: value, allowed: allowed) }
    }
    let first = Float(configuration.initialScale)
    try require(first > 0 && first.isFinite, "initialScale", configuration.initialScale, "a positive number")
    try require(
      configuration.growthFactor >= 1 && configuration.growthFactor.isFinite, "growthFactor",
      configuration.growthFactor, "1 or more")
    try require(
      configuration.backoffFactor > 0 && configuration.backoffFactor < 1, "backoffFactor",
      configuration.backoffFactor, "a number between 0 and 1")
    try require(
      configuration.growthInterval >= 1, "growthInterval", Double(configuration.growthInterval), "1 or more")
    self.configuration = configuration
    scale = first
  }

  /// The loss times the scale, to run backward from.
  ///
  /// - Throws: `TorchError` if memory runs out.
  public func scaled(_ loss: Tensor) throws -> Tensor { try loss * Double(scale) }

  /// Divides the gradients by the scale, in place, and looks for values that are not finite, in one pass.
  ///
  /// - Returns: false if a gradient holds NaN or an infinity: do not step then.
  /// - Throws: ``LossScalerError/unscaledTwice`` if ``update()`` has not been called since; `TorchError` if an operation
  ///   fails.
  public func unscale(_ parameters: [Parameter]) throws -> Bool {
    guard wereFinite == nil else { throw LossScalerError.unscaledTwice }
    let isFinite = try withoutGradients {
      var groups: [GroupKey: [Tensor]] = [:]
      for parameter in parameters {
        guard let gradient = try parameter.value.grad else { continue }
        groups[GroupKey(device: gradient.device, dtype: gradient.dtype), default: []].append(gradient)
      }
      var isFinite = true
      // The reciprocal is taken as PyTorch takes it: in float64, rounded to float32.
      let inverse = 1 / Double(scale)
      for (key, gradients) in groups {
        let found = try Tensor.zeros([1], device: key.device)
        try Tensor.ampForeachNonFiniteCheckAndUnscaleInPlace(
          gradients, foundInf: found, invScale: Tensor.full([1], value: inverse, device: key.device))
        if try found.item() != 0 { isFinite = false }
      }
      return isFinite
    }
    wereFinite = isFinite
    return isFinite
  }

  /// Lowers the scale if the gradients of this step were not finite, raises it after enough steps in a row of which
  /// they were. The scale stays a finite float32.
  ///
  /// - Throws: ``LossScalerError/updatedBeforeUnscaling`` if ``unscale(_:)`` has not been called in this step.
  public func update() throws(LossScalerError) {
    guard let wereFinite else { throw .updatedBeforeUnscaling }
    self.wereFinite = nil
    guard wereFinite else {
      scale = Float(Double(scale) * configuration.backoffFactor)
      growthTracker = 0
      return
    }
    growthTracker += 1
    guard growthTracker == configuration.growthInterval else { return }
    growthTracker = 0
    let grown = Float(Double(scale) * configuration.growthFactor)
    if grown.isFinite { scale = grown }
  }

  /// The tensors of one call of the operator; a GPU's takes one device and type.
  private struct GroupKey: Hashable {
    var device: Device
    var dtype: DType
  }
}

// MARK: - State

extension LossScaler {
  /// The state by name, to be stored in a checkpoint: `scale` and `growth_tracker`, both of shape `[1]`.
  ///
  /// - Throws: `TorchError` if memory runs out.
  public func state() throws -> [String: Tensor] {
    ["scale": try Tensor([scale]), "growth_tracker": try Tensor([Int64(growthTracker)], shape: [1])]
  }

  /// Continues from a stored state. Nothing changes unless all of it fits.
  ///
  /// - Throws: ``ParameterLoadingError`` with every offending name; ``LossScalerError/invalidSetting(name:value:allowed:)``
  ///   for a scale that is not positive or a tracker below 0.
  public func restore(_ state: [String: Tensor]) throws {
    var reader = StateReader(state)
    let stored = (try reader.tensor("scale", shape: [1]), try reader.tensor("growth_tracker", shape: [1]))
    try reader.finish()
    guard let scale = try stored.0?.item(), let tracker = try stored.1?.item() else { return }
    guard Float(scale) > 0 else {
      throw LossScalerError.invalidSetting(name: "the stored scale", value: scale, allowed: "a positive number")
    }
    guard tracker >= 0, let steps = Int(exactly: tracker) else {
      throw LossScalerError.invalidSetting(name: "the stored growth_tracker", value: tracker, allowed: "0 or more")
    }
    self.scale = Float(scale)
    growthTracker = steps
    wereFinite = nil
  }
}

/// What can be wrong with a ``LossScaler`` or its use.
public enum LossScalerError: Error, Equatable, CustomStringConvertible {
  case invalidSetting(name: String, value: Double, allowed: String)
  case unscaledTwice
  case updatedBeforeUnscaling

  public var description: String {
    switch self {
    case .invalidSetting(let name, let value, let allowed):
      "\(name) is \(value): give \(allowed)"
    case .unscaledTwice:
      "the gradients of this step were divided by the loss scale before: call update() after each step"
    case .updatedBeforeUnscaling:
      "the loss scale cannot follow gradients that were not looked at: call unscale(_:) before update()"
    }
  }
}
