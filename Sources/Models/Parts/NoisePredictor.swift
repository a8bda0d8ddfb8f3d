import RadiographModels
import Torch

// B batch, C channels, H height, W width

/// A network that predicts from noisy latents, their time and a text: the noise, the clean latent or a velocity, as the
/// model's scheduler says.
public protocol NoisePredictor {
  /// Computes once what does not depend on the latent.
  ///
  /// - Parameters:
  ///   - text: One row for each latent of a batch.
  ///   - times: The times at which the network will be called, as the scheduler gives them to a network.
  /// - Throws: `TorchError` if the text does not fit the network or memory runs out.
  func conditioned(on text: TextCondition, times: [Double]) throws -> ConditionedPredictor

  /// Floating-point operations of one call for one latent.
  func flops(latentSide: Int, tokens: Int) -> Int

  /// Floating-point operations of what ``conditioned(on:times:)`` computes of one text.
  func contextFlops(tokens: Int) -> Int
}

/// A noise predictor for one text and a list of times.
public struct ConditionedPredictor {
  private let body: (_ latent_BCHW: Tensor, _ timeIndex: Int) throws -> Tensor

  /// - Parameter body: Predicts for latents at the time of an index into the list of times.
  public init(_ body: @escaping (_ latent_BCHW: Tensor, _ timeIndex: Int) throws -> Tensor) { self.body = body }

  /// The prediction for noisy latents at the time of index `timeIndex`.
  ///
  /// - Throws: `TorchError` if the latents do not fit the network or memory runs out.
  public func callAsFunction(_ latent_BCHW: Tensor, timeIndex: Int) throws -> Tensor {
    try body(latent_BCHW, timeIndex)
  }
}

extension UNet: NoisePredictor {
  public func conditioned(on text: TextCondition, times: [Double]) throws -> ConditionedPredictor {
    let context = try contextConditioning(text)
    let times = try timeConditionings(at: times, batch: text.context_BSC.shape[0], pooled_BE: text.pooled_BE)
    return ConditionedPredictor { latent_BCHW, index in try self(latent_BCHW, times[index], context) }
  }
}
