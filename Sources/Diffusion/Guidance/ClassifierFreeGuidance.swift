import Torch

/// Classifier-free guidance (Ho and Salimans, arXiv:2207.12598): the network's answer to the prompt, driven away from
/// its answer to the null condition, or to negative prompts in its place.
///
/// The ranges here hold wherever guidance is set: in a model's defaults, in a request, on the command line.
public struct ClassifierFreeGuidance: Sendable, Hashable {
  /// The scales that may be asked for. Far below the upper end, images have long been saturated.
  public static let scaleRange = 0.0...100.0
  /// The values that `rescale` may have.
  public static let rescaleRange = 0.0...1.0
  /// The times between which an `interval` lies.
  public static let intervalRange = 0.0...1.0

  /// 1 is the prompt's answer as it is; larger values follow the prompt more closely.
  public let scale: Double
  /// phi: how much of the contrast that guidance adds is taken back (Lin et al., arXiv:2305.08891, section 3.4).
  public let rescale: Double
  /// The times, as `SampleTime.flowTime`, at which guidance acts (Kynkäänniemi et al., arXiv:2404.07724). A noise level
  /// s of that paper is s / (1 + s) here. nil: at all times.
  public let interval: ClosedRange<Double>?

  /// - Throws: `DiffusionError.invalidSetting` for a scale, a rescale or an interval outside its range.
  public init(scale: Double, rescale: Double = 0, interval: ClosedRange<Double>? = nil) throws(DiffusionError) {
    guard Self.scaleRange.contains(scale) else {
      throw .invalidSetting(name: "guidance", value: scale, allowed: "0 to 100; 1 is off")
    }
    guard Self.rescaleRange.contains(rescale) else {
      throw .invalidSetting(name: "guidance rescale", value: rescale, allowed: "0 to 1")
    }
    if let interval, !Self.intervalRange.contains(interval) {
      let outside =
        Self.intervalRange.contains(interval.lowerBound) ? interval.upperBound : interval.lowerBound
      throw .invalidSetting(name: "guidance interval", value: outside, allowed: "two times from 0 to 1")
    }
    self.scale = scale
    self.rescale = rescale
    self.interval = interval
  }

  /// Whether the null condition has to be evaluated at this time: the scale is not 1 and the time lies in the interval.
  public func isActive(at time: SampleTime) -> Bool {
    scale != 1 && (interval?.contains(time.flowTime) ?? true)
  }

  /// The guided output, of any prediction type: all of them are linear in the clean sample.
  ///
  /// - Parameters:
  ///   - conditional: The output for the prompt, the batch first.
  ///   - negatives: The outputs for what guidance leads away from, of the same shape: their mean counts. At least one.
  /// - Throws: `TorchError` if they differ in shape or type, or memory runs out.
  public func combine(conditional: Tensor, negatives: [Tensor]) throws -> Tensor {
    let sum = try negatives.dropFirst().reduce(negatives[0]) { try $0 + $1 }
    let unconditional = negatives.count == 1 ? sum : try sum / Double(negatives.count)
    let guided = try unconditional + (conditional - unconditional) * scale
    guard rescale > 0 else { return guided }
    // Lin et al., equations 14 to 16: the guided output gets back the standard deviation that each sample of the
    // conditional one has, in the proportion phi.
    let dims = Array(1..<conditional.shape.count)
    let wanted = try conditional.std(dim: dims, keepdim: true)
    let found = try guided.std(dim: dims, keepdim: true).clamp(min: 1e-12)
    return try guided * (wanted / found * rescale + (1 - rescale))
  }

  /// A denoiser that guides a network.
  ///
  /// - Parameters:
  ///   - conditional: The network under the prompt, for the times at which guidance does not act.
  ///   - guided: The network under what guidance leads away from, and under the prompt, for the others.
  public func denoiser(
    conditional: @escaping Denoiser,
    guided: @escaping (Tensor, SampleTime) throws -> (negatives: [Tensor], conditional: Tensor)
  ) -> Denoiser {
    { x_t, time in
      guard isActive(at: time) else { return try conditional(x_t, time) }
      let (negatives, conditional) = try guided(x_t, time)
      return try combine(conditional: conditional, negatives: negatives)
    }
  }
}
